import { basename, join } from "node:path";
import { commands, type Disposable, type ExtensionContext, type QuickPickItem, type WebviewPanel, window, workspace } from "vscode";
import { ProblemError } from "../protocol/index.js";
import type { CommandHandlers } from "./commands.js";
import { COMPARE_TYPE, type CompareActions, ComparePanel, titleOf } from "./comparePanel.js";
import { Comparison } from "./comparison.js";
import type { EngineClient } from "./engineClient.js";
import { Dismissed } from "./errors.js";
import type { Log } from "./log.js";
import type { RowSource } from "./rowSource.js";
import { isRunId, listRuns, type RunSummary, readRun } from "./runFolders.js";
import { type RunItem, runDescription } from "./runsTree.js";
import { isTrusted } from "./trust.js";

/** Which runs a panel's title last stood for: how a reloaded window finds them again when the page kept nothing. */
const KEY = "layerscope.comparisons";
/** Set while a run waits to be compared with another, as the Explorer does with files. */
const CONTEXT = "layerscope.runForCompare";

type Handlers = Pick<CommandHandlers, "layerscope.compareRuns" | "layerscope.compareWith" | "layerscope.selectForCompare" | "layerscope.compareWithSelected">;

/** The comparisons of this window: which runs, in which panel. */
export class Comparisons {
  private readonly open = new Set<ComparePanel>();
  private chosen: RunSummary | undefined;

  constructor(
    private readonly context: ExtensionContext,
    private readonly engine: EngineClient,
    private readonly runsRoot: string,
    private readonly log: Log,
    private readonly actions: CompareActions,
  ) {}

  handlers(): Handlers {
    return {
      "layerscope.compareRuns": async (item, selected) => {
        const items = selected && selected.length > 1 ? selected : undefined;
        // Of runs selected together the oldest is the base: what came before what.
        if (items) return this.compare(items.map(({ run }) => run).sort((a, b) => a.at - b.at));
        return item ? this.compareWith(item.run) : this.compare(await this.pickRuns());
      },
      "layerscope.compareWith": (item) => item && this.compareWith(item.run),
      "layerscope.selectForCompare": (item?: RunItem) => this.choose(item?.run),
      "layerscope.compareWithSelected": async (item) => {
        if (!item || !this.chosen) return undefined;
        return this.compare([this.chosen, item.run]);
      },
    };
  }

  /** Shows the runs side by side, the base first; resolves when they are compared or refused. */
  async compare(runs: readonly RunSummary[]): Promise<Comparison | undefined> {
    if (!(await isTrusted())) return undefined;
    const unfinished = runs.find((run) => run.state !== "done");
    if (unfinished)
      throw new ProblemError({
        code: "compare/unfinished",
        message: `The run of ${unfinished.model} has not ended with a result, so it cannot be compared.`,
        hint: "Run it again first.",
      });
    const ids = runs.map(({ id }) => id).join(",");
    const known = [...this.open].find(({ comparison }) => comparison.ids.join(",") === ids);
    if (known) {
      known.webviewPanel.reveal(undefined, true);
      return known.comparison;
    }
    const comparison = new Comparison(this.engine, runs);
    this.open.add(ComparePanel.create(this.context, comparison, this.actions, this.log, (panel) => this.open.delete(panel)));
    await comparison.run();
    await this.remember(comparison);
    return comparison;
  }

  /** The open comparison of these runs (ids joined by commas): rows without a text range are looked up in it. */
  byRuns(ids: string): RowSource | undefined {
    return [...this.open].find(({ comparison }) => comparison.ids.join(",") === ids)?.comparison.rowSource;
  }

  /** Panels come back with a reloaded window and are compared anew. */
  registerSerializer(): Disposable {
    return window.registerWebviewPanelSerializer(COMPARE_TYPE, {
      deserializeWebviewPanel: async (webviewPanel: WebviewPanel, state: unknown) => {
        const { runs: kept, pair } = (typeof state === "object" && state !== null ? state : {}) as { runs?: unknown; pair?: unknown };
        const ids = idsOf(kept) ?? idsOf(this.context.workspaceState.get<Record<string, unknown>>(KEY, {})[webviewPanel.title]);
        const runs = await Promise.all((ids ?? []).map((id) => readRun(join(this.runsRoot, id))));
        if (!ids || !workspace.isTrusted || runs.some((run) => run?.state !== "done")) return webviewPanel.dispose();
        const comparison = new Comparison(this.engine, runs as RunSummary[], Number.isSafeInteger(pair) ? (pair as number) : undefined);
        this.open.add(new ComparePanel(this.context, webviewPanel, comparison, this.actions, this.log, (panel) => this.open.delete(panel)));
        await comparison.run();
      },
    });
  }

  dispose(): void {
    for (const panel of [...this.open]) panel.webviewPanel.dispose();
  }

  private async choose(run: RunSummary | undefined): Promise<void> {
    this.chosen = run;
    await commands.executeCommand("setContext", CONTEXT, run !== undefined);
  }

  /** The other run is asked for; runs of the same dataset come first, and several may be taken for a series. */
  private async compareWith(base: RunSummary): Promise<Comparison | undefined> {
    const others = (await listRuns(this.runsRoot)).filter((run) => run.state === "done" && run.id !== base.id);
    const chosen = await this.pick(others, base, `Compare with ${base.model}`);
    return this.compare([base, ...chosen]);
  }

  private async pickRuns(): Promise<RunSummary[]> {
    const chosen = await this.pick(
      (await listRuns(this.runsRoot)).filter((run) => run.state === "done"),
      undefined,
      "Compare Runs: the oldest of those chosen is the base",
    );
    return chosen.sort((a, b) => a.at - b.at);
  }

  private async pick(runs: readonly RunSummary[], base: RunSummary | undefined, title: string): Promise<RunSummary[]> {
    const same = (run: RunSummary) => Number(run.dataset === base?.dataset);
    const least = base ? 1 : 2;
    if (runs.length < least)
      throw new ProblemError({
        code: "compare/runs",
        message: "There is no other finished run to compare.",
        hint: "Audit the same dataset with another model first.",
      });
    const items = [...runs]
      .sort((a, b) => same(b) - same(a) || b.at - a.at)
      .map((run): QuickPickItem & { run: RunSummary } => ({
        label: run.model,
        description: runDescription(run),
        detail: basename(run.dataset) + (base && !same(run) ? ": another dataset" : ""),
        run,
      }));
    const chosen = await window.showQuickPick(items, { title, canPickMany: true, matchOnDescription: true, matchOnDetail: true, placeHolder: "Runs" });
    if (!chosen || chosen.length < least) throw new Dismissed();
    return chosen.map(({ run }) => run);
  }

  private async remember(comparison: Comparison): Promise<void> {
    const known = this.context.workspaceState.get<Record<string, unknown>>(KEY, {});
    await this.context.workspaceState.update(KEY, { ...known, [titleOf(comparison)]: comparison.ids });
  }
}

const idsOf = (value: unknown): readonly string[] | undefined => (Array.isArray(value) && value.length > 1 && value.every(isRunId) ? value : undefined);
