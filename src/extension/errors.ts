import { type Problem, ProblemError } from "../protocol/index.js";

const say = (code: string, message: string, hint?: string, details?: string): Problem => ({
  code,
  message,
  ...(hint && { hint }),
  ...(details && { details }),
});

export const engineNotStarted = (node: string, details: string): Problem =>
  say("engine/not-started", "The engine could not be started.", `Check that ${node} exists and may be run (setting layerscope.nodePath).`, details);

export const engineTooSlow = (seconds: number): Problem =>
  say("engine/no-answer", `The engine did not answer within ${seconds} seconds of its start.`, "Run “Layerscope: Restart Engine”; the log has what it wrote.");

export const engineCrashed = (how: string, details?: string): Problem =>
  say(
    "engine/crashed",
    `The engine ended unexpectedly (${how}).`,
    "A new one is started by itself; run the audit again. The log has the last lines it wrote.",
    details,
  );

export const engineKilled = (residentMb: number | undefined): Problem =>
  say(
    "engine/killed",
    `The engine was ended from outside${residentMb ? ` while it held ${residentMb} MB of memory` : ""}; most often the system does so when memory runs out.`,
    "Choose a smaller or quantized file of the model, or close other programs, then run the audit again.",
  );

export const engineProtocol = (reason: string): Problem =>
  say("engine/protocol", `The engine sent ${reason}.`, "After an update, reload the window so that both sides are of one version.");

export const engineGaveUp = (restarts: number): Problem =>
  say(
    "engine/gave-up",
    `The engine ended ${restarts + 1} times within 3 minutes and is not started again by itself.`,
    "Run “Layerscope: Restart Engine” to try again; the log has the last lines it wrote.",
  );

export const engineReplaced: Problem = say("engine/replaced", "The engine was ended to cancel a run; ask again.");
export const engineStopped: Problem = say("engine/stopped", "The engine was stopped.");
export const cancelled: Problem = say("run/cancelled", "Cancelled.");

export const panelRefused = (reason: string): ProblemError =>
  new ProblemError(say("panel/refused", `The panel asked for something that is not allowed: ${reason}.`));
export const noRun = (): ProblemError =>
  new ProblemError(say("run/none", "There is no finished run to do that with.", "Wait for the audit to end, or run it again."));

export const interrupted = (state: string, message?: string): Problem =>
  say(
    `run/${state}`,
    message ?? (state === "interrupted" ? "This audit was interrupted before it ended." : `This audit was ${state}.`),
    state === "interrupted" && message ? undefined : "Run it again",
  );

export const needsLocalFile = (): ProblemError =>
  new ProblemError(say("data/not-local", "This file does not lie on this machine's disk.", "Save a copy in a local folder and audit that one."));
export const notADataset = (name: string, known: readonly string[]): ProblemError =>
  new ProblemError(
    say("data/extension", `${name} is not a dataset file that can be read.`, `Files that can: ${known.map((e) => `.${e}`).join(", ")}; or a folder of images.`),
  );
export const noColumns = (): ProblemError =>
  new ProblemError(
    say("data/no-columns", "A folder of images has no columns: its subfolders are the classes.", "Audit a file that names the images to choose columns."),
  );
export const tooManyFiles = (count: number): ProblemError =>
  new ProblemError(say("data/too-many-files", `${count} files are selected.`, "Select one file, or two to set them against each other."));

/** A question left unanswered, or a picker closed: nothing more to say. */
export class Dismissed extends Error {}
