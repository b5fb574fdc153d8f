import type { ProblemError } from "../../protocol/index.js";
import { problem } from "../errors.js";

/** Every refusal of the export, in one place. */

export const alreadyThere = (path: string): ProblemError =>
  problem("serving/exists", `${path} is there already and is not overwritten.`, {
    hint: "Name another folder with --out or another model with --name, or replace it with --force.",
    where: { file: path },
  });

export const notOurs = (path: string): ProblemError =>
  problem("serving/not-ours", `${path} was not written by export-model, so --force does not replace it.`, {
    hint: "Move it away, or name another folder with --out.",
    where: { file: path },
  });

export const notInsideModel = (path: string): ProblemError =>
  problem("serving/inside", `${path} is the model's own folder.`, { hint: "Name a folder elsewhere with --out.", where: { file: path } });

export const badName = (name: string): ProblemError =>
  problem("serving/name", `${JSON.stringify(name)} cannot be the name of a served model.`, {
    hint: "Lower-case letters, digits and hyphens, at most 63 of them, beginning and ending with a letter or digit.",
  });

export const cannotLink = (file: string, code: string): ProblemError =>
  problem("serving/link", `${file} cannot be linked into the export (${code}).`, {
    hint: "Hard links need one disk, and a file system that has them. Leave out --link to copy the weights.",
    where: { file },
  });

export const cannotWrite = (folder: string, code: string): ProblemError =>
  problem("serving/write", `${folder} cannot be written (${code}).`, { hint: "Check its rights and the room on its disk.", where: { file: folder } });

export const differs = (model: string, distance: number): ProblemError =>
  problem(
    "serving/differs",
    `The exported graph of ${model} does not compute what the model does (relative difference ${distance.toPrecision(2)}); nothing was kept.`,
    {
      hint: "Please report this with the model's card; `layerscope card MODEL` prints it.",
    },
  );

export const nothingToGive = (): ProblemError =>
  problem("serving/taps", "--taps names nothing to give out.", { hint: "`residual` for the layers, or patterns that `layerscope taps MODEL` lists." });
