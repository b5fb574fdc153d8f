import { CodeLens, type CodeLensProvider, Disposable, EventEmitter, languages, type TextDocument } from "vscode";
import { readSettings } from "../settings.js";
import type { PromptDocuments } from "./documents.js";
import type { TokenHeat } from "./heat.js";
import { lensTitle } from "./sentences.js";
import { rangeOf } from "./shown.js";
import type { PromptAt } from "./state.js";

/** One line over each prompt: its risk and the curve over the layers, or why there is none. A click lists what can be done. */
export class PromptLenses implements CodeLensProvider {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly listening: Disposable;

  constructor(
    private readonly documents: PromptDocuments,
    private readonly heat: Pick<TokenHeat, "legendFor" | "onDidChange">,
  ) {
    this.listening = Disposable.from(
      this.changed,
      documents.onDidChange(() => this.changed.fire()),
      documents.onDidForget(() => this.changed.fire()),
      heat.onDidChange(() => this.changed.fire()),
      languages.registerCodeLensProvider([{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }], this),
    );
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const one = this.documents.of(document);
    if (!one || !readSettings(document.uri).prompts.codeLens) return [];
    return one.prompts.flatMap((prompt) => {
      const range = rangeOf(document, { from: prompt.found.start, to: prompt.found.start });
      const lens = (title: string, command: string, tooltip: string) =>
        new CodeLens(range, { title, command, tooltip, arguments: [document.uri, prompt.found.start] });
      const legend = this.heat.legendFor(document, prompt);
      return [
        lens(lensTitle(prompt).replace(/^(\$\([\w~-]+\)) /, "$1\u00a0"), commandFor(prompt), tooltipFor(prompt)),
        ...(legend
          ? [lens(legend, "layerscope.showTokenHeat", "Choose the other method"), lens("clear heat", "layerscope.clearTokenHeat", "Takes the colours away")]
          : []),
      ];
    });
  }

  dispose(): void {
    this.listening.dispose();
  }
}

function commandFor({ standing }: PromptAt): string {
  if (standing === "untrusted") return "workbench.trust.manage";
  return standing === "no-profile" ? "layerscope.useProfile" : "layerscope.promptActions";
}

function tooltipFor({ standing }: PromptAt): string {
  if (standing === "untrusted") return "Prompts are found in Restricted Mode; no model is run.";
  if (standing === "no-profile") return "Audit a dataset, or choose a profile.";
  return "Probability of lying on the unsafe side, and its curve over the layers. Click for what can be done.";
}
