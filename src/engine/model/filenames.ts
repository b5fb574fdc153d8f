import { basename } from "node:path";

/** Which file of a model is taken by itself: full precision first, the closest to it next (design: shown and changeable). */
const ORDER = [/^model$/, /^encoder_model$/, /^decoder_model$/, /^decoder_model_merged$/, /fp16|float16/, /q4|int4|bnb4/, /quantized|int8|uint8/];

const PRECISIONS: readonly [RegExp, string][] = [
  [/q4f16/i, "int4 weights, float16"],
  [/q4|int4|bnb4/i, "int4 weights"],
  [/quantized|int8|uint8|q8/i, "int8"],
  [/bf16|bfloat16/i, "bfloat16"],
  [/fp16|float16/i, "float16"],
  [/fp32|float32|^(model|encoder_model|decoder_model|decoder_model_merged)$/i, "float32"],
];

const stem = (file: string) => basename(file).replace(/\.onnx$/i, "");

/** Sorts .onnx files so that the one that is taken by itself comes first. */
export function byPreference(a: string, b: string): number {
  const rank = (file: string) => {
    const at = ORDER.findIndex((pattern) => pattern.test(stem(file)));
    return at < 0 ? ORDER.length : at;
  };
  return rank(a) - rank(b);
}

/** What a file's name says of its numbers; empty when nothing. Only the graph knows. */
export const precisionByName = (file: string): string => PRECISIONS.find(([pattern]) => pattern.test(stem(file)))?.[1] ?? "";

/** External data by the exporters' conventions, beside `model`: `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`, `model.data`. */
export const isDataOf = (model: string, name: string): boolean =>
  name !== model &&
  (name.startsWith(`${model}_data`) ||
    name.startsWith(`${model}.data`) ||
    [".data", ".weights"].some((end) => name === `${model.replace(/\.onnx$/i, "")}${end}`));
