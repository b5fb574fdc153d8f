import { basename } from "node:path";
import { problem } from "../errors.js";

export const notARun = (folder: string) =>
  problem("resume/none", `The folder ${basename(folder)} holds no run that could go on.`, {
    hint: "A run is a folder that `layerscope audit FILE --model DIR --run FOLDER` has left.",
    where: { file: folder },
  });

/** @param what `The model`, `The dataset`, … */
export const changedSince = (folder: string, what: string) =>
  problem("resume/changed", `${what} is no longer what this run began with, so it cannot go on: its first rows and its last would not belong together.`, {
    hint: "Run the audit again from its beginning.",
    where: { file: folder },
  });

export const madeByNewer = (folder: string) =>
  problem("resume/newer", `The run ${basename(folder)} was begun by a newer Layerscope.`, {
    hint: "Go on with that version, or run the audit again.",
    where: { file: folder },
  });

export const runIsHeld = (folder: string) =>
  problem("resume/held", `The run ${basename(folder)} is under way in another window or terminal.`, {
    hint: "Wait for it to end, or cancel it there.",
    where: { file: folder },
  });
