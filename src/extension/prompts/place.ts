import { commands, Range, type TextDocument, Uri, window, workspace } from "vscode";
import { ProblemError } from "../../protocol/index.js";
import type { DocumentPrompts, PromptDocuments } from "./documents.js";
import type { PromptAt } from "./state.js";

/** A prompt that a command is about. */
export interface Meant {
  readonly document: TextDocument;
  readonly prompt: PromptAt;
  readonly one: DocumentPrompts;
}

/**
 * The prompt a command means: the one that begins at an offset of a document, else the one under the cursor.
 * @throws ProblemError `prompts/none-here`
 */
export async function meant(documents: PromptDocuments, uri?: Uri | string, start?: number): Promise<Meant> {
  const target = typeof uri === "string" ? Uri.parse(uri) : uri;
  const editor = window.activeTextEditor;
  const document = target ? await workspace.openTextDocument(target) : editor?.document;
  // The command may come sooner after the last keystroke than the reading does.
  if (document) await documents.caughtUp(document);
  const one = document && documents.of(document);
  const offset = start ?? (editor && editor.document === document ? document.offsetAt(editor.selection.active) : undefined);
  const prompt =
    document && one && offset !== undefined ? (one.prompts.find(({ found }) => found.start === start) ?? documents.at(document, offset)) : undefined;
  if (!document || !one || !prompt)
    throw new ProblemError({
      code: "prompts/none-here",
      message: "There is no prompt at the cursor.",
      hint: "Put the cursor into a prompt; the Prompts view lists them all.",
    });
  return { document, prompt, one };
}

/** Opens a document at a prompt. */
export async function revealPrompt(uri: Uri, start: number, end: number): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const selection = new Range(document.positionAt(start), document.positionAt(end));
  await commands.executeCommand("vscode.open", uri, { selection, preview: true });
}
