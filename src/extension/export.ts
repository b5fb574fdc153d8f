import { basename, dirname, extname } from "node:path";
import { env, Uri, window, workspace } from "vscode";
import type { ComparePanelMethods, PanelMethods } from "../protocol/index.js";
import { besideDataset } from "./audits.js";
import type { Comparison } from "./comparison.js";
import type { EngineClient } from "./engineClient.js";
import { noRun } from "./errors.js";
import type { Session } from "./session.js";

type Wish = PanelMethods["run.export"]["params"];

const NAMES = { json: "JSON", csv: "CSV", svg: "SVG pictures", html: "HTML report" } as const;

/** Writes a run where the user says. Row text is in it only when it was asked for, and is never in JSON's summary otherwise. */
export async function exportRun(engine: EngineClient, session: Session, wish: Wish): Promise<void> {
  if (!session.folder || session.state.phase !== "done") throw noRun();
  const stem = `${basename(session.source.dataset, extname(session.source.dataset))}-audit`;
  if (wish.format === "svg") return savePictures(besideDataset(session), stem, wish.svgs ?? {});
  const target = await window.showSaveDialog({
    defaultUri: Uri.joinPath(besideDataset(session), `${stem}.${wish.format}`),
    filters: { [NAMES[wish.format]]: [wish.format] },
    saveLabel: "Export",
  });
  if (!target) return;
  const { content } = await engine.ask("run.export", {
    folder: session.folder,
    format: wish.format,
    withText: wish.withText,
  });
  await workspace.fs.writeFile(target, Buffer.from(content, "utf8"));
  await offerToOpen(target, wish.format === "html");
}

async function savePictures(folder: Uri, stem: string, svgs: Readonly<Record<string, string>>): Promise<void> {
  const pictures = Object.entries(svgs);
  if (pictures.length === 0) throw noRun();
  const single = pictures.length === 1;
  const target = single
    ? await window.showSaveDialog({ defaultUri: Uri.joinPath(folder, `${stem}.svg`), filters: { SVG: ["svg"] }, saveLabel: "Export" })
    : (await window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, openLabel: "Export Pictures Here", defaultUri: folder }))?.[0];
  if (!target) return;
  for (const [id, svg] of pictures) {
    // A picture's id (`concept-depth/curve`) becomes a plain file name, whatever it holds.
    const file = single ? target : Uri.joinPath(target, `${stem}-${id.replace(/[^a-z0-9]+/gi, "-")}.svg`);
    await workspace.fs.writeFile(file, Buffer.from(svg, "utf8"));
  }
  await offerToOpen(target, false);
}

async function offerToOpen(target: Uri, outside: boolean): Promise<void> {
  const open = "Open";
  if ((await window.showInformationMessage(`Exported to ${basename(target.fsPath)}.`, open)) !== open) return;
  if (outside) await env.openExternal(target);
  else await window.showTextDocument(target).then(undefined, () => env.openExternal(target));
}

/** A comparison, compared anew for the export: it is stored nowhere. */
export async function exportComparison(engine: EngineClient, comparison: Comparison, wish: ComparePanelMethods["compare.export"]["params"]): Promise<void> {
  const view = comparison.compared;
  if (!view) throw noRun();
  const { path } = view.result.dataset;
  const stem = `${basename(path, extname(path))}-compare`;
  const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file(dirname(path));
  if (wish.format === "svg") return savePictures(folder, stem, wish.svgs ?? {});
  const target = await window.showSaveDialog({
    defaultUri: Uri.joinPath(folder, `${stem}.${wish.format}`),
    filters: { [NAMES[wish.format]]: [wish.format] },
    saveLabel: "Export",
  });
  if (!target) return;
  const { content } = await engine.ask("compare.export", {
    folders: comparison.runs.map((run) => run.folder),
    shown: view.shown,
    format: wish.format,
    withText: wish.withText,
  });
  await workspace.fs.writeFile(target, Buffer.from(content, "utf8"));
  await offerToOpen(target, wish.format === "html");
}

/** The same from the command palette: format and row text are asked. */
export async function askExport(): Promise<Wish | undefined> {
  const format = await window.showQuickPick(
    (["html", "json", "csv"] as const).map((f) => ({ label: NAMES[f], format: f })),
    { title: "Export Run", placeHolder: "Format" },
  );
  if (!format) return undefined;
  const text = await window.showQuickPick(
    [
      { label: "Without row text", detail: "Rows by number and line only", withText: false },
      { label: "With row text", detail: "The texts of the dataset are written into the export", withText: true },
    ],
    { title: "Export Run", placeHolder: "May the export hold the texts of the rows?" },
  );
  return text && { format: format.format, withText: text.withText };
}
