import { type Uri, window } from "vscode";
import { needsLocalFile, notADataset, tooManyFiles } from "./errors.js";
import { isFolder } from "./images.js";
import { DATASET_EXTENSIONS, pickDataset } from "./questions.js";

/** The files that an audit is asked for: those selected, the one that was clicked first; else the one that is open, else the user's choice. */
export async function chosenFiles(file?: Uri, selected?: readonly Uri[]): Promise<readonly Uri[]> {
  const files =
    selected && selected.length > 1
      ? selected
      : [file ?? window.activeTextEditor?.document.uri ?? (await pickDataset(undefined, "Audit Alignment"))].filter((f) => f !== undefined);
  if (files.length > 2) throw tooManyFiles(files.length);
  for (const f of files) await checkDataset(f);
  return file ? [...files].sort((a, b) => Number(b.fsPath === file.fsPath) - Number(a.fsPath === file.fsPath)) : files;
}

/** @throws Problem when this is nothing that can be read as a dataset */
export async function checkDataset(uri: Uri): Promise<void> {
  if (uri.scheme !== "file") throw needsLocalFile();
  // What a folder holds is for the engine to say.
  if (await isFolder(uri.fsPath)) return;
  const extension = /\.([^./\\]+)$/.exec(uri.fsPath)?.[1]?.toLowerCase() ?? "";
  if (!DATASET_EXTENSIONS.includes(extension)) throw notADataset(uri.fsPath.replace(/^.*[\\/]/, ""), DATASET_EXTENSIONS);
}
