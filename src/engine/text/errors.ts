import { basename } from "node:path";
import { problem } from "../errors.js";

export const noTokenizer = (folder: string) =>
  problem("tokenizer/missing", `There is no tokenizer.json in ${basename(folder)} or one folder above the model.`, {
    hint: "Put the model's tokenizer.json (from its Hugging Face page) beside the .onnx file or one folder above it.",
    where: { file: folder },
  });

export const badTokenizer = (file: string, reason: string, details?: string) =>
  problem("tokenizer/unreadable", `${basename(file)} cannot be used as a tokenizer: ${reason}.`, {
    hint: "Download tokenizer.json again from the page of the model that the .onnx file was exported from.",
    where: { file },
    details,
  });

export const foreignTokenizer = (file: string, id: number, rows: number) =>
  problem("tokenizer/foreign", `The tokenizer gives token ${id}, but the model's embedding has only ${rows} rows: they do not belong together.`, {
    hint: "Put the tokenizer.json of this very model beside it.",
    where: { file },
  });

export const noCompletions = (without?: number) =>
  problem(
    "tokens/no-completion",
    without === undefined
      ? "No row has an answer beside its prompt, so there are no completion tokens to pool."
      : `${without} rows have no answer beside their prompt, so their completion tokens cannot be pooled.`,
    { hint: "Read answers as rows with --expand-answers, or pool all tokens with --tokens all." },
  );
