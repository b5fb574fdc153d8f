import type { ProblemError } from "../../protocol/index.js";
import { problem } from "../errors.js";
import { type Machine, noRuntimeFor } from "./platform.js";

/** Every refusal of the model part, in one place, so that the sentences read alike. */

export const malformed = (file: string, offset: number, what: string): ProblemError =>
  problem("model/malformed", `${file} is not a valid ONNX file: ${what} at byte ${offset}.`, {
    hint: "The file is damaged or was written by a broken tool; export or download it again.",
    where: { file },
  });

export const cutOff = (file: string, offset: number, wanted: number): ProblemError =>
  problem("model/cut-off", `${file} is cut off: it ends at byte ${offset}, in the middle of data that goes on to byte ${wanted}.`, {
    hint: "The download or copy did not finish; get the file again.",
    where: { file },
  });

export const notAModel = (file: string, what: string, hint: string): ProblemError =>
  problem("model/not-onnx", `${file} is ${what}, not an ONNX model.`, { hint, where: { file } });

/** A pipe would block whoever opens it for ever, a device never end. */
export const notRegular = (file: string): ProblemError => notAModel(file, "no regular file", "Choose an .onnx file or a folder that holds one.");

export const missingFile = (file: string): ProblemError =>
  problem("model/missing", `There is no file or folder ${file}.`, { hint: "Check the path of the model.", where: { file } });

/** A file that is there and is not given to us. */
export function cannotRead(file: string, error: unknown): ProblemError {
  const code = String((error as { code?: unknown })?.code ?? "");
  if (code === "ENOENT" || code === "ENOTDIR") return missingFile(file);
  const why =
    code === "EACCES" || code === "EPERM"
      ? "permission denied"
      : code === "EMFILE" || code === "ENFILE"
        ? "too many files are open"
        : code || "it cannot be opened";
  return problem("model/unreadable", `${file} cannot be read: ${why}.`, { hint: "Check the rights of the file and of the folders above it.", where: { file } });
}

export const changedMeanwhile = (file: string): ProblemError =>
  problem("model/changed", `${file} was changed while the model was being opened.`, {
    hint: "Wait until it is written or downloaded, then open it again.",
    where: { file },
  });

export const noModelInFolder = (folder: string): ProblemError =>
  problem("model/none-in-folder", `${folder} holds no .onnx file, neither directly nor in a folder named onnx.`, {
    hint: "Choose a folder with onnx/model.onnx or model.onnx, or export the model: optimum-cli export onnx --model NAME FOLDER.",
    where: { file: folder },
  });

export const tooLarge = (file: string, bytes: number): ProblemError =>
  problem("model/too-large", `${file} has ${bytes} bytes; one ONNX file holds at most 2 GiB.`, {
    hint: "Export it with external data (save_as_external_data=True), so that the weights lie in a file of their own.",
    where: { file },
  });

export const overLimit = (file: string, what: string, limit: number): ProblemError =>
  problem("model/limit", `${file} has more than ${limit} ${what}.`, {
    hint: "No transformer needs that many; the file is damaged or hostile.",
    where: { file },
  });

export const badData = (file: string, tensor: string, what: string, hint = "Get the model again, with all of its files."): ProblemError =>
  problem("model/external-data", `The weights of tensor ${JSON.stringify(tensor)} cannot be read: ${what}.`, { hint, where: { file, tensor } });

export const escapes = (file: string, tensor: string, location: string, why: string): ProblemError =>
  problem(
    "model/external-path",
    `The weights of tensor ${JSON.stringify(tensor)} are said to lie in ${JSON.stringify(location)}, ${why}; that is not opened.`,
    {
      hint: "Weights must lie in the model's own folder. If you trust this model, save it again with its weights beside it.",
      where: { file, tensor },
    },
  );

export const unsupported = (file: string, message: string, hint: string): ProblemError => problem("model/unsupported", message, { hint, where: { file } });

export const noStream = (file: string, found: string): ProblemError =>
  problem("model/no-residual-stream", `No residual stream was found in ${file}: ${found}.`, {
    hint: "Layerscope looks at transformers and their relatives, whose blocks add to a running state; this graph has no chain of such additions.",
    where: { file },
  });

export const notOneGrid = (file: string, details: string): ProblemError =>
  problem("model/unsupported", `${file} does not keep the same tokens of an image from layer to layer, or did not run on two trial images.`, {
    hint: "Choose a vision encoder of one grid (ViT, CLIP, SigLIP, DINOv2, BEiT, DeiT); encoders that merge patches between stages are not pooled yet.",
    where: { file },
    details,
  });

export const mixedLengths = (file: string, layer: string, found: string): ProblemError =>
  problem("model/mixed-lengths", `${file} does not keep one state a token: ${layer} has ${found}.`, {
    hint: "Models that merge or pad tokens between blocks (Canine, Funnel, Longformer's padding) cannot be pooled by token; look at another tower (--tower, or “Layerscope: Choose Tower…”), if it has one.",
    where: { file },
  });

export const mixedWidths = (file: string, layer: string, width: number, other: string, otherWidth: number): ProblemError =>
  problem("model/mixed-widths", `${file} changes the width of its stream: ${layer} has ${width} numbers a token, ${other} ${otherWidth}.`, {
    hint: "Layers of different widths are not compared; look at one stage (--tower, or “Layerscope: Choose Tower…”), if it has several.",
    where: { file },
  });

export const noTower = (file: string, name: string, towers: readonly string[]): ProblemError =>
  problem("model/no-tower", `${file} has no residual stream named ${JSON.stringify(name)}; it has ${towers.join("; ")}.`, {
    hint: "Name one of these, or an input that it starts from.",
    where: { file },
  });

/** The native library did not load: why, where the machine tells; the loader's words in any case. */
export function noRuntime(machine: Machine, details: string): ProblemError {
  const known = noRuntimeFor(machine);
  return problem("engine/no-runtime", known?.message ?? "ONNX Runtime's library could not be loaded, so no model can run.", {
    hint: known?.hint ?? "Install the extension's package for this platform again; the log has the loader's own words.",
    details,
  });
}
