import { basename } from "node:path";
import { EventEmitter } from "vscode";
import type { AuditPlan, AuditView, PanelState, Problem, Progress } from "../protocol/index.js";
import { nameOfModel } from "./runFolders.js";

export interface SessionSource {
  readonly dataset: string;
  readonly contrast?: string;
  /** Empty while it is still to be chosen. */
  readonly model: string;
  /** As people know it; shown until the engine names it. */
  readonly modelName?: string;
  /** Of a model with several residual streams: the one to look at. */
  readonly tower?: string;
  /** Lenses on demand that this audit runs, beside those of the settings. */
  readonly lenses?: readonly string[];
  /** A second model that reads the same rows. */
  readonly reference?: string;
}

/** One audit as the panel shows it: running, done, cancelled or failed. Holds the last view; a panel may come and go. */
export class Session {
  /** The dataset, and the contrast file where there are two. */
  files: readonly string[];
  /** Name of the run's folder; undefined until the run is planned. */
  folder: string | undefined;
  plan: AuditPlan | undefined;
  private current: PanelState;
  private control = new AbortController();
  private readonly changed = new EventEmitter<"state" | "progress" | "view">();
  readonly onDidChange = this.changed.event;

  constructor(public source: SessionSource) {
    this.files = source.contrast ? [source.dataset, source.contrast] : [source.dataset];
    this.current = { phase: "running", dataset: this.title, model: source.modelName ?? nameOfModel(source.model) };
  }

  get title(): string {
    return this.files.map((f) => basename(f)).join(" ↔ ");
  }

  get state(): PanelState {
    return this.current;
  }

  get view(): AuditView | undefined {
    return this.current.view;
  }

  get signal(): AbortSignal {
    return this.control.signal;
  }

  get running(): boolean {
    return this.current.phase === "running";
  }

  cancel(): void {
    this.control.abort();
  }

  planned(plan: AuditPlan, folder: string): void {
    this.plan = plan;
    this.folder = folder;
    this.set({ ...this.current, run: basename(folder) }, "state");
  }

  setModel(model: string, modelName: string, tower?: string): void {
    this.source = { ...this.source, model, modelName, ...(tower !== undefined && { tower }) };
    this.set({ ...this.current, model: modelName }, "state");
  }

  /** The second file is known once the first was read and asked about. */
  setContrast(contrast: string): void {
    this.files = [this.source.dataset, contrast];
    this.set({ ...this.current, dataset: this.title }, "state");
  }

  progress(progress: Progress): void {
    if (this.running) this.set({ ...this.current, progress }, "progress");
  }

  partial(view: AuditView): void {
    if (this.running) this.set({ ...this.current, view }, "view");
  }

  /** The same run goes on; a signal that has said cancel says nothing more. */
  resumed(): void {
    this.control = new AbortController();
    this.set({ ...this.current, phase: "running", problem: undefined, interrupted: undefined }, "state");
  }

  done(view: AuditView): void {
    this.set({ ...this.current, phase: "done", view, progress: undefined, problem: undefined, interrupted: undefined }, "state");
  }

  /** @param interrupted of a run that can go on: how many of its rows are kept */
  ended(phase: "cancelled" | "failed" | "interrupted", problem?: Problem, interrupted?: PanelState["interrupted"]): void {
    this.set({ ...this.current, phase, progress: undefined, ...(problem && { problem }), ...(interrupted && { interrupted }) }, "state");
  }

  dispose(): void {
    this.cancel();
    this.changed.dispose();
  }

  private set(state: PanelState, what: "state" | "progress" | "view"): void {
    this.current = state;
    this.changed.fire(what);
  }
}
