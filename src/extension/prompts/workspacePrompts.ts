import { Disposable, EventEmitter, Uri, workspace } from "vscode";
import type { PromptDocuments } from "./documents.js";
import type { Listed } from "./order.js";
import type { Target } from "./profiles.js";
import type { PromptAt } from "./state.js";

interface FilePrompts {
  readonly prompts: readonly PromptAt[];
  /** Zero-based lines of the prompts' starts. */
  readonly lines: readonly number[];
  readonly target?: Target;
}

/** What the last scan of the workspace came to, in words for the view. */
export interface ScanReport {
  readonly files: number;
  readonly remarks: readonly string[];
}

/** All prompts that are known: those of open documents as they stand, those of other files as the last scan read them. */
export class WorkspacePrompts {
  private readonly files = new Map<string, FilePrompts>();
  private readonly changed = new EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly listening: Disposable;
  private timer: NodeJS.Timeout | undefined;
  report: ScanReport | undefined;

  constructor(documents: PromptDocuments) {
    const lineOf = (one: { document: { positionAt(offset: number): { line: number } } }, prompt: PromptAt) => one.document.positionAt(prompt.found.start).line;
    this.listening = Disposable.from(
      this.changed,
      documents.onDidChange((one) =>
        this.set(one.document.uri, {
          prompts: one.prompts,
          lines: one.prompts.map((prompt) => lineOf(one, prompt)),
          ...(one.target && { target: one.target }),
        }),
      ),
      workspace.onDidDeleteFiles(({ files }) => files.forEach((uri) => void this.forget(uri))),
      workspace.onDidRenameFiles(({ files }) => files.forEach(({ oldUri }) => void this.forget(oldUri))),
    );
  }

  set(uri: Uri, prompts: FilePrompts): void {
    if (prompts.prompts.length === 0) this.files.delete(uri.toString());
    else this.files.set(uri.toString(), prompts);
    this.tell();
  }

  /** Begins a new scan: what it does not find is no longer there. */
  begin(keep: (uri: string) => boolean): void {
    for (const uri of [...this.files.keys()]) if (!keep(uri)) this.files.delete(uri);
    this.tell();
  }

  done(report: ScanReport): void {
    this.report = report;
    this.tell();
  }

  list(): Listed[] {
    return [...this.files].flatMap(([uri, { prompts, lines }]) => prompts.map((prompt, i) => ({ uri, prompt, line: lines[i] ?? 0 })));
  }

  targetOf(uri: string): Target | undefined {
    return this.files.get(uri)?.target;
  }

  /** Scores that belong to a profile which no longer holds. */
  forgetScores(): void {
    for (const [uri, one] of this.files)
      this.files.set(uri, {
        ...one,
        prompts: one.prompts.map(({ score: _score, ...prompt }) => (prompt.standing === "fresh" ? { ...prompt, standing: "unscored" as const } : prompt)),
      });
    this.tell();
  }

  forget(uri: Uri): void {
    this.files.delete(uri.toString());
    this.tell();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listening.dispose();
  }

  /** A scan tells of many files at once: the view is drawn a few times a second. */
  private tell(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.changed.fire();
    }, 120);
  }
}

export const uriOf = (listed: Pick<Listed, "uri">): Uri => Uri.parse(listed.uri);
