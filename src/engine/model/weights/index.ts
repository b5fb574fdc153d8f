import { type Analysis, analyse } from "../analysis.js";
import { locateWeights, tensorBytes } from "../external.js";
import type { Tensor } from "../graph.js";
import { LIMITS } from "../limits.js";
import { TYPES } from "../onnx.js";
import { structureOf } from "../roles/index.js";
import { Numbers } from "../roles/numbers.js";
import { staticDims, weightBehind } from "../roles/statics.js";
import { inWidth, outWidth } from "../roles/widths.js";
import type { ByteSource } from "../source.js";
import { blockTable } from "./blocks.js";
import { noSuchWeight, weightMissing, weightTooLarge } from "./errors.js";
import { fold, type Matrix } from "./fold.js";
import { listRoles, type Role } from "./list.js";
import { pickRows, productMatrix, tensorsOf } from "./matrices.js";
import type { RangeFile } from "./ranges.js";
import { Stored } from "./stored.js";

/** A weight by its role: `embedding`, `blocks.3.q`, `blocks.3.down.bias`, `final_norm`, `unembedding`. */
export interface WeightEntry {
  readonly name: string;
  /** [out, in] for projections, [rows, width] for tables, [n] for vectors; where the graph tells. */
  readonly shape?: readonly number[];
  /** As stored: `float32`, `float16`, `int8`, `int4 in blocks of 32`. */
  readonly dtype?: string;
  /** Stored bytes of the tensors it is read from; a packed one is counted whole. */
  readonly bytes?: number;
  /** The graph's own name of the largest of them. */
  readonly tensor?: string;
  /** How it is cut out of a packed projection. */
  readonly note?: string;
  /** "not in this export, because …". */
  readonly missing?: string;
}

export interface WeightReader {
  readonly model: string;
  readonly entries: readonly WeightEntry[];
  /**
   * The numbers as float32, dequantised, row-major as `shape` says: projections [out, in].
   * @param rows only rows [from, to); of tables and unpacked block-quantised or [out, in] weights only their bytes are read
   * @throws Problem `model/no-such-weight`, `model/weight-missing`, `model/weight-too-large`, `model/weight-unreadable`
   */
  read(name: string, rows?: { from: number; to: number }): Float32Array;
  /** Bytes of weights that were read so far. */
  readonly bytesRead: number;
  close(): void;
}

export interface WeightOptions {
  /** Of a graph with several streams: the one to look at, by name. */
  readonly tower?: string;
  /** Of a graph that reads texts and images: the images' tower. */
  readonly images?: boolean;
  /** How weight files are opened; tests count with it. */
  readonly open?: (path: string) => RangeFile;
}

/**
 * The weights of a model by role; found by the graph's structure, read when asked for, at their byte ranges.
 * @param path a folder or an .onnx file
 * @throws Problem of any `model/…` code
 */
export function openWeights(path: string, options: WeightOptions = {}): WeightReader {
  const analysis = analyse(path, options.images, options.tower);
  try {
    return readerOf(analysis, options.open);
  } catch (error) {
    analysis.source.close();
    throw error;
  }
}

function readerOf(analysis: Analysis, open?: (path: string) => RangeFile): WeightReader {
  const { links, taps, model, source } = analysis;
  const stored = new Stored(analysis.place.path, locateWeights(model), source, open);
  const numbers = new Numbers(links, source as ByteSource);
  const roles = new Map(listRoles(links, numbers, taps, structureOf(analysis)).map((role) => [role.name, role]));
  const entries = [...roles.values()].map((role) => entryOf(analysis, role));
  return {
    model: analysis.place.path,
    entries,
    get bytesRead() {
      return stored.bytesRead;
    },
    read(name, rows) {
      const role = roles.get(name);
      if (!role) throw noSuchWeight(analysis.place.path, name, namesOf([...roles.keys()]));
      if (role.missing) throw weightMissing(analysis.place.path, name, role.missing);
      const size = entries.find((entry) => entry.name === name)?.shape?.reduce((n, dim) => n * dim, 1) ?? 0;
      if (!rows && size > LIMITS.weightFloats) throw weightTooLarge(analysis.place.path, name, size);
      return matrixOf(analysis, numbers, stored, role, rows).data;
    },
    close() {
      stored.close();
      source.close();
    },
  };
}

function matrixOf({ links }: Analysis, numbers: Numbers, stored: Stored, role: Role, rows?: { from: number; to: number }): Matrix {
  const some = rows && Array.from({ length: Math.max(0, rows.to - rows.from) }, (_, i) => rows.from + i);
  const chosen = role.rows && some ? some.map((i) => role.rows![i]!) : (role.rows ?? some);
  if (role.vector !== undefined) {
    const { data } = fold(links, numbers, stored, role.vector);
    return pickRows({ dims: [data.length, 1], data }, chosen);
  }
  if (role.table) {
    const { value, node } = role.table;
    const tensor = links.tensor(value);
    if (role.table.blocks) {
      const inputs = links.inputs[node]!;
      const zeros = (inputs[3] ?? -1) >= 0 ? links.tensor(inputs[3]!) : undefined;
      return blockTable(stored, { node: links.nodes[node]!, weight: tensor!, scales: links.tensor(inputs[2]!)!, zeros }, rows);
    }
    const scale = dequantisedLater(links, role);
    if (tensor && !scale && rows) return { dims: [], data: stored.numbers(flat(tensor), rows) };
    const whole = fold(links, numbers, stored, value);
    const data = scale
      ? scaled(
          whole,
          scale.map((v) => (v < 0 ? undefined : fold(links, numbers, stored, v))),
        )
      : whole.data;
    const width = whole.dims[whole.dims.length - 1] ?? 1;
    const dims = role.table.role === "patch_embedding" ? [whole.dims[0]!, data.length / whole.dims[0]!] : [data.length / width, width];
    return pickRows({ dims, data }, chosen);
  }
  const product = role.product!;
  const tensor = links.tensor(product.weight);
  // Rows that lie one after the other are read alone.
  if (
    product.form === "float" &&
    product.outFirst &&
    tensor &&
    chosen &&
    contiguous(chosen) &&
    (links.nodes[product.node]!.attributes.get("alpha")?.float ?? 1) === 1
  )
    return { dims: [], data: stored.numbers(flat(tensor), { from: chosen[0]!, to: chosen[chosen.length - 1]! + 1 }) };
  return pickRows(productMatrix(links, numbers, stored, product), chosen);
}

const contiguous = (rows: readonly number[]): boolean => rows.length > 0 && rows.every((row, i) => row === rows[0]! + i);

/** A tensor as rows: leading axes of one element dropped. */
function flat(tensor: Tensor): Tensor {
  const width = tensor.dims[tensor.dims.length - 1] ?? 1;
  const total = tensor.dims.reduce((n, dim) => n * dim, 1);
  return { ...tensor, dims: [total / width, width] };
}

/** An int8 table is looked up first and dequantised after: scale and zero point of the node that follows. */
function dequantisedLater(links: Analysis["links"], role: Role): number[] | undefined {
  const { value, node } = role.table!;
  const type = links.tensor(value)?.type;
  if (node < 0 || (type !== 2 && type !== 3)) return undefined;
  const [after] = links.readers(links.outputs[node]![0]!).filter((n) => links.nodes[n]!.op === "DequantizeLinear");
  return after === undefined ? undefined : [links.inputs[after]![1]!, links.inputs[after]![2] ?? -1];
}

const scaled = ({ data }: Matrix, [scale, zero]: readonly (Matrix | undefined)[]): Float32Array =>
  data.map((x) => (x - (zero?.data[0] ?? 0)) * (scale?.data[0] ?? 1));

function entryOf({ links }: Analysis, role: Role): WeightEntry {
  const { name, note, missing } = role;
  if (missing) return { name, missing };
  const value = role.product?.weight ?? role.table?.value ?? role.vector!;
  const tensors = role.product ? tensorsOf(links, role.product) : [weightBehind(links, value)].filter((tensor) => tensor !== undefined);
  const [main] = tensors;
  const blocks = role.product?.form === "blocks" ? links.nodes[role.product.node]! : role.table?.blocks ? links.nodes[role.table.node]! : undefined;
  const bits = blocks?.attributes.get("bits")?.int ?? 4;
  const dtype = blocks ? `int${bits} in blocks of ${blocks.attributes.get("block_size")?.int ?? "?"}` : TYPES.get(main?.type ?? 0)?.name;
  return {
    name,
    shape: shapeOf(links, role, value),
    dtype,
    bytes: tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0),
    tensor: main?.name,
    ...(note ? { note } : {}),
  };
}

function shapeOf(links: Analysis["links"], role: Role, value: number): number[] | undefined {
  if (role.product) {
    const [out, inside] = [role.rows?.length ?? outWidth(links, role.product), inWidth(links, role.product)];
    return out === undefined || inside === undefined ? undefined : [out, inside];
  }
  const dims = staticDims(links, value) ?? weightBehind(links, value)?.dims;
  if (!dims) return undefined;
  const total = dims.reduce((n, dim) => n * dim, 1);
  if (role.vector !== undefined) return [role.rows?.length ?? total];
  if (role.table!.role === "patch_embedding") return [dims[0]!, total / dims[0]!];
  if (role.table!.blocks) {
    const scales = links.tensor(links.inputs[role.table!.node]![2]!);
    const perRow = (scales?.dims.slice(1).reduce((n, dim) => n * dim, 1) ?? 1) * (links.nodes[role.table!.node]!.attributes.get("block_size")?.int ?? 128);
    const bytewise = links.tensor(value)?.type === 2 && (links.nodes[role.table!.node]!.attributes.get("bits")?.int ?? 4) < 8;
    const width = (total / dims[0]!) * (bytewise ? 8 / (links.nodes[role.table!.node]!.attributes.get("bits")?.int ?? 4) : 1);
    return [dims[0]!, Math.min(width, perRow)];
  }
  const width = dims[dims.length - 1]!;
  return [total / width, width];
}

/** Names with their block numbers folded. */
function namesOf(names: readonly string[]): string {
  return [...new Set(names.map((name) => name.replace(/^blocks\.\d+\./, "blocks.N.")))].join(", ");
}
