import type { ProblemError } from "../../protocol/index.js";
import { problem } from "../errors.js";
import { named } from "./errors.js";
import { count, oneName, quoted } from "./say.js";

const WAYS = "Layerscope looks for a folder whose two subfolders are the classes, or a file with a column of image paths beside the images.";

export const noImages = (path: string, holds: string): ProblemError =>
  problem("data/no-images", `The folder ${named(path)} holds no images in subfolders: ${holds}.`, { hint: WAYS, where: { file: path } });

export const flatFolder = (path: string, images: number, list: string | undefined): ProblemError =>
  problem("data/no-subfolders", `The folder ${named(path)} holds ${count(images, "image")} and no subfolders, which would name the classes.`, {
    hint: list
      ? `The file ${oneName(list)} in it may name their classes: audit that file.`
      : "Sort them into two subfolders, or set this folder against another one: --contrast FOLDER.",
    where: { file: path },
  });

export const oneSubfolder = (path: string, name: string, images: number): ProblemError =>
  problem("data/one-class", `The folder ${named(path)} has one subfolder with images, ${oneName(name)} (${count(images, "image")}); two classes are needed.`, {
    hint: "Put the other class into a subfolder beside it.",
    where: { file: path },
  });

export const manySubfolders = (path: string, names: readonly string[]): ProblemError =>
  problem(
    "data/many-subfolders",
    `The folder ${named(path)} has ${names.length.toLocaleString("en")} subfolders with images (${quoted(names, 4)}); an audit compares two.`,
    {
      hint: "Name them with --unsafe NAME and --safe NAME, once for each; with --concept they are not read as unsafe and safe.",
      where: { file: path },
    },
  );

export const tooManyImages = (path: string, most: number): ProblemError =>
  problem("data/too-many-rows", `The folder ${named(path)} holds more than ${most.toLocaleString("en")} files.`, {
    hint: "Copy a sample of its images into another folder.",
    where: { file: path },
  });

/** A column of image names none of which leads to a file that may be opened. */
export const imagesNotFound = (path: string, column: string, why: string): ProblemError =>
  problem("data/images-not-found", `The column ${oneName(column)} of ${named(path)} names images, but ${why}.`, {
    hint: "Put the images into the file's own folder or one below it, and name them by paths from there.",
    where: { file: path },
  });
