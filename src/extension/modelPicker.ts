import { existsSync } from "node:fs";
import { basename } from "node:path";
import { CancellationTokenSource, type ExtensionContext, type QuickPickItem, QuickPickItemKind, ThemeIcon, Uri, window, workspace } from "vscode";
import { groupModels, type ModelFolder, onnxFilesUnder } from "./modelFiles.js";
import { nameOfModel } from "./runFolders.js";
import { readSettings } from "./settings.js";

const KEY = "layerscope.model";
const MOST_FOUND = 200;

type Item = QuickPickItem & { readonly path?: string; readonly variants?: readonly string[]; readonly browse?: "folder" | "file" };

/** Which model to look into: remembered by workspace; the embedded one needs no download. */
export class ModelPicker {
  constructor(
    private readonly context: ExtensionContext,
    private readonly onChosen: (path: string) => void,
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
    const others = await this.found();
    if (embedded && others.length === 0) return this.remember(embedded.path);
    return this.choose(others);
  }

  /** As people know it: the embedded models lie in folders whose names say nothing. */
  nameOf(path: string): string {
    return this.embedded().find((m) => m.path === path)?.label ?? nameOfModel(path);
  }

  async remember(path: string): Promise<string> {
    await this.context.workspaceState.update(KEY, path);
    this.onChosen(path);
    return path;
  }

  /** Shows the list: embedded models, folders of the workspace and of the settings, browse. */
  async choose(known?: readonly ModelFolder[]): Promise<string | undefined> {
    const now = this.remembered;
    const mark = (path: string) => (path === now ? "$(check) " : "");
    const others = known ?? (await this.found());
    const separator = (label: string): Item => ({ label, kind: QuickPickItemKind.Separator });
    const items: Item[] = [
      separator("embedded"),
      ...this.embedded().map((m) => ({ label: `${mark(m.path)}${m.label}`, description: m.description, path: m.path })),
      ...(others.length > 0 ? [separator("workspace and settings")] : []),
      ...others.map(({ folder, files }) => ({
        label: `${mark(folder)}${nameOfModel(folder)}`,
        description: workspace.asRelativePath(folder),
        detail: files.length > 1 ? `${basename(files[0] ?? "")} and ${files.length - 1} other files` : basename(files[0] ?? ""),
        path: folder,
        variants: files,
        ...(files.length > 1 && { buttons: [{ iconPath: new ThemeIcon("list-flat"), tooltip: "Choose one of its files" }] }),
      })),
      separator("elsewhere"),
      { label: "$(folder-opened) Browse for a model folder…", description: "config.json, tokenizer.json and model.onnx or onnx/", browse: "folder" as const },
      { label: "$(file) Browse for an .onnx file…", browse: "file" as const },
    ];
    const chosen = await pickWithVariants(items);
    if (!chosen) return undefined;
    const path = typeof chosen === "string" ? chosen : chosen.browse ? await browse(chosen.browse) : chosen.path;
    return path ? this.remember(path) : undefined;
  }

  /** The models inside the extension; the early checkpoint is there to be compared with. */
  embedded(): { path: string; label: string; description: string }[] {
    const at = (name: string) => Uri.joinPath(this.context.extensionUri, "media", name).fsPath;
    return [
      { path: at("model"), label: "Embedded model", description: "small, trained by the project; works at once" },
      { path: at("model-early"), label: "Embedded model, early checkpoint", description: "for comparisons" },
    ].filter((m) => existsSync(m.path));
  }

  private async found(): Promise<ModelFolder[]> {
    const limit = new CancellationTokenSource();
    const timer = setTimeout(() => limit.cancel(), 3000);
    const inWorkspace = await workspace.findFiles("**/*.onnx", "**/{node_modules,.git,.vscode-test,dist,out}/**", MOST_FOUND, limit.token);
    clearTimeout(timer);
    limit.dispose();
    const inSettings = (await Promise.all(readSettings().modelFolders.map((f) => onnxFilesUnder(f)))).flat();
    const own = Uri.joinPath(this.context.extensionUri, "media").fsPath;
    return groupModels([...new Set([...inWorkspace.map((u) => u.fsPath), ...inSettings])].filter((f) => !f.startsWith(own)));
  }
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

/** A quick pick whose items may open a list of a model's files by their button. */
async function pickWithVariants(items: readonly Item[]): Promise<Item | string | undefined> {
  const pick = window.createQuickPick<Item>();
  pick.title = "Layerscope: Choose a Model";
  pick.placeholder = "The model whose layers are looked into";
  pick.matchOnDescription = true;
  pick.items = items;
  try {
    const chosen = await new Promise<Item | { readonly of: Item } | undefined>((resolve) => {
      pick.onDidTriggerItemButton(({ item }) => resolve({ of: item }));
      pick.onDidAccept(() => resolve(pick.selectedItems[0]));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
    if (!chosen || !("of" in chosen)) return chosen;
    const files = (chosen.of.variants ?? []).map((path) => ({ label: basename(path), description: workspace.asRelativePath(path), path }));
    return (await window.showQuickPick(files, { title: "Choose a File of This Model" }))?.path;
  } finally {
    pick.dispose();
  }
}
