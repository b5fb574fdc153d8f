import { TYPES } from "../model/onnx.js";
import type { ServedTensor } from "./graph.js";

export interface TritonWish {
  readonly name: string;
  readonly inputs: readonly ServedTensor[];
  readonly outputs: readonly ServedTensor[];
  /** Rows that a batch may have; 0 = the batch is no axis of its own (the export insists on a shape). */
  readonly maxBatch: number;
  readonly instances: number;
  readonly parameters: Readonly<Record<string, string>>;
}

const NAMES: Readonly<Record<string, string>> = {
  float32: "FP32",
  float64: "FP64",
  float16: "FP16",
  int64: "INT64",
  int32: "INT32",
  uint8: "UINT8",
  bool: "BOOL",
};

/** A datatype as the Open Inference Protocol writes it. */
export const datatypeOf = (type: number): string => NAMES[TYPES.get(type)?.name ?? ""] ?? "FP32";

/** Text of Triton's model configuration (protobuf text format, message ModelConfig). */
export function tritonConfig({ name, inputs, outputs, maxBatch, instances, parameters }: TritonWish): string {
  // With a batch size above 0 the first axis is implied and left out of dims.
  const dims = (shape: readonly number[]) => `[ ${(maxBatch > 0 ? shape.slice(1) : shape).join(", ")} ]`;
  const tensor = ({ name: own, type, shape }: ServedTensor) =>
    `  {\n    name: ${quoted(own)}\n    data_type: TYPE_${datatypeOf(type)}\n    dims: ${dims(shape)}\n  }`;
  const list = (key: string, tensors: readonly ServedTensor[]) => `${key} [\n${tensors.map(tensor).join(",\n")}\n]`;
  return [
    `name: ${quoted(name)}`,
    `platform: "onnxruntime_onnx"`,
    `backend: "onnxruntime"`,
    `max_batch_size: ${maxBatch}`,
    list("input", inputs),
    list("output", outputs),
    // Only requests of one length are joined, which costs nothing in accuracy; rows of one that must be alone are never joined.
    ...(maxBatch > 1 ? ["dynamic_batching {\n  max_queue_delay_microseconds: 500\n}"] : []),
    `instance_group [\n  {\n    count: ${instances}\n    kind: KIND_AUTO\n  }\n]`,
    "version_policy: { latest: { num_versions: 1 } }",
    ...Object.entries(parameters).map(([key, value]) => `parameters {\n  key: ${quoted(key)}\n  value: { string_value: ${quoted(value)} }\n}`),
    "",
  ].join("\n");
}

/** A string of protobuf's text format. */
const quoted = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => (byte < 32 || byte > 126 || byte === 34 || byte === 92 ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte))).join("")}"`;
