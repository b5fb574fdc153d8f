import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type AuditView, decodeView, encodeView } from "../../protocol/index.js";
import { problem, rawText } from "../errors.js";
import { DISK, type Disk, replaceFile } from "./disk.js";

/** A run is a folder: plan.json and log.jsonl from its first moment, result.json (the report) and view.json (pictures and rows) at its end. No row text in any. */
export async function saveView(folder: string, view: AuditView, disk: Disk = DISK): Promise<void> {
  replaceFile(disk, join(folder, "view.json"), JSON.stringify(encodeView(view)));
  // Last: a run with a result is whole.
  replaceFile(disk, join(folder, "result.json"), JSON.stringify(view.result, null, 1));
}

export const isFinished = (folder: string): boolean => existsSync(join(folder, "result.json"));

/** A view of 100,000 rows and 32 layers is about 60 MB. */
const MAX_VIEW_BYTES = 512 * 1024 * 1024;

export async function openView(folder: string): Promise<AuditView> {
  const path = join(folder, "view.json");
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw problem("runs/missing", found ? `${basename(folder)} is a file; a run is a folder.` : `There is no folder ${basename(folder)}.`, {
      hint: "`layerscope audit FILE --model DIR --run FOLDER` leaves a run in a folder.",
      where: { file: folder },
    });
  if (!(await stat(path).catch(() => undefined)))
    throw problem("runs/unreadable", `The folder ${basename(folder)} holds no finished run.`, { hint: "Run the audit again.", where: { file: folder } });
  try {
    if ((await stat(path)).size > MAX_VIEW_BYTES) throw new RangeError("larger than any run");
    return decodeView(JSON.parse(await readFile(path, "utf8"))).view;
  } catch (error) {
    throw problem("runs/unreadable", `The run ${basename(folder)} cannot be opened: its results are missing, cut off, or made by a newer Layerscope.`, {
      hint: "Run the audit again.",
      details: rawText(error),
    });
  }
}
