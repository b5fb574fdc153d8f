import { Diagnostic, DiagnosticSeverity, Disposable, languages, Range, Uri, workspace } from "vscode";
import { findDisagreements } from "./disagreement.js";
import { fileState, hasTextRanges } from "./fileState.js";
import { placeOf } from "./rowIndex.js";
import type { Session } from "./session.js";
import { readSettings } from "./settings.js";

/** Shown in one dataset; the rest is counted. */
export const MOST_SHOWN = 100;
const SOURCE = "Layerscope";

/** Rows whose held-out score lies on the other side from their label, marked in the dataset file itself until it changes. */
export class Disagreements {
  private readonly collection = languages.createDiagnosticCollection("layerscope");
  private readonly watched: Disposable[];
  private generation = 0;

  constructor(private readonly aboutPage: (page: string) => Uri) {
    this.watched = [
      workspace.onDidChangeTextDocument((e) => e.contentChanges.length > 0 && this.collection.delete(e.document.uri)),
      workspace.onDidDeleteFiles((e) => this.forget(e.files)),
      workspace.onDidRenameFiles((e) => this.forget(e.files.map((f) => f.oldUri))),
    ];
    const watcher = workspace.createFileSystemWatcher("**/*.{jsonl,ndjson,json,csv,tsv,txt}", true, false, false);
    watcher.onDidChange((uri) => this.collection.delete(uri));
    watcher.onDidDelete((uri) => this.collection.delete(uri));
    this.watched.push(watcher);
  }

  /** Replaces the marks of the session's files by those of its final view. */
  async mark(session: Session): Promise<void> {
    const generation = ++this.generation;
    this.clear(session);
    const view = session.view;
    const { diagnostics } = readSettings(Uri.file(session.source.dataset));
    if (!view?.result.final || !diagnostics.enabled || (await fileState(view.result.dataset)) !== "same") return;
    const marks = new Map<string, Diagnostic[]>();
    const found = findDisagreements(view.rows, diagnostics.probability);
    const { classes } = view.result.dataset;
    const ranged = await Promise.all(session.files.map((f) => hasTextRanges(f).catch(() => false)));
    if (generation !== this.generation) return;
    const make = (range: Range, message: string) => {
      const made = new Diagnostic(range, message, DiagnosticSeverity.Information);
      made.source = SOURCE;
      made.code = { value: "other-side", target: this.aboutPage("concept-depth") };
      return made;
    };
    const add = (file: number, made: Diagnostic) => {
      const path = session.files[file];
      if (path && ranged[file]) marks.set(path, [...(marks.get(path) ?? []), made]);
    };
    for (const { index, label, probability } of found.slice(0, MOST_SHOWN)) {
      const place = placeOf(view.rows, index);
      const range = new Range(place.startLine, place.startColumn, place.endLine, place.endColumn);
      const other = classes[label === 0 ? 1 : 0].name;
      const sure = probability >= 0.995 ? "0.99 or more" : probability.toFixed(2);
      add(
        place.file,
        make(
          range,
          `Labelled ${classes[label].name}; at layer ${view.rows.probabilityLayer} the held-out probe reads this row as ${other} (probability ${sure}).`,
        ),
      );
    }
    const rest = found.length - MOST_SHOWN;
    if (rest > 0)
      add(0, make(new Range(0, 0, 0, 0), `${rest} more ${rest === 1 ? "row lies" : "rows lie"} on the other side from the label; the panel lists them all.`));
    for (const [path, list] of marks) this.collection.set(Uri.file(path), list);
  }

  clear(session: Session): void {
    for (const file of session.files) this.collection.delete(Uri.file(file));
  }

  private forget(files: readonly Uri[]): void {
    for (const file of files) this.collection.delete(file);
  }

  dispose(): void {
    this.collection.dispose();
    Disposable.from(...this.watched).dispose();
  }
}
