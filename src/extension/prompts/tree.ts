import { basename } from "node:path";
import {
  commands,
  Disposable,
  EventEmitter,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  Uri,
  window,
  workspace,
} from "vscode";
import type { PromptScore } from "../../protocol/index.js";
import { readSettings } from "../settings.js";
import { byFile, byRisk, type Listed } from "./order.js";
import { lensTitle, short } from "./sentences.js";
import { severityOf } from "./severity.js";
import { sparkline } from "./sparkline.js";
import { freshScore, isQuiet } from "./state.js";
import type { WorkspacePrompts } from "./workspacePrompts.js";

export const VIEW = "layerscope.prompts";

/** One prompt in the list: its risk first, then where it stands. Its text is a tooltip away in the file itself. */
export class PromptItem extends TreeItem {
  constructor(
    readonly listed: Listed,
    grouped: boolean,
    risky: boolean,
  ) {
    const { prompt, uri, line } = listed;
    const { found } = prompt;
    const name = found.name ?? found.role;
    const place = `${basename(Uri.parse(uri).path)}:${line + 1}`;
    const score = freshScore(prompt);
    // The risk first: a narrow side bar cuts the rest.
    super([riskOf(score), name].filter(Boolean).join("  "), TreeItemCollapsibleState.None);
    this.id = `${uri}#${found.start}`;
    const state = lensTitle(prompt).replace(/^\$\([\w~-]+\) /, "");
    const curve = score && !isQuiet(prompt) && score.curve.length > 1 ? sparkline(score.curve, 12) : state;
    this.description = [grouped ? `line ${line + 1}` : place, curve, grouped ? "" : folderOf(uri)].filter(Boolean).join(" · ");
    this.tooltip = `${workspace.asRelativePath(Uri.parse(uri))}:${line + 1}\n${found.shape}, ${found.role}, ${found.rank}\n${state}`;
    const icon = isQuiet(prompt) ? "eye-closed" : !score ? "circle-outline" : score.side === "outside" ? "question" : risky ? "warning" : "circle-filled";
    this.iconPath = new ThemeIcon(icon, risky ? new ThemeColor("list.warningForeground") : undefined);
    this.contextValue = `prompt.${isQuiet(prompt) ? "quiet" : score ? "scored" : "plain"}`;
    this.accessibilityInformation = {
      label: `${name} prompt, ${place}, ${score ? (score.side === "outside" ? "out of domain" : score.probability === null ? "no number" : `${short(score.probability)} unsafe`) : state}`,
    };
    this.command = { command: "layerscope.openPrompt", title: "Open", arguments: [this] };
  }
}

class FileItem extends TreeItem {
  constructor(
    readonly uri: string,
    readonly listed: readonly Listed[],
    worst: string,
  ) {
    super(Uri.parse(uri), TreeItemCollapsibleState.Expanded);
    this.id = uri;
    this.description = [folderOf(uri), `${listed.length} ${listed.length === 1 ? "prompt" : "prompts"}`, worst].filter(Boolean).join(" · ");
    this.iconPath = ThemeIcon.File;
    this.contextValue = "promptFile";
  }
}

const riskOf = (score: PromptScore | undefined): string =>
  !score ? "" : score.side === "outside" ? "out of domain" : score.probability === null ? "" : short(score.probability);

const folderOf = (uri: string): string => {
  const path = workspace.asRelativePath(Uri.parse(uri));
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
};

export type TreeState = "ready" | "no-profile" | "restricted" | "none";

/** The workspace's prompts, riskiest first, or by file. */
export class PromptsTree implements TreeDataProvider<TreeItem> {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly listening: Disposable;
  private readonly view: TreeView<TreeItem>;
  private grouped = false;

  constructor(
    private readonly prompts: WorkspacePrompts,
    firstShown: () => void,
  ) {
    this.view = window.createTreeView<TreeItem>(VIEW, { treeDataProvider: this, showCollapseAll: true });
    let shown = false;
    this.listening = Disposable.from(
      this.changed,
      this.view,
      prompts.onDidChange(() => this.refresh()),
      this.view.onDidChangeVisibility(({ visible }) => {
        if (!visible || shown) return;
        shown = true;
        firstShown();
      }),
    );
  }

  group(byFile: boolean): void {
    this.grouped = byFile;
    void commands.executeCommand("setContext", "layerscope.promptsByFile", byFile);
    this.changed.fire();
  }

  /** What the empty view says and offers. */
  tell(state: TreeState): void {
    void commands.executeCommand("setContext", "layerscope.promptsState", state);
  }

  refresh(): void {
    const listed = this.prompts.list();
    const risky = listed.filter((one) => this.isRisky(one)).length;
    this.view.badge = risky > 0 ? { value: risky, tooltip: `${risky} ${risky === 1 ? "prompt" : "prompts"} on the unsafe side` } : undefined;
    const { report } = this.prompts;
    this.view.message = report && listed.length > 0 && report.remarks.length > 0 ? `Scan of ${report.files} files: ${report.remarks.join("; ")}.` : undefined;
    this.view.description = listed.length > 0 ? `${listed.length}` : undefined;
    this.changed.fire();
  }

  getTreeItem(item: TreeItem): TreeItem {
    return item;
  }

  getChildren(parent?: TreeItem): TreeItem[] {
    const item = (one: Listed) => new PromptItem(one, this.grouped, this.isRisky(one));
    if (parent instanceof FileItem) return parent.listed.map(item);
    if (parent) return [];
    const listed = this.prompts.list().sort(byRisk);
    if (!this.grouped) return listed.map(item);
    return byFile(listed).map(([uri, own]) => new FileItem(uri, own, own[0] ? lensTitle(own[0].prompt).replace(/^\$\([\w~-]+\) /, "") : ""));
  }

  dispose(): void {
    this.listening.dispose();
  }

  private isRisky({ uri, prompt }: Listed): boolean {
    const score = freshScore(prompt);
    const target = this.prompts.targetOf(uri);
    if (!score || !target || isQuiet(prompt) || score.side === "outside") return false;
    return ["warning", "error"].includes(severityOf(score, target.card, readSettings(Uri.parse(uri)).prompts));
  }
}
