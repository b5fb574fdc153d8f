import { type DecorationOptions, Disposable, EventEmitter, MarkdownString, type TextDocument, type TextEditorDecorationType, window } from "vscode";
import { HEAT_METHODS, type HeatMethod, type PromptHeat } from "../../protocol/index.js";
import type { EngineClient } from "../engineClient.js";
import type { PromptDocuments } from "./documents.js";
import { hotSpans, LEVELS, strongest } from "./heatLevels.js";
import { rangeOf } from "./shown.js";
import type { PromptAt } from "./state.js";

const NAMES: Readonly<Record<HeatMethod, string>> = { direction: "probe direction", occlusion: "occlusion" };
const WHAT: Readonly<Record<HeatMethod, string>> = {
  direction: "each token's own state along the probe's direction; one run of the model",
  occlusion: "how the score changes when the token is left out; one run a token",
};

interface Hot {
  readonly document: TextDocument;
  readonly method: HeatMethod;
  /** The prompt that the colours are of, and where it stood last. */
  hash: string;
  start: number;
  heat?: PromptHeat;
}

/** Each token's part in a prompt's score, as colours in the editor: on request, one prompt a document, gone with the next edit until it is computed again. */
export class TokenHeat {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly hot = new Map<string, Hot>();
  private readonly types = new Map<number, TextEditorDecorationType>();
  private readonly listening: Disposable;

  constructor(
    private readonly engine: EngineClient,
    private readonly documents: PromptDocuments,
  ) {
    this.listening = Disposable.from(
      this.changed,
      documents.onDidChange(({ document }) => void this.follow(document).catch(() => this.clear(document))),
      documents.onDidForget((document) => this.clear(document)),
      window.onDidChangeVisibleTextEditors(() => this.draw()),
      window.onDidChangeActiveColorTheme(() => this.draw()),
    );
  }

  /** Asks which method, unless it is named. */
  async show(document: TextDocument, prompt: PromptAt, method?: HeatMethod): Promise<void> {
    const now = this.hot.get(document.uri.toString());
    const chosen =
      method ??
      (
        await window.showQuickPick(
          HEAT_METHODS.map((one) => ({
            label: NAMES[one],
            detail: WHAT[one],
            ...(now?.method === one && now.hash === prompt.hash && { description: "shown now" }),
            method: one,
          })),
          { title: "Token Heat", placeHolder: "How each token's part in the score is measured" },
        )
      )?.method;
    if (!chosen) return;
    const hot: Hot = { document, method: chosen, hash: prompt.hash, start: prompt.found.start };
    this.hot.set(document.uri.toString(), hot);
    await this.compute(hot, prompt);
  }

  clear(document?: TextDocument): void {
    if (document) this.hot.delete(document.uri.toString());
    else this.hot.clear();
    this.draw();
    this.changed.fire();
  }

  /** What the colours over a prompt mean; undefined where there are none. */
  legendFor(document: TextDocument, prompt: PromptAt): string | undefined {
    const hot = this.hot.get(document.uri.toString());
    if (!hot || hot.hash !== prompt.hash) return undefined;
    if (!hot.heat || prompt.standing === "stale") return "$(sync) token heat…";
    return `heat by ${NAMES[hot.method]}: orange, solid line = towards unsafe; blue, dashed = towards safe; strongest ${strongest(hot.heat).toPrecision(2)}`;
  }

  /** Tests look at what is drawn. */
  spansOf(document: TextDocument): ReturnType<typeof hotSpans> {
    const hot = this.hot.get(document.uri.toString());
    const prompt = hot && this.documents.of(document)?.prompts.find((p) => p.hash === hot.hash && p.standing === "fresh");
    return hot?.heat && prompt ? hotSpans(prompt.found, hot.heat) : [];
  }

  dispose(): void {
    this.listening.dispose();
    for (const type of this.types.values()) type.dispose();
  }

  private async compute(hot: Hot, prompt: PromptAt): Promise<void> {
    const target = this.documents.of(hot.document)?.target;
    if (!target) return this.clear(hot.document);
    delete hot.heat;
    hot.hash = prompt.hash;
    this.draw();
    this.changed.fire();
    const ask = { key: prompt.hash, text: prompt.found.text, role: prompt.found.role };
    const heat = await this.engine.ask("prompts.heat", { use: target.use, prompt: ask, method: hot.method }, undefined, { patient: true });
    if (this.hot.get(hot.document.uri.toString()) !== hot || hot.hash !== prompt.hash) return;
    hot.heat = heat;
    this.draw();
    this.changed.fire();
  }

  /** After an edit the colours go; once the new text has its score they are computed for it. */
  private async follow(document: TextDocument): Promise<void> {
    const hot = this.hot.get(document.uri.toString());
    if (!hot) return;
    const prompts = this.documents.of(document)?.prompts ?? [];
    const same = prompts.find((prompt) => prompt.hash === hot.hash && Math.abs(prompt.found.start - hot.start) < 2000);
    const near =
      same ??
      prompts.reduce<PromptAt | undefined>(
        (best, p) => (best && Math.abs(best.found.start - hot.start) <= Math.abs(p.found.start - hot.start) ? best : p),
        undefined,
      );
    if (!near) return this.clear(document);
    hot.start = near.found.start;
    if (near.standing === "fresh" && near.hash !== hot.hash) await this.compute(hot, near);
    else this.draw();
  }

  private draw(): void {
    for (const editor of window.visibleTextEditors) {
      const byLevel = new Map<number, DecorationOptions[]>();
      const hot = this.hot.get(editor.document.uri.toString());
      for (const { from, to, level, value } of this.spansOf(editor.document)) {
        const hoverMessage = new MarkdownString().appendText(
          `${value > 0 ? "+" : "−"}${Math.abs(value).toPrecision(2)} towards ${value > 0 ? "unsafe" : "safe"}, by ${NAMES[hot?.method ?? "direction"]}`,
        );
        byLevel.set(level, [...(byLevel.get(level) ?? []), { range: rangeOf(editor.document, { from, to }), hoverMessage }]);
      }
      for (const level of new Set([...this.types.keys(), ...byLevel.keys()])) editor.setDecorations(this.typeOf(level), byLevel.get(level) ?? []);
    }
  }

  /** Colour by side and size; a solid or dashed line under it says the side again. */
  private typeOf(level: number): TextEditorDecorationType {
    const known = this.types.get(level);
    if (known) return known;
    const rgb = level > 0 ? "214, 112, 16" : "38, 110, 205";
    const colour = (least: number, most: number) => `rgba(${rgb}, ${(least + ((most - least) * Math.abs(level)) / LEVELS).toFixed(2)})`;
    const made = window.createTextEditorDecorationType({
      light: { backgroundColor: colour(0.1, 0.45) },
      dark: { backgroundColor: colour(0.15, 0.7) },
      // Above the text: below it lie the marks of diagnostics.
      borderStyle: level > 0 ? "solid" : "dashed",
      borderWidth: `${Math.abs(level) > LEVELS / 2 ? 2 : 1}px 0 0 0`,
      borderColor: `rgb(${rgb})`,
      overviewRulerColor: `rgba(${rgb}, 0.8)`,
    });
    this.types.set(level, made);
    return made;
  }
}
