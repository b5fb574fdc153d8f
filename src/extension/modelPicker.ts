import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, sep } from "node:path";
import { CancellationTokenSource, type ExtensionContext, Uri, window, workspace } from "vscode";
import type { ModelList } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import { ModelQuickPick, type Wish } from "./modelQuickPick.js";
import { type Embedded, modelRows } from "./modelRows.js";
import { nameOfModel } from "./runFolders.js";
import { readSettings } from "./settings.js";

const KEY = "layerscope.model";
const RECENT = "layerscope.recentModels";
const MOST_RECENT = 6;
const MOST_FOUND = 200;

/** What choosing a model may lead to. */
export interface PickerActions {
  chosen(path: string): void;
  /** Downloads from the Hub after asking. @returns the .onnx file, undefined when the user let it be */
  download(): Promise<string | undefined>;
  showCard(path: string): Promise<unknown>;
  /** Asks what only a model that was just chosen leaves open. */
  settled(path: string): Promise<unknown>;
}

/** Which model to look into: remembered by workspace; the embedded one needs no download. */
export class ModelPicker {
  constructor(
    private readonly context: ExtensionContext,
    private readonly engine: EngineClient,
    private readonly actions: PickerActions,
  ) {}

  /** The model of this workspace as far as it is known, without asking. */
  get remembered(): string | undefined {
    const path = this.context.workspaceState.get<string>(KEY) ?? readSettings().model;
    return path && existsSync(path) ? path : undefined;
  }

  /** The remembered model; else the embedded one when there is no other; else the user's choice, undefined when none is made. */
  async current(): Promise<string | undefined> {
    if (this.remembered) return this.remembered;
    const [embedded] = this.embedded();
    if (embedded && (await this.list(false)).models.length === 0) return this.remember(embedded.path);
    return this.choose();
  }

  /** As people know it: the embedded models lie in folders whose names say nothing. */
  nameOf(path: string): string {
    return this.embedded().find((m) => m.path === path)?.label ?? nameOfModel(path);
  }

  async remember(path: string): Promise<string> {
    await this.context.workspaceState.update(KEY, path);
    if (!this.embedded().some((m) => m.path === path))
      await this.context.globalState.update(RECENT, [path, ...this.recent().filter((p) => p !== path)].slice(0, MOST_RECENT));
    this.actions.chosen(path);
    return path;
  }

  /** Models used lately on this machine that are still there. */
  recent(): string[] {
    return (this.context.globalState.get<string[]>(RECENT) ?? []).filter((path) => typeof path === "string" && existsSync(path));
  }

  /** Shows the list at once; models, and what their graphs say, are filled in as the engine finds them. */
  async choose(): Promise<string | undefined> {
    const path = await this.ask(this.remembered);
    if (!path) return undefined;
    await this.actions.settled(path);
    return this.remember(path);
  }

  /** A second model for one audit; the workspace's own stays what it is. */
  chooseReference(): Promise<string | undefined> {
    return this.ask(undefined);
  }

  private async ask(current: string | undefined): Promise<string | undefined> {
    const pick = new ModelQuickPick({
      rows: (list, glances) => modelRows(this.embedded(), this.recent(), list, glances, shorten),
      current,
      list: () => this.list(true),
      glance: (path) => this.engine.ask("model.glance", { path }),
    });
    return this.follow(await pick.show());
  }

  /** The models inside the extension; the early checkpoint is there to be compared with. */
  embedded(): Embedded[] {
    const at = (name: string) => Uri.joinPath(this.context.extensionUri, "media", name).fsPath;
    return [
      { path: at("model"), label: "Embedded model", description: "small, trained by the project; works at once" },
      { path: at("model-early"), label: "Embedded model, early checkpoint", description: "for comparisons" },
    ].filter((m) => existsSync(m.path));
  }

  /** Everything that can be chosen, by names, sizes and first bytes. */
  async list(cache: boolean): Promise<ModelList> {
    const limit = new CancellationTokenSource();
    const timer = setTimeout(() => limit.cancel(), 3000);
    const inWorkspace = await workspace.findFiles("**/*.onnx", "**/{node_modules,.git,.vscode-test,dist,out}/**", MOST_FOUND, limit.token);
    clearTimeout(timer);
    limit.dispose();
    const own = Uri.joinPath(this.context.extensionUri, "media").fsPath + sep;
    const files = [...inWorkspace.map((uri) => uri.fsPath), ...(cache ? this.recent().filter((path) => /\.onnx$/i.test(path)) : [])];
    const folders = [...readSettings().modelFolders, ...(cache ? this.recent().filter((path) => !/\.onnx$/i.test(path)) : [])];
    return this.engine.ask("model.list", { folders, files: [...new Set(files)].filter((file) => !file.startsWith(own)), cache });
  }

  private async follow(wish: Wish | undefined): Promise<string | undefined> {
    if (!wish) return undefined;
    switch (wish.kind) {
      case "model":
        return wish.path;
      case "browse":
        return browse(wish.what);
      case "download":
        return this.actions.download();
      case "refused": {
        const items = wish.files.map(({ path, message }) => ({ label: basename(path), description: shorten(path), detail: message, path }));
        const chosen = await window.showQuickPick(items, { title: "Not Offered, and Why", placeHolder: "Enter shows what the file is", matchOnDetail: true });
        if (chosen) await this.actions.showCard(chosen.path);
        return undefined;
      }
      default:
        return wish satisfies never;
    }
  }
}

/** A path as it is shown: from the workspace, or from the home folder. */
function shorten(path: string): string {
  const inWorkspace = workspace.asRelativePath(path);
  return inWorkspace === path && path.startsWith(join(homedir(), sep)) ? `~${path.slice(homedir().length)}` : inWorkspace;
}

async function browse(what: "folder" | "file"): Promise<string | undefined> {
  const chosen = await window.showOpenDialog({
    canSelectFolders: what === "folder",
    canSelectFiles: what === "file",
    canSelectMany: false,
    openLabel: "Use This Model",
    ...(what === "file" && { filters: { "ONNX models": ["onnx"] } }),
  });
  return chosen?.[0]?.fsPath;
}
