import { type Analysis, analyse } from "../analysis.js";
import { locateWeights, tensorBytes } from "../external.js";
import { LIMITS } from "../limits.js";
import { TYPES } from "../onnx.js";
import { structureOf } from "../roles/index.js";
import { Numbers } from "../roles/numbers.js";
import { staticDims, weightBehind } from "../roles/statics.js";
import { inWidth, outWidth } from "../roles/widths.js";
import type { ByteSource } from "../source.js";
import { noSuchWeight, weightMissing, weightTooLarge } from "./errors.js";
import { listRoles, type Role } from "./list.js";
import { tensorsOf } from "./matrices.js";
import type { RangeFile } from "./ranges.js";
import { matrixOf } from "./read.js";
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
    const { columns } = role;
    const [out, inside] = [role.rows?.length ?? outWidth(links, role.product), columns ? columns.to - columns.from : inWidth(links, role.product)];
    return out === undefined || inside === undefined ? undefined : [out, inside];
  }
  const dims = staticDims(links, value) ?? weightBehind(links, value)?.dims;
  if (!dims) return undefined;
  const total = dims.reduce((n, dim) => n * dim, 1);
  if (role.vector !== undefined) return [role.rows?.length ?? total];
  if (role.table!.role === "patch_embedding") return [dims[0]!, total / dims[0]!];
  if (role.table!.blocks) {
    const node = links.nodes[role.table!.node]!;
    const bits = node.attributes.get("bits")?.int ?? 4;
    const count = weightBehind(links, links.inputs[role.table!.node]![2]!)?.dims[0] ?? dims[0]!;
    // Bytes that hold several numbers each.
    const each = weightBehind(links, value)?.type === 2 && bits < 8 ? 8 / bits : 1;
    return [count, (total * each) / count];
  }
  const width = dims[dims.length - 1]!;
  return [total / width, width];
}

/** Names with their block numbers folded. */
function namesOf(names: readonly string[]): string {
  return [...new Set(names.map((name) => name.replace(/^blocks\.\d+\./, "blocks.N.")))].join(", ");
}
