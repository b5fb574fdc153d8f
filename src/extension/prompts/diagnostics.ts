import { Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Disposable, Location, languages, Position, type Uri } from "vscode";
import { readSettings } from "../settings.js";
import type { DocumentPrompts, PromptDocuments } from "./documents.js";
import { percent, rowName, verdictOf } from "./sentences.js";
import { CODES, type Code, type Severity, severityOf } from "./severity.js";
import { markedSpan, rangeOf, rowPlace, tellingRows } from "./shown.js";
import { isQuiet, type PromptAt } from "./state.js";

const SEVERITIES: Readonly<Record<Exclude<Severity, "none">, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};
/** More would push the curve out of the hover. */
const MOST_ROWS = 2;

/** Prompts on the unsafe side, and those nothing can be said about, underlined in their files. */
export class PromptDiagnostics {
  private readonly collection = languages.createDiagnosticCollection("layerscope-prompts");
  private readonly listening: Disposable;

  constructor(
    documents: PromptDocuments,
    private readonly page: (code: Code) => Uri,
  ) {
    this.listening = Disposable.from(
      this.collection,
      documents.onDidChange((one) => this.show(one)),
      documents.onDidForget((document) => this.collection.delete(document.uri)),
    );
  }

  dispose(): void {
    this.listening.dispose();
  }

  private show(one: DocumentPrompts): void {
    this.collection.set(
      one.document.uri,
      one.prompts.filter((prompt) => !isQuiet(prompt)).flatMap((prompt) => this.diagnosticOf(one, prompt) ?? []),
    );
  }

  private diagnosticOf({ document, target }: DocumentPrompts, prompt: PromptAt): Diagnostic | undefined {
    const { score, standing } = prompt;
    if (!score || !target || !["fresh", "stale", "unsaved"].includes(standing)) return undefined;
    const severity = severityOf(score, target.card, readSettings(document.uri).prompts);
    if (severity === "none") return undefined;
    const range = rangeOf(document, markedSpan(prompt));
    const code = score.side === "outside" ? CODES.outside : CODES.unsafe;
    // A number of the former text is never shown as this one's.
    const stale = standing !== "fresh";
    const message = stale
      ? `${standing === "unsaved" ? "Changed, and scored again when the file is saved" : "Being scored again"}; before the edit: ${score.probability === null || score.side === "outside" ? "out of domain" : percent(score.probability)}.`
      : verdictOf(score, target.card);
    const made = new Diagnostic(range, message, stale ? DiagnosticSeverity.Hint : SEVERITIES[severity]);
    made.source = "Layerscope";
    made.code = { value: code, target: this.page(code) };
    if (!stale)
      made.relatedInformation = [
        ...tellingRows(prompt, MOST_ROWS).flatMap((row) => {
          const place = rowPlace(target, row);
          const what = `Nearest ${row.unsafe ? "unsafe" : "safe"} row of the dataset: ${rowName(row)}, distance ${row.distance.toPrecision(3)}`;
          return place ? [new DiagnosticRelatedInformation(new Location(place.uri, new Position(place.line, 0)), what)] : [];
        }),
        ...(score.emergence === null || score.side === "outside"
          ? []
          : [
              new DiagnosticRelatedInformation(
                new Location(document.uri, range),
                `On its side from layer ${score.emergence} on, scored at layer ${target.card.layer}`,
              ),
            ]),
      ];
    return made;
  }
}
