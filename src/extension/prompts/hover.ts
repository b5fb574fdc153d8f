import { type Disposable, Hover, type HoverProvider, languages, MarkdownString, type Position, type TextDocument, Uri } from "vscode";
import { readSettings } from "../settings.js";
import { CURVE, curveSvg, curveText, dataUri } from "./curveSvg.js";
import type { PromptDocuments } from "./documents.js";
import type { Target } from "./profiles.js";
import { rowName, verdictOf } from "./sentences.js";
import { severityOf } from "./severity.js";
import { lookOf, rangeOf, rowPlace, tellingRows } from "./shown.js";
import { freshScore, isQuiet, type PromptAt } from "./state.js";

/** The only commands a hover may run. */
const ALLOWED = ["layerscope.promptActions", "layerscope.showTokenHeat", "layerscope.showPromptInPanel"];

/** What is known of the prompt under the pointer: the curve over the layers, the nearest rows, where to go on. */
export class PromptHovers implements HoverProvider {
  private readonly listening: Disposable;

  constructor(private readonly documents: PromptDocuments) {
    this.listening = languages.registerHoverProvider([{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }], this);
  }

  provideHover(document: TextDocument, position: Position): Hover | undefined {
    const one = this.documents.of(document);
    const prompt = this.documents.at(document, document.offsetAt(position));
    if (!one?.target || !prompt || isQuiet(prompt) || !freshScore(prompt)) return undefined;
    return new Hover(hoverText(document.uri, prompt, one.target), rangeOf(document, { from: prompt.found.start, to: prompt.found.end }));
  }

  dispose(): void {
    this.listening.dispose();
  }
}

/** No text of the prompt or of a row goes in: numbers, names of models and lines alone, each escaped. */
export function hoverText(uri: Uri, prompt: PromptAt, target: Target): MarkdownString {
  const score = freshScore(prompt);
  const text = new MarkdownString(undefined, true);
  text.isTrusted = { enabledCommands: ALLOWED };
  if (!score) return text;
  // A diagnostic says its sentence and its rows in the same hover, above: the curve comes next, before the hover's own end has to be scrolled to.
  const told = severityOf(score, target.card, readSettings(uri).prompts) !== "none";
  if (!told) text.appendMarkdown("**Layerscope** · ").appendText(verdictOf(score, target.card)).appendMarkdown("\n\n");
  if (score.curve.length > 1)
    text.appendMarkdown(
      `![${curveText(score.curve)}](${dataUri(curveSvg(score, target.card.threshold, lookOf()))}|width=${CURVE.width},height=${CURVE.height})\n\n`,
    );
  const rows = tellingRows(prompt, 3).map((row) => {
    const place = rowPlace(target, row);
    const label = `${rowName(row)} (${row.unsafe ? "unsafe" : "safe"})`;
    return place ? `[${label}](${place.uri.with({ fragment: `L${place.line + 1}` }).toString()})` : label;
  });
  if (rows.length > 0 && !told) text.appendMarkdown(`Nearest rows: ${rows.join(", ")}\n\n`);
  const to = (command: string, label: string) =>
    `[${label}](${Uri.parse(`command:${command}?${encodeURIComponent(JSON.stringify([uri.toString(), prompt.found.start]))}`)})`;
  text.appendMarkdown(
    `${to("layerscope.showTokenHeat", "Token heat")} · ${to("layerscope.showPromptInPanel", "Show in panel")} · ${to("layerscope.promptActions", "More…")}\n\n`,
  );
  const { calibration, auroc } = target.card;
  const ece = calibration.ece === null ? "" : `, expected calibration error ${calibration.ece.toFixed(2)} on ${calibration.rows} held-out rows`;
  text.appendText(
    `Profile: ${auroc === null ? "no AUROC" : `AUROC ${auroc.toFixed(2)}`}${ece}. ${score.tokens} tokens${score.truncated ? ", cut" : ""}. Evidence about geometry, no proof of safety.`,
  );
  return text;
}
