import { basename } from "node:path";
import { EventEmitter, ThemeIcon, type TreeDataProvider, TreeItem, TreeItemCollapsibleState } from "vscode";
import { listRuns, type RunSummary } from "./runFolders.js";

const ICONS = { done: "pass", interrupted: "debug-disconnect", cancelled: "circle-slash", failed: "error", running: "sync~spin" } as const;
type Shown = keyof typeof ICONS;

const three = (x: number) => String(Number(x.toPrecision(3)));

function wordsOf(run: RunSummary): { score: string; when: string } {
  return {
    score: run.aqi !== null ? `AQI ${three(run.aqi)}` : run.auroc !== null ? `AUROC ${three(run.auroc)}` : "",
    when: new Date(run.at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" }),
  };
}

/** Score and time of a finished run, where its model and dataset are said already. */
export function runDescription(run: RunSummary): string {
  const { score, when } = wordsOf(run);
  return [score, when].filter(Boolean).join(" · ");
}

/** One run in the list. `contextValue` (`run.done`, `run.interrupted`, …) decides which actions its menu has. */
export class RunItem extends TreeItem {
  constructor(
    readonly run: RunSummary,
    readonly shown: Shown,
  ) {
    super(basename(run.dataset) || run.id, TreeItemCollapsibleState.None);
    this.id = `${run.id}:${shown}`;
    this.contextValue = shown === "interrupted" && run.kept ? "run.interrupted.kept" : `run.${shown}`;
    this.iconPath = new ThemeIcon(ICONS[shown]);
    const { score, when } = wordsOf(run);
    const at = run.kept && `at row ${run.kept.row.toLocaleString("en")} of ${run.kept.of.toLocaleString("en")}`;
    const state = shown === "interrupted" && at ? `interrupted ${at}` : shown;
    this.description = [shown === "done" ? score : state, run.model, when].filter(Boolean).join(" · ");
    this.tooltip = [
      run.dataset,
      `model: ${run.model}`,
      run.message,
      shown === "interrupted"
        ? at
          ? `Interrupted ${at}. Resume goes on from there.`
          : "Interrupted before its first row. Run it again from here."
        : undefined,
    ]
      .filter(Boolean)
      .join("\n");
    this.accessibilityInformation = { label: `${state} audit of ${basename(run.dataset)} with ${run.model}${score ? `, ${score}` : ""}, ${when}` };
    this.command = { command: shown === "done" || shown === "running" || at ? "layerscope.openRun" : "layerscope.runAgain", title: "Open", arguments: [this] };
  }
}

/** The runs of this workspace, newest first. */
export class RunsTree implements TreeDataProvider<RunItem> {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly root: string,
    private readonly isRunning: (folder: string) => boolean,
  ) {}

  refresh(): void {
    this.changed.fire();
  }

  getTreeItem(item: RunItem): RunItem {
    return item;
  }

  async getChildren(parent?: RunItem): Promise<RunItem[]> {
    if (parent) return [];
    return (await listRuns(this.root)).map((run) => new RunItem(run, this.isRunning(run.folder) ? "running" : run.state));
  }

  dispose(): void {
    this.changed.dispose();
  }
}
