import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { Disposable, EventEmitter, type TextDocument, Uri, workspace } from "vscode";
import { type Baseline, type BaselineEntry, ProblemError, parseBaseline, problemOf, withEntries } from "../../protocol/index.js";
import type { Log } from "../log.js";
import { readSettings } from "../settings.js";
import type { PromptAt } from "./state.js";

interface Loaded {
  readonly baseline?: Baseline;
  readonly hashes: ReadonlySet<string>;
  /** Why the file counts for nothing. */
  readonly fault?: string;
}

const NONE: Loaded = { hashes: new Set() };

/** The prompts that were seen and accepted, one file for each workspace folder. */
export class Baselines {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly loaded = new Map<string, Loaded>();
  private readonly listening: Disposable;

  constructor(private readonly log: Log) {
    const watcher = workspace.createFileSystemWatcher("**/.layerscope/*.json");
    const renew = () => this.renew();
    this.listening = Disposable.from(
      this.changed,
      watcher,
      watcher.onDidChange(renew),
      watcher.onDidCreate(renew),
      watcher.onDidDelete(renew),
      workspace.onDidChangeConfiguration((e) => e.affectsConfiguration("layerscope.prompts.baseline") && renew()),
    );
  }

  /** The baseline file for a document; undefined where no folder is open and none is named. */
  fileFor(uri: Uri): string | undefined {
    const { baseline } = readSettings(uri).prompts;
    if (isAbsolute(baseline)) return baseline;
    const root = (workspace.getWorkspaceFolder(uri) ?? workspace.workspaceFolders?.[0])?.uri.fsPath;
    return root && join(root, baseline);
  }

  /** Reads the file once; `mark` then needs no waiting. */
  async ready(uri: Uri): Promise<void> {
    const file = this.fileFor(uri);
    if (file && !this.loaded.has(file)) this.loaded.set(file, await this.load(file));
  }

  /** Whether a prompt is listed in a document's baseline; `ready` first. */
  has(uri: Uri, hash: string): boolean {
    return (this.loaded.get(this.fileFor(uri) ?? "") ?? NONE).hashes.has(hash);
  }

  mark(uri: Uri, prompts: readonly PromptAt[]): PromptAt[] {
    const { hashes } = this.loaded.get(this.fileFor(uri) ?? "") ?? NONE;
    return prompts.map(({ accepted: _accepted, ...prompt }) => (hashes.has(prompt.hash) ? { ...prompt, accepted: true } : prompt));
  }

  /** Why the baseline of a document counts for nothing; undefined when it counts. */
  faultOf(uri: Uri): string | undefined {
    return this.loaded.get(this.fileFor(uri) ?? "")?.fault;
  }

  /** Adds prompts of a document to its baseline file. @throws ProblemError when the file there is broken: it is not overwritten */
  async add(document: Pick<TextDocument, "uri">, prompts: readonly PromptAt[]): Promise<string> {
    const file = this.fileFor(document.uri);
    if (!file)
      throw new ProblemError({
        code: "baseline/no-folder",
        message: "There is no workspace folder to keep a baseline in.",
        hint: "Open a folder, or set layerscope.prompts.baseline.",
      });
    const text = await readFile(file, "utf8").catch(() => undefined);
    const before = text === undefined ? undefined : parseBaseline(text, file);
    const entries = prompts.map(
      ({ hash, found }): BaselineEntry => ({
        sha256: hash,
        file: workspace.asRelativePath(document.uri, false).replaceAll("\\", "/"),
        ...(found.name && { name: found.name }),
      }),
    );
    await workspace.fs.createDirectory(Uri.joinPath(Uri.file(file), ".."));
    await workspace.fs.writeFile(Uri.file(file), Buffer.from(withEntries(before, entries), "utf8"));
    this.renew();
    return file;
  }

  dispose(): void {
    this.listening.dispose();
  }

  private renew(): void {
    this.loaded.clear();
    this.changed.fire();
  }

  private async load(file: string): Promise<Loaded> {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) return NONE;
    try {
      const baseline = parseBaseline(text, file);
      return { baseline, hashes: new Set(baseline.prompts.map((entry) => entry.sha256)) };
    } catch (error) {
      this.log.warn(problemOf(error).message);
      return { hashes: new Set(), fault: problemOf(error).message };
    }
  }
}
