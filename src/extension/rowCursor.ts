import { Disposable, type TextEditor, window } from "vscode";
import type { AuditPanel } from "./panel.js";
import { rowAt } from "./rowIndex.js";

/** Tells the panels which row lies under the cursor of the editor that shows their dataset. */
export function followCursor(panels: () => Iterable<AuditPanel>): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let told: AuditPanel | undefined;
  const look = (editor: TextEditor | undefined) => {
    if (!editor) return;
    const path = editor.document.uri.fsPath;
    let active: AuditPanel | undefined;
    for (const panel of panels()) {
      const file = panel.shows.files.indexOf(path);
      const rows = panel.shows.view?.rows;
      if (file < 0 || !rows || editor.document.uri.scheme !== "file") continue;
      const { line, character } = editor.selection.active;
      panel.markRow(rowAt(rows, file, line, character));
      active = panel;
    }
    if (told && told !== active) told.markRow(null);
    told = active;
  };
  const soon = (editor: TextEditor | undefined) => {
    clearTimeout(timer);
    timer = setTimeout(() => look(editor), 60);
  };
  return Disposable.from(
    window.onDidChangeTextEditorSelection((e) => soon(e.textEditor)),
    window.onDidChangeActiveTextEditor(soon),
    new Disposable(() => clearTimeout(timer)),
  );
}
