import { stat } from "node:fs/promises";
import { commands, Uri, type ViewColumn } from "vscode";
import { type PanelImage, ProblemError } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import { noRun } from "./errors.js";
import { columnFor, revealRow } from "./reveal.js";
import { indexOfRow } from "./rowIndex.js";
import type { RowSource } from "./rowSource.js";

/** A folder of images has no lines to go to: its rows are files. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

/** Where a row is to be seen: its line in the file, or its image where the dataset is a folder. */
export async function openRow(engine: EngineClient, source: RowSource, row: number, keepFocus: boolean, panel?: ViewColumn): Promise<void> {
  if (await isFolder(source.source.dataset)) await openImage(engine, source, row, keepFocus, panel);
  else await revealRow(source, row, keepFocus, panel);
}

/** Pictures of rows for the panel; where their files lie is not told to it. */
export async function rowImages(engine: EngineClient, session: RowSource, rows: readonly number[], side: number): Promise<PanelImage[]> {
  const found = await ask(engine, session, rows, side);
  return found.map(({ path: _path, ...shown }) => shown);
}

/** Opens the image file of a row in VS Code's own viewer. */
export async function openImage(engine: EngineClient, session: RowSource, row: number, keepFocus: boolean, panel?: ViewColumn): Promise<void> {
  const [image] = await ask(engine, session, [row], 0);
  if (!image?.path) throw new ProblemError({ code: "row/no-image", message: `Row ${row + 1} has no image: ${image?.fault ?? "the run has no such row"}.` });
  const uri = Uri.file(image.path);
  await commands.executeCommand("vscode.open", uri, { preserveFocus: keepFocus, preview: true, viewColumn: columnFor(uri, panel) });
}

async function ask(engine: EngineClient, session: RowSource, rows: readonly number[], side: number) {
  const { view } = session;
  if (!view) throw noRun();
  const { path, options, sha256 } = view.result.dataset;
  // Only rows that the panel was given; it names ids, never places.
  const known = rows.filter((row) => indexOfRow(view.rows, row) >= 0);
  return known.length === 0 ? [] : engine.ask("rows.image", { path, options, sha256, rows: known, side });
}
