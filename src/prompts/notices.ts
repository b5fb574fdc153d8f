import type { Notice } from "../protocol/index.js";
import { LARGEST_FILE, LONGEST_PARSE } from "./limits.js";
import { DEEPEST } from "./tree/mirror.js";

const size = (n: number) => `${(n / 1e6).toFixed(1)} MB`;

export const tooLarge = (characters: number): Notice => ({
  code: "prompts/too-large",
  message: `The file has ${size(characters)}; files above ${size(LARGEST_FILE)} are not searched for prompts.`,
});
export const isBinary = (): Notice => ({ code: "prompts/binary", message: "The file holds binary data; it was not searched for prompts." });
export const isMinified = (): Notice => ({ code: "prompts/minified", message: "The file is minified; it was not searched for prompts." });
export const tookTooLong = (): Notice => ({
  code: "prompts/slow",
  message: `Reading the file took longer than ${LONGEST_PARSE / 1000} s and was given up; it was not searched for prompts.`,
});
export const tooDeep = (): Notice => ({ code: "prompts/deep", message: `What is nested deeper than ${DEEPEST} levels was not searched for prompts.` });
export const unreadable = (line: number, column: number): Notice => ({
  code: "prompts/syntax",
  message: `Line ${line + 1} cannot be read; the rest of the file was searched for prompts.`,
  where: { line, column },
});
