import type { Node, Tensor } from "../graph.js";
import { packed } from "./decode.js";
import { unreadable } from "./errors.js";
import type { Matrix } from "./fold.js";
import type { Stored } from "./stored.js";

/** Tensors of a block-quantised product. */
export interface BlockWeight {
  readonly node: Node;
  readonly weight: Tensor;
  readonly scales: Tensor;
  readonly zeros?: Tensor;
}

/**
 * com.microsoft MatMulNBits: rows of K numbers in blocks of `block_size`, `bits` each, low bits first; value =
 * (q - zero) * scale, zero = 2^(bits-1) unless given (packed like the numbers, each row from a fresh byte; or as floats).
 * @returns [N, K], that is [out, in], or some of its rows
 */
export function blockMatrix(stored: Stored, { node, weight, scales, zeros }: BlockWeight, rows?: { from: number; to: number }): Matrix {
  const number = (name: string, otherwise = 0) => node.attributes.get(name)?.int ?? otherwise;
  const [n, k, bits, block] = [number("N"), number("K"), number("bits", 4), number("block_size")];
  const blocks = Math.ceil(k / block);
  const rowBytes = (blocks * block * bits) / 8;
  const [from, to] = [rows?.from ?? 0, rows?.to ?? n];
  const fail = (why: string): never => {
    throw unreadable(stored.file, weight.name, why);
  };
  if (![2, 4, 8].includes(bits) || n <= 0 || k <= 0 || block <= 0) fail(`${bits} bits in blocks of ${block} are not read`);
  if (scales.dims.reduce((a, b) => a * b, 1) !== n * blocks) fail("it has another number of scales than of blocks");
  const raw = stored.bytes(weight, from * rowBytes, to * rowBytes);
  const scale = stored.numbers(scales);
  const zero = zeros ? zeroPoints(stored, zeros, n, blocks, bits) : undefined;
  const middle = 2 ** (bits - 1);
  const data = new Float32Array((to - from) * k);
  for (let r = from; r < to; r++)
    for (let b = 0; b < blocks; b++) {
      const s = scale[r * blocks + b]!;
      const z = zero ? zero[r * blocks + b]! : middle;
      const start = ((r - from) * rowBytes * 8) / bits + b * block;
      for (let i = 0; i < block && b * block + i < k; i++) data[(r - from) * k + b * block + i] = (packed(raw, start + i, bits) - z) * s;
    }
  return { dims: [to - from, k], data };
}

function zeroPoints(stored: Stored, zeros: Tensor, n: number, blocks: number, bits: number): Float32Array {
  // Floats are points of their own (lossless conversions of other formats).
  if (zeros.type !== 2) return stored.numbers(zeros);
  const raw = stored.bytes(zeros);
  const rowBytes = Math.ceil((blocks * bits) / 8);
  return Float32Array.from({ length: n * blocks }, (_, i) => packed(raw, (Math.floor(i / blocks) * rowBytes * 8) / bits + (i % blocks), bits));
}

/**
 * com.microsoft GatherBlockQuantized: a table quantised along its last axis; int4/uint4, or uint8 that holds two numbers.
 * @returns [rows, width]
 */
export function blockTable(stored: Stored, { node, weight, scales, zeros }: BlockWeight, rows?: { from: number; to: number }): Matrix {
  const number = (name: string, otherwise = 0) => node.attributes.get(name)?.int ?? otherwise;
  const [bits, block] = [number("bits", 4), number("block_size", 128)];
  // The table itself may be stored in any shape; its scales have a row for each of its rows.
  const [count = 0] = scales.dims;
  const bytewise = weight.type === 2 && bits < 8;
  const width = (weight.dims.reduce((a, b) => a * b, 1) * (bytewise ? 8 / bits : 1)) / count;
  const [from, to] = [rows?.from ?? 0, rows?.to ?? count];
  const blocks = Math.ceil(width / block);
  const scale = stored.numbers(scales);
  if (scale.length !== count * blocks) throw unreadable(stored.file, weight.name, "it has another number of scales than of blocks");
  if (number("gather_axis") !== 0 || ![-1, 1].includes(number("quantize_axis", 1)))
    throw unreadable(stored.file, weight.name, "it is not quantised along its rows");
  const values = bytewise ? undefined : stored.numbers({ ...weight, dims: [count, width] }, { from, to });
  const raw = bytewise ? stored.bytes(weight, (from * width * bits) / 8, (to * width * bits) / 8) : undefined;
  const zero = zeros ? (zeros.type === 2 && bits < 8 ? zeroPoints(stored, zeros, count, blocks, bits) : stored.numbers(zeros)) : undefined;
  // Without zero points uint8 is centred, as in MatMulNBits; the other kinds start at zero.
  const middle = weight.type === 2 ? 2 ** (bits - 1) : 0;
  const data = new Float32Array((to - from) * width);
  for (let i = 0; i < data.length; i++) {
    const row = from + Math.floor(i / width);
    const b = row * blocks + Math.floor((i % width) / block);
    data[i] = ((raw ? packed(raw, i, bits) : values![i]!) - (zero?.[b] ?? middle)) * scale[b]!;
  }
  return { dims: [to - from, width], data };
}
