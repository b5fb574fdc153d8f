import { basename } from "node:path";
import { EventEmitter } from "vscode";
import { type CompareState, type CompareView, problemOf } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import type { RowSource } from "./rowSource.js";
import type { RunSummary } from "./runFolders.js";

/** Runs side by side: compared anew each time by the engine, nothing of it is stored. */
export class Comparison {
  private current: CompareState;
  private control = new AbortController();
  private readonly changed = new EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  /** @param runs the base first */
  constructor(
    private readonly engine: EngineClient,
    private members: readonly RunSummary[],
    private pair?: number,
  ) {
    this.current = { phase: "working", names: this.names(), ids: this.ids };
  }

  get runs(): readonly RunSummary[] {
    return this.members;
  }

  get ids(): readonly string[] {
    return this.members.map(({ id }) => id);
  }

  get state(): CompareState {
    return this.current;
  }

  get compared(): CompareView | undefined {
    return this.current.view;
  }

  get title(): string {
    return `${basename(this.members[0]?.dataset ?? "")} (${this.members.length} runs)`;
  }

  /** The common rows, for places and texts. */
  get rowSource(): RowSource {
    const { compared } = this;
    const dataset = compared?.result.dataset;
    const path = dataset?.path ?? this.members[0]?.dataset ?? "";
    return {
      files: dataset?.contrastPath ? [path, dataset.contrastPath] : [path],
      source: { dataset: path },
      state: { run: this.ids.join(",") },
      view: compared && dataset && { rows: compared.rows, result: { dataset: { ...dataset, classes: dataset.classNames.map((name) => ({ name })) } } },
    };
  }

  /** Compares; ends done or failed, never throws. */
  async run(): Promise<void> {
    this.control.abort();
    const control = new AbortController();
    this.control = control;
    this.set({ ...this.current, phase: "working", problem: undefined });
    try {
      const view = await this.engine.ask(
        "runs.compare",
        { folders: this.members.map(({ folder }) => folder), ...(this.pair === undefined ? {} : { shown: this.pair }) },
        control.signal,
      );
      if (!control.signal.aborted) this.set({ phase: "done", names: this.names(), ids: this.ids, view });
    } catch (error) {
      if (!control.signal.aborted) this.set({ phase: "failed", names: this.names(), ids: this.ids, problem: problemOf(error) });
    }
  }

  show(pair: number): Promise<void> {
    this.pair = pair;
    return this.run();
  }

  swap(): Promise<void> {
    const shown = this.compared?.shown ?? 0;
    const other = this.members[shown + 1];
    const base = this.members[0];
    if (other && base) this.members = this.members.map((run, i) => (i === 0 ? other : i === shown + 1 ? base : run));
    return this.run();
  }

  dispose(): void {
    this.control.abort();
    this.changed.dispose();
  }

  private names(): string[] {
    return this.members.map(({ model, dataset }) => `${model} on ${basename(dataset)}`);
  }

  private set(state: CompareState): void {
    this.current = state;
    this.changed.fire();
  }
}
