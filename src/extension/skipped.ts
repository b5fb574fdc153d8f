import { basename } from "node:path";
import { commands, type QuickPickItem, Range, Uri, window } from "vscode";
import { noRun } from "./errors.js";
import { hasTextRanges } from "./fileState.js";
import type { Session } from "./session.js";

type Item = QuickPickItem & { readonly line?: number | undefined; readonly file?: string | undefined };

/** Lists why rows were left out, each with its count; choosing a line of one goes there. */
export async function showSkipped(session: Session): Promise<void> {
  const { view } = session;
  if (!view) throw noRun();
  const path = session.source.dataset;
  const ranged = await hasTextRanges(path).catch(() => false);
  const items = view.result.dataset.skipped.flatMap(({ message, count, byClass, lines, files }): Item[] => [
    {
      label: `${count} ${count === 1 ? "row" : "rows"}: ${message}`,
      description: byClass ? view.result.dataset.classes.map((c, i) => `${c.name} ${byClass[i]}`).join(", ") : "",
      line: lines[0],
      file: files?.[0],
    },
    ...(files ?? []).map((file) => ({ label: `      ${file}`, description: "", file })),
    ...(ranged ? lines.slice(0, 5).map((line) => ({ label: `      line ${line + 1}`, description: "", line })) : []),
  ]);
  if (items.length === 0) return void window.showInformationMessage("No row was left out.");
  const chosen = await window.showQuickPick(items, {
    title: `Rows left out of ${basename(path)}`,
    placeHolder: items.some(({ file }) => file) ? "Choose a file to open it" : ranged ? "Choose a line to go there" : "Why rows were left out",
  });
  if (chosen?.file) return void (await commands.executeCommand("vscode.open", Uri.joinPath(Uri.file(path), chosen.file)));
  if (chosen?.line === undefined || !ranged) return;
  await window.showTextDocument(Uri.file(path), { selection: new Range(chosen.line, 0, chosen.line, 0) });
}
