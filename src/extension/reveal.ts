import { Range, Selection, TabInputWebview, type TextEditor, TextEditorRevealType, Uri, ViewColumn, window, workspace } from "vscode";
import { ProblemError } from "../protocol/index.js";
import { noRun } from "./errors.js";
import { fileState, hasTextRanges } from "./fileState.js";
import { indexOfRow, placeOf } from "./rowIndex.js";
import type { RowSource } from "./rowSource.js";
import { rowUri } from "./rowView.js";

/**
 * The group to open a file in: where it is visible already, else beside the panel that asks, never on top of it.
 * @param panel the asking panel's group; a click in a webview makes its group the active one only later
 */
export function columnFor(uri: Uri, panel = activePanel()): ViewColumn {
  const visible = window.visibleTextEditors.find((e) => e.document.uri.toString() === uri.toString());
  if (visible?.viewColumn) return visible.viewColumn;
  const others = window.tabGroups.all.filter((group) => group.viewColumn !== panel);
  const free = others.find((group) => !(group.activeTab?.input instanceof TabInputWebview)) ?? others[0];
  return free?.viewColumn ?? (panel === undefined ? ViewColumn.One : ViewColumn.Beside);
}

function activePanel(): ViewColumn | undefined {
  const group = window.tabGroups.activeTabGroup;
  return group.activeTab?.input instanceof TabInputWebview ? group.viewColumn : undefined;
}

/** Opens the file of a row at the row's exact range; says when the file is no longer what the audit read. */
export async function revealRow(session: RowSource, row: number, keepFocus: boolean, panel?: ViewColumn): Promise<TextEditor> {
  const view = session.view;
  if (!view) throw noRun();
  const index = indexOfRow(view.rows, row);
  if (index < 0) throw new ProblemError({ code: "row/unknown", message: `The run has no row ${row + 1}.` });
  const place = placeOf(view.rows, index);
  const path = session.files[place.file];
  if (!path) throw new ProblemError({ code: "row/unknown", message: `Row ${row + 1} names a file that the run does not have.` });
  const file = Uri.file(path);
  const state = await fileState(view.result.dataset);
  if (state === "gone") {
    throw new ProblemError({
      code: "row/file-gone",
      message: `${path} can no longer be read.`,
      hint: "Put the file back, or run the audit again on its new place.",
      where: { file: path },
    });
  }
  if (!(await hasTextRanges(path))) {
    const shown = await workspace.openTextDocument(rowUri(session, row));
    return window.showTextDocument(shown, { preserveFocus: keepFocus, preview: true, viewColumn: columnFor(shown.uri, panel) });
  }
  const document = await workspace.openTextDocument(file);
  const range = document.validateRange(new Range(place.startLine, place.startColumn, place.endLine, place.endColumn));
  const editor = await window.showTextDocument(document, { preserveFocus: keepFocus, preview: true, viewColumn: columnFor(file, panel) });
  editor.selection = new Selection(range.start, range.end);
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
  if (state !== "same") {
    const what = state === "unsaved" ? "has unsaved changes" : "has changed since the audit";
    void window.showWarningMessage(`The file ${what}; row ${row + 1} was at line ${place.startLine + 1} then. Run the audit again to get the lines right.`);
  }
  return editor;
}
