import type { RuntimeTensor } from "../model/runtime.js";

/** A tensor that a server gave, its numbers as float32 or, of integers, as they are. */
export interface GivenTensor {
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | readonly number[];
}

export interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const DATATYPES: Readonly<Record<RuntimeTensor["type"], string>> = {
  float32: "FP32",
  float16: "FP16",
  float64: "FP64",
  int64: "INT64",
  int32: "INT32",
  bool: "BOOL",
  uint8: "UINT8",
};

export const datatypeOf = (tensor: RuntimeTensor): string => DATATYPES[tensor.type];

/** An answer that is not what the protocol says. */
export class WrongAnswer extends Error {}

/**
 * The body of an inference request; with `binary` tensors follow the JSON as little-endian bytes and are wanted so, too.
 * (Open Inference Protocol v2, binary tensor data extension.)
 */
export function encodeRequest(id: string, inputs: ReadonlyMap<string, RuntimeTensor>, outputs: readonly string[], binary: boolean): Body {
  const buffers: Buffer[] = [];
  const described = [...inputs].map(([name, tensor]) => {
    const head = { name, shape: tensor.dims, datatype: datatypeOf(tensor) };
    if (!binary) return { ...head, data: jsonData(tensor) };
    const { buffer, byteOffset, byteLength } = tensor.data;
    buffers.push(Buffer.from(buffer, byteOffset, byteLength));
    return { ...head, parameters: { binary_data_size: byteLength } };
  });
  const head = Buffer.from(
    JSON.stringify({ id, inputs: described, outputs: outputs.map((name) => (binary ? { name, parameters: { binary_data: true } } : { name })) }),
  );
  if (!binary) return { headers: { "content-type": "application/json" }, body: head };
  return {
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(head.length) },
    body: Buffer.concat([head, ...buffers]),
  };
}

function jsonData({ type, data }: RuntimeTensor): (number | boolean)[] {
  if (type === "float16") return Array.from(data as Uint16Array, fromHalf);
  if (type === "bool") return Array.from(data as Uint8Array, (value) => value !== 0);
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/**
 * Reads an answer, whichever form its tensors have.
 * @param length of the JSON head, where binary tensors follow
 * @throws WrongAnswer
 */
export function decodeAnswer(body: Buffer, length: string | undefined): { id?: string; outputs: Map<string, GivenTensor> } {
  const end = length === undefined ? body.length : Number(length);
  if (!Number.isSafeInteger(end) || end < 2 || end > body.length) throw new WrongAnswer("a head of another length than it says");
  const json = parse(body.subarray(0, end).toString("utf8"));
  const { id, outputs } = (json ?? {}) as { id?: unknown; outputs?: unknown };
  if (!Array.isArray(outputs)) throw new WrongAnswer("an answer without outputs");
  let at = end;
  const found = new Map<string, GivenTensor>();
  for (const output of outputs as Record<string, unknown>[]) {
    const { name, datatype, shape, data, parameters } = output ?? {};
    if (typeof name !== "string" || typeof datatype !== "string" || !isShape(shape)) throw new WrongAnswer("an output without name, type or shape");
    const count = shape.reduce((n, size) => n * size, 1);
    const size = (parameters as { binary_data_size?: unknown } | null | undefined)?.binary_data_size;
    if (size === undefined || (data !== undefined && data !== null)) {
      const numbers = flat(data, count);
      found.set(name, { datatype, shape, data: /^(FP|BF)/.test(datatype) ? Float32Array.from(numbers) : numbers });
    } else {
      if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || at + size > body.length)
        throw new WrongAnswer("binary tensors of another length than it says");
      found.set(name, { datatype, shape, data: fromBytes(body.subarray(at, at + size), datatype, count) });
      at += size;
    }
  }
  if (at !== body.length && length !== undefined) throw new WrongAnswer("more bytes than its tensors have");
  return { ...(typeof id === "string" ? { id } : {}), outputs: found };
}

const MOST_AXES = 8;
const isShape = (shape: unknown): shape is number[] =>
  Array.isArray(shape) && shape.length <= MOST_AXES && shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);

/** Lists in lists are allowed, and null stands for what JSON has no word for. */
function flat(data: unknown, count: number): number[] {
  if (!Array.isArray(data)) throw new WrongAnswer("an output without numbers");
  const out: number[] = [];
  const walk = (list: readonly unknown[], depth: number) => {
    for (const value of list) {
      if (Array.isArray(value) && depth < MOST_AXES) walk(value, depth + 1);
      else if (typeof value === "number") out.push(value);
      else if (value === null) out.push(Number.NaN);
      else throw new WrongAnswer("an output of something else than numbers");
      if (out.length > count) throw new WrongAnswer("more numbers than its shape has");
    }
  };
  walk(data, 1);
  if (out.length !== count) throw new WrongAnswer(`${out.length} numbers where its shape has ${count}`);
  return out;
}

function fromBytes(bytes: Buffer, datatype: string, count: number): Float32Array | number[] {
  const widths: Readonly<Record<string, number>> = { FP32: 4, FP64: 8, FP16: 2, INT64: 8, INT32: 4 };
  const width = widths[datatype];
  if (width === undefined) throw new WrongAnswer(`an output of type ${datatype.slice(0, 16)}`);
  if (bytes.length !== width * count) throw new WrongAnswer(`${bytes.length} bytes where its shape has ${width * count}`);
  // A copy of its own: the typed arrays need aligned bytes.
  const { buffer } = Uint8Array.from(bytes);
  if (datatype === "FP32") return new Float32Array(buffer);
  if (datatype === "FP64") return Float32Array.from(new Float64Array(buffer));
  if (datatype === "FP16") return Float32Array.from(new Uint16Array(buffer), fromHalf);
  return datatype === "INT64" ? Array.from(new BigInt64Array(buffer), Number) : Array.from(new Int32Array(buffer));
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Python writes NaN and Infinity bare, which is no JSON; both are read as not a number. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (word) => (word.startsWith('"') ? word : "null")));
    } catch {
      throw new WrongAnswer("no JSON");
    }
  }
}
