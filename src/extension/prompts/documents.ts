import { Disposable, EventEmitter, type Range, type TextDocument, type TextDocumentChangeEvent, type TextEditor, window, workspace } from "vscode";
import { type Notice, type PromptAsk, type PromptScore, problemOf } from "../../protocol/index.js";
import type { Log } from "../log.js";
import { readSettings } from "../settings.js";
import type { Baselines } from "./baselines.js";
import type { Finder, FinderDocument } from "./finder.js";
import { type Edit, follow } from "./follow.js";
import { isTarget, type Profiles, type Target } from "./profiles.js";
import { type Scorer, URGENCY } from "./scorer.js";
import { settle } from "./settle.js";
import type { PromptAt, Standing } from "./state.js";

/** Prompts beside those on screen that are scored with a document; a file of more is a dataset. */
const MOST_UNSEEN = 500;
/** Prompts of one document that are shown: more would hold the editor up, and nobody reads as many lines over code. */
const MOST_SHOWN = 2000;
/** How long after the engine ended by itself its question is asked again; an engine that gave up is not asked. */
const AGAIN_MS = 2000;
/** After the last keystroke. */
export const QUIET_MS = 300;

export interface DocumentPrompts {
  readonly document: TextDocument;
  readonly prompts: readonly PromptAt[];
  readonly notices: readonly Notice[];
  /** What the scores come from; absent while nothing was scored. */
  readonly target?: Target;
}

interface Watched {
  document: TextDocument;
  reader?: FinderDocument;
  prompts: PromptAt[];
  notices: readonly Notice[];
  target?: Target;
  timer?: NodeJS.Timeout;
  control: AbortController;
  reading: Promise<void> | undefined;
  possible?: boolean;
}

export interface DocumentParts {
  readonly finder: Finder;
  readonly profiles: Profiles;
  readonly scorer: Scorer;
  readonly baselines: Baselines;
  readonly log: Log;
}

/** The documents on screen: their prompts, followed through every edit, read again and scored when the typing pauses. */
export class PromptDocuments {
  private readonly watched = new Map<string, Watched>();
  private readonly changed = new EventEmitter<DocumentPrompts>();
  private readonly gone = new EventEmitter<TextDocument>();
  /** Prompts or scores of a document are others now. */
  readonly onDidChange = this.changed.event;
  /** A document is no longer looked at. */
  readonly onDidForget = this.gone.event;
  private readonly listening: Disposable;

  constructor(private readonly parts: DocumentParts) {
    this.listening = Disposable.from(
      this.changed,
      this.gone,
      workspace.onDidChangeTextDocument((e) => this.edited(e)),
      workspace.onDidSaveTextDocument((document) => !readSettings(document.uri).prompts.live && this.soon(document, 0)),
      // The cells of a notebook are saved with it, and nobody tells them.
      workspace.onDidSaveNotebookDocument((notebook) => {
        for (const { document } of notebook.getCells()) if (!readSettings(document.uri).prompts.live) this.soon(document, 0);
      }),
      workspace.onDidCloseTextDocument((document) => this.forget(document)),
      window.onDidChangeVisibleTextEditors(() => this.lookAround()),
      window.onDidChangeVisibleNotebookEditors(() => this.lookAround()),
      parts.profiles.onDidChange(() => this.renew()),
      parts.baselines.onDidChange(() => this.renew()),
      workspace.onDidChangeConfiguration((e) => e.affectsConfiguration("layerscope.prompts") && this.renew()),
    );
  }

  /** Starts with what is on screen. */
  lookAround(): void {
    const documents = [
      ...window.visibleTextEditors.map((editor) => editor.document),
      ...window.visibleNotebookEditors.flatMap((editor) => editor.notebook.getCells().map((cell) => cell.document)),
    ];
    for (const document of documents) if (!this.watched.has(document.uri.toString())) void this.watch(document);
  }

  /** Everything is looked at again: another profile, other settings, another baseline. */
  renew(): void {
    for (const { document } of [...this.watched.values()]) {
      if (readSettings(document.uri).prompts.enabled) this.soon(document, 0);
      else this.forget(document);
    }
    this.lookAround();
  }

  of(document: TextDocument): DocumentPrompts | undefined {
    return this.watched.get(document.uri.toString());
  }

  [Symbol.iterator](): Iterator<DocumentPrompts> {
    return this.watched.values();
  }

  /** What is typed is read at once, where the reading would still wait for a pause. */
  async caughtUp(document: TextDocument): Promise<void> {
    const one = this.watched.get(document.uri.toString());
    if (!one) return;
    if (one.timer && readSettings(document.uri).prompts.live) {
      clearTimeout(one.timer);
      await one.reading;
      await this.read(document);
    }
    await one.reading;
  }

  /** Resolves when a document that was just opened has been read and scored. */
  async settled(uri: string): Promise<void> {
    for (let i = 0; i < 100; i++) {
      const one = this.watched.get(uri);
      if (one && !one.reading && !one.prompts.some(({ standing }) => standing === "scoring" || standing === "stale")) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The prompt that holds a position, the smallest where several do. */
  at(document: TextDocument, offset: number): PromptAt | undefined {
    const holding = this.of(document)?.prompts.filter(({ found }) => found.start <= offset && offset <= found.end) ?? [];
    return holding.sort((a, b) => a.found.end - a.found.start - (b.found.end - b.found.start))[0];
  }

  dispose(): void {
    this.listening.dispose();
    for (const one of this.watched.values()) stop(one);
    this.watched.clear();
  }

  private async watch(document: TextDocument): Promise<void> {
    const key = document.uri.toString();
    if (!isReadable(document) || !readSettings(document.uri).prompts.enabled || !(await this.isWanted(document))) return;
    const reads = await this.parts.finder.reads(pathOf(document), document.languageId);
    if (document.isClosed || this.watched.has(key) || !reads) return;
    this.watched.set(key, { document, prompts: [], notices: [], control: new AbortController(), reading: undefined });
    await this.read(document);
  }

  /** Nothing is loaded for a workspace that was never audited; in Restricted Mode prompts are shown without scores. */
  private async isWanted(document: TextDocument): Promise<boolean> {
    return !workspace.isTrusted || (await this.parts.profiles.find(document.uri)) !== undefined;
  }

  private edited({ document, contentChanges }: TextDocumentChangeEvent): void {
    const one = this.watched.get(document.uri.toString());
    if (!one || contentChanges.length === 0) return;
    const { live } = readSettings(document.uri).prompts;
    // A prompt that was asked for and not answered is asked for again; what waits for a save goes on being scored where it was not touched.
    if (live) one.control.abort();
    const edits = contentChanges.map((c): Edit => ({ from: c.rangeOffset, to: c.rangeOffset + c.rangeLength, length: c.text.length }));
    let touched = false;
    for (const edit of edits) {
      one.prompts = one.prompts.flatMap((prompt) => {
        const now = follow(prompt.found, edit);
        touched ||= now === undefined || now.touched;
        return now ? [{ ...prompt, found: now.found, ...(now.touched && { standing: staleOf(prompt.standing, live) }) }] : [];
      });
    }
    if (touched) this.changed.fire(one);
    if (live) this.soon(document, QUIET_MS);
  }

  private soon(document: TextDocument, ms: number): void {
    const one = this.watched.get(document.uri.toString());
    if (!one) return;
    clearTimeout(one.timer);
    one.timer = setTimeout(() => {
      delete one.timer;
      void this.read(document);
    }, ms);
  }

  private read(document: TextDocument): Promise<void> {
    const one = this.watched.get(document.uri.toString());
    if (!one || document.isClosed) return Promise.resolve();
    if (one.reading) {
      this.soon(document, 20);
      return one.reading;
    }
    one.reading = this.readAnew(one).finally(() => {
      one.reading = undefined;
    });
    return one.reading;
  }

  private async readAnew(one: Watched): Promise<void> {
    const { document } = one;
    one.control.abort();
    one.control = new AbortController();
    const { signal } = one.control;
    try {
      const opened = workspace.isTrusted ? await this.parts.profiles.find(document.uri) : undefined;
      const standing: Standing = !workspace.isTrusted ? "untrusted" : !opened ? "no-profile" : this.parts.scorer.waits ? "waiting" : "scoring";
      await this.parts.baselines.ready(document.uri);
      if (document.isClosed) return;
      const { possible } = readSettings(document.uri).prompts;
      if (one.possible !== possible) {
        one.reader?.dispose();
        delete one.reader;
      }
      one.possible = possible;
      one.reader ??= this.parts.finder.open({ fileName: pathOf(document), languageId: document.languageId, possible });
      const { version } = document;
      const { prompts: all, notices } = await one.reader.read(document.getText());
      // An edit in between moved everything: it is read once more.
      if (document.isClosed || this.watched.get(document.uri.toString()) !== one) return;
      if (document.version !== version) {
        if (!one.timer) this.soon(document, 0);
        return;
      }
      const prompts = all.slice(0, MOST_SHOWN);
      one.prompts = this.parts.baselines.mark(document.uri, settle(one.prompts, prompts, standing));
      one.notices = all.length > prompts.length ? [...notices, tooMany(all.length)] : notices;
      this.changed.fire(one);
      if (opened && !signal.aborted) void this.score(one, signal);
    } catch (error) {
      this.parts.log.error(`Prompts of a document could not be read: ${problemOf(error).message}\n${problemOf(error).details ?? ""}`);
    }
  }

  private async score(one: Watched, signal: AbortSignal): Promise<void> {
    const opened = await this.parts.profiles.open(one.document.uri);
    if (signal.aborted || !opened) return;
    if (!isTarget(opened)) return this.mark(one, "failed", () => true, opened.message);
    // The rows that the probe was trained on are no prompts to be scored by it.
    if (opened.card.dataset.path === one.document.uri.fsPath) return this.forget(one.document);
    // Scores of another profile are none of this one's.
    const other = one.target !== undefined && one.target.key !== opened.key;
    one.target = opened;
    if (other) one.prompts = one.prompts.map(({ score: _score, ...prompt }) => ({ ...prompt, standing: "scoring" as const }));
    const left = one.prompts.filter((prompt) => prompt.standing !== "fresh" && !prompt.found.ignored);
    const seen = visible(one.document);
    const inSight = ({ found }: PromptAt) => seen.some(([from, to]) => found.start < to && found.end > from);
    const parts = [
      { urgency: URGENCY.seen, prompts: left.filter(inSight) },
      { urgency: URGENCY.open, prompts: left.filter((prompt) => !inSight(prompt)).slice(0, MOST_UNSEEN) },
    ];
    const asked = new Set(parts.flatMap(({ prompts }) => prompts.map(({ hash }) => hash)));
    if (asked.size < left.length) this.mark(one, "unscored", (prompt) => prompt.standing !== "fresh" && !asked.has(prompt.hash));
    await Promise.all(
      parts.map(({ urgency, prompts }) => {
        const asks = prompts.map(({ hash, found }): PromptAsk => ({ key: hash, text: found.text, role: found.role }));
        return this.parts.scorer
          .score({ target: opened, asks, urgency, signal, onScores: (scores) => this.take(one, scores, signal) })
          .catch((error: unknown) => {
            if (signal.aborted) return;
            const { code, message } = problemOf(error);
            this.mark(one, "failed", (prompt) => asks.some((ask) => ask.key === prompt.hash), message);
            if (/^engine\/(crashed|killed|replaced)$/.test(code)) this.soon(one.document, AGAIN_MS);
          });
      }),
    );
  }

  private take(one: Watched, scores: ReadonlyMap<string, PromptScore>, signal: AbortSignal): void {
    if (signal.aborted) return;
    one.prompts = one.prompts.map((prompt) => {
      const score = scores.get(prompt.hash);
      // The answer is to the text as it was asked about.
      if (!score || prompt.standing === "unsaved") return prompt;
      const { fault: _fault, ...rest } = prompt;
      return score.fault ? { ...rest, score, standing: "failed", fault: score.fault.message } : { ...rest, score, standing: "fresh" };
    });
    this.changed.fire(one);
  }

  private mark(one: Watched, standing: Standing, which: (prompt: PromptAt) => boolean, fault?: string): void {
    one.prompts = one.prompts.map(({ score, ...prompt }) =>
      which(prompt) && prompt.standing !== "unsaved" ? { ...prompt, standing, ...(fault && { fault }) } : { ...prompt, ...(score && { score }) },
    );
    this.changed.fire(one);
  }

  private forget(document: TextDocument): void {
    const one = this.watched.get(document.uri.toString());
    if (!one) return;
    stop(one);
    this.watched.delete(document.uri.toString());
    this.gone.fire(document);
  }
}

const tooMany = (count: number): Notice => ({
  code: "prompts/too-many",
  message: `Of ${count.toLocaleString("en")} prompts in this file the first ${MOST_SHOWN.toLocaleString("en")} are shown: so many are a dataset, which an audit reads.`,
});

function stop(one: Watched): void {
  clearTimeout(one.timer);
  one.control.abort();
  one.reader?.dispose();
}

const staleOf = (standing: Standing, live: boolean): Standing =>
  standing === "untrusted" || standing === "no-profile" ? standing : live ? "stale" : "unsaved";

/** Files, unsaved ones and cells of notebooks; not the other side of a diff, nor what extensions show. */
export const isReadable = (document: TextDocument): boolean => ["file", "untitled", "vscode-notebook-cell"].includes(document.uri.scheme);
/** The path that tells which kind of file it is; a cell's own language does. */
const pathOf = (document: TextDocument): string =>
  document.uri.scheme === "file" ? document.uri.fsPath : document.uri.scheme === "untitled" ? document.uri.path : "";

/** Offsets on screen, with a screenful before and behind. */
function visible(document: TextDocument): [number, number][] {
  const margin = 60;
  return window.visibleTextEditors
    .filter((editor: TextEditor) => editor.document === document)
    .flatMap((editor) => editor.visibleRanges)
    .map((range: Range) => [document.offsetAt(range.start.translate(-Math.min(margin, range.start.line))), document.offsetAt(range.end.translate(margin))]);
}
