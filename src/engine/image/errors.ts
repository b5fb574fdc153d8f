import type { ProblemError } from "../../protocol/index.js";
import { problem } from "../errors.js";

export const badProcessor = (file: string, what: string, hint = "Get the file again from where the model comes from."): ProblemError =>
  problem("image/processor", `${file} cannot be followed: ${what}.`, { hint, where: { file } });

export const sizesDiffer = (file: string, made: string, wanted: string): ProblemError =>
  problem("image/size", `${file} makes images of ${made} pixels; the graph takes ${wanted}.`, {
    hint: "The file belongs to another export; put the one of this model in its folder.",
    where: { file },
  });

export const readsText = (model: string): ProblemError =>
  problem("image/model-reads-text", `The dataset holds images; the model ${model} has no input for pixels.`, {
    hint: "Choose a vision encoder (ViT, CLIP, SigLIP, DINOv2, …), or a dataset of texts.",
  });

export const readsImages = (model: string): ProblemError =>
  problem("image/dataset-has-none", `The model ${model} reads images; the dataset names none.`, {
    hint: "Choose a folder whose two subfolders are the classes, or a file with a column of image paths beside the images.",
  });

export const noDecoder = (details: string): ProblemError =>
  problem("image/no-decoder", `Images cannot be decoded here: the library for it does not start on ${process.platform}-${process.arch}.`, {
    hint: "Datasets of texts are not concerned. Install the package that was made for this platform; from a clone, run npm install again.",
    details,
  });

export const noImageRuns = (path: string, reasons: string): ProblemError =>
  problem("image/none-usable", `None of the dataset's images could be run: ${reasons}.`, {
    hint: "Check the files in an image viewer.",
    where: { file: path },
  });

/** Why an image of a row cannot be run. */
export type ImageFault =
  | "image-none"
  | "image-missing"
  | "image-outside"
  | "image-absolute"
  | "image-address"
  | "image-large"
  | "image-format"
  | "image-broken";

export const FAULTS: Readonly<Record<ImageFault, string>> = {
  "image-none": "no image is named",
  "image-missing": "the image is not there",
  "image-outside": "the image lies outside the dataset's folder, where nothing is opened",
  "image-absolute": "the image is named by an absolute path, which is not followed",
  "image-address": "the image is a web address; nothing is downloaded",
  "image-large": "the image has more than 64 million pixels or 64 MB",
  "image-format": "the image is no JPEG, PNG, WebP, GIF, TIFF or AVIF",
  "image-broken": "the image is damaged",
};
