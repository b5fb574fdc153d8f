import {
  CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  type Disposable,
  languages,
  Position,
  type Range,
  type TextDocument,
  WorkspaceEdit,
} from "vscode";
import type { PromptDocuments } from "./documents.js";
import { ignoreComment } from "./ignoreComment.js";
import { rangeOf } from "./shown.js";
import { isQuiet, type PromptAt } from "./state.js";

/** What can be done about a prompt where it stands. */
export class PromptFixes implements CodeActionProvider {
  private readonly listening: Disposable;

  constructor(private readonly documents: PromptDocuments) {
    this.listening = languages.registerCodeActionsProvider([{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }], this, {
      providedCodeActionKinds: [CodeActionKind.QuickFix],
    });
  }

  provideCodeActions(document: TextDocument, range: Range, context: { diagnostics: readonly { source?: string }[] }): CodeAction[] {
    const prompt = this.documents.at(document, document.offsetAt(range.start));
    if (!prompt || isQuiet(prompt) || !prompt.score) return [];
    const own = context.diagnostics.filter(({ source }) => source === "Layerscope") as CodeAction["diagnostics"];
    const made = (title: string, command: string): CodeAction => {
      const action = new CodeAction(title, CodeActionKind.QuickFix);
      action.command = { command, title, arguments: [document.uri, prompt.found.start] };
      if (own?.length) action.diagnostics = own;
      return action;
    };
    const edit = ignoreEdit(document, prompt);
    const ignore = edit && new CodeAction("Layerscope: ignore this prompt (comment)", CodeActionKind.QuickFix);
    if (ignore) Object.assign(ignore, { edit, ...(own?.length && { diagnostics: own }) });
    return [
      ...(ignore ? [ignore] : []),
      made("Layerscope: add this prompt to the baseline", "layerscope.addToBaseline"),
      made("Layerscope: show this prompt in the panel", "layerscope.showPromptInPanel"),
      made("Layerscope: show token heat", "layerscope.showTokenHeat"),
      made("Layerscope: copy the evidence", "layerscope.copyPromptEvidence"),
    ];
  }

  dispose(): void {
    this.listening.dispose();
  }
}

/** The comment on a line of its own above the prompt; undefined where the language has no comments. */
export function ignoreEdit(document: TextDocument, prompt: PromptAt): WorkspaceEdit | undefined {
  const comment = ignoreComment(document.languageId, document.uri.path, prompt.found.shape);
  if (!comment) return undefined;
  const { start } = rangeOf(document, { from: prompt.found.start, to: prompt.found.end });
  const indent = /^\s*/.exec(document.lineAt(start.line).text)?.[0] ?? "";
  const edit = new WorkspaceEdit();
  edit.insert(document.uri, new Position(start.line, 0), `${indent}${comment}${document.eol === 2 ? "\r\n" : "\n"}`);
  return edit;
}
