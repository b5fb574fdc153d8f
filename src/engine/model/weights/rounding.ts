import { throwIfAborted } from "../../errors.js";
import type { Analysis } from "../analysis.js";
import { analyse } from "../analysis.js";
import type { Weights } from "../external.js";
import type { Links } from "../links.js";
import { TYPES } from "../onnx.js";
import { structureOf } from "../roles/index.js";
import { Numbers } from "../roles/numbers.js";
import type { Product } from "../roles/products.js";
import { staticDims, weightBehind } from "../roles/statics.js";
import { encodeNumbers } from "./encode.js";
import { unreadable } from "./errors.js";
import { fold } from "./fold.js";
import { listRoles, type Role } from "./list.js";
import { roundChannels } from "./round.js";
import { Stored } from "./stored.js";

/** The linear weights of the blocks, as the papers round them: embeddings, norms, biases and the head stay. */
const LINEAR = /^blocks\.\d+\.((?:cross_)?[qkvo]|gate|up|down)$/;
const FLOATS = new Set([1, 10, 11, 16]);
/** Rounded weights are held in memory, and pass through one protobuf message of at most 2 GiB. */
const MOST_BYTES = 1.5e9;

/** What weight rounding can do to a model. */
export interface RoundingReport {
  /** `q` … `down`: in how many blocks it is rounded, of how many; and why not in the others. */
  readonly roles: readonly { readonly role: string; readonly rounded: number; readonly blocks: number; readonly why?: string }[];
  /** Bytes of the rounded weights. */
  readonly bytes: number;
  /** Why nothing is rounded. */
  readonly why?: string;
}

/** A value of the graph that becomes an initializer. */
export interface Replacement {
  readonly type: number;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

interface Found {
  readonly role: string;
  readonly product?: Product;
  readonly why?: string;
}

/** Which weights of a model can be rounded; none is read. @throws Problem of any `model/…` code */
export function roundingOf(path: string, options: { tower?: string; images?: boolean } = {}): RoundingReport {
  const analysis = analyse(path, options.images, options.tower);
  try {
    return reportOf(analysis.links, linearRoles(analysis));
  } finally {
    analysis.source.close();
  }
}

/**
 * The blocks' linear weights, rounded per output channel (see `roundChannels`) and in their own type of floats, by the name of the value that takes
 * part in the product. @throws Problem `model/weight-unreadable`, `model/weight-too-large`, `run/cancelled`
 */
export async function roundedWeights(analysis: Analysis, weights: Weights, bits: number, signal?: AbortSignal): Promise<Map<string, Replacement>> {
  const { links, source, place } = analysis;
  const found = linearRoles(analysis);
  const { why } = reportOf(links, found);
  if (why) throw unreadable(place.path, found[0]?.role ?? "", why);
  const numbers = new Numbers(links, source);
  const stored = new Stored(place.path, weights, source);
  const out = new Map<string, Replacement>();
  try {
    for (const { product } of found) {
      if (!product || out.has(links.names[product.weight]!)) continue;
      const matrix = fold(links, numbers, stored, product.weight);
      roundChannels(matrix, product.outFirst, bits);
      const type = typeOf(links, product.weight)!;
      out.set(links.names[product.weight]!, { type, dims: matrix.dims, bytes: encodeNumbers(type, matrix.data)! });
      await new Promise((resolve) => setImmediate(resolve));
      throwIfAborted(signal);
    }
  } finally {
    stored.close();
  }
  return out;
}

function linearRoles(analysis: Analysis): Found[] {
  const { links, taps, source } = analysis;
  const roles = listRoles(links, new Numbers(links, source), taps, structureOf(analysis));
  return roles.flatMap((role): Found[] => {
    const name = LINEAR.exec(role.name)?.[1];
    if (!name) return [];
    const why = whyNot(links, role);
    return [{ role: name, ...(why ? { why } : { product: role.product }) }];
  });
}

function whyNot(links: Links, role: Role): string | undefined {
  if (!role.product) return role.missing ?? "not in this export";
  const { form, node, weight } = role.product;
  const behind = weightBehind(links, weight);
  if (form === "blocks") return `the weights are already int${links.nodes[node]!.attributes.get("bits")?.int ?? 4}`;
  if (form === "integer" || !behind || !FLOATS.has(behind.type)) {
    const name = TYPES.get(behind?.type ?? 0)?.name.replace(/^u/, "");
    return name ? `the weights are already ${name}` : "the weights are no stored matrix";
  }
  return FLOATS.has(typeOf(links, weight) ?? 0) ? undefined : "the type of the weights does not follow from the graph";
}

function reportOf(links: Links, found: readonly Found[]): RoundingReport {
  const names = [...new Set(found.map((one) => one.role))];
  const roles = names.map((role) => {
    const own = found.filter((one) => one.role === role);
    const why = own.find((one) => one.why)?.why;
    return { role, rounded: own.filter((one) => one.product).length, blocks: own.length, ...(why ? { why } : {}) };
  });
  const values = new Set(found.flatMap((one) => (one.product ? [one.product.weight] : [])));
  const bytes = [...values].reduce((sum, v) => sum + (staticDims(links, v) ?? []).reduce((n, dim) => n * dim, TYPES.get(typeOf(links, v) ?? 1)?.bytes ?? 4), 0);
  if (values.size === 0) return { roles, bytes, why: roles.length === 0 ? "no linear weight of a block was found" : `not applicable: ${sayRoles(roles)}` };
  if (bytes > MOST_BYTES)
    return { roles, bytes, why: `the rounded weights would take ${(bytes / 1e9).toFixed(1)} GB of memory; up to ${MOST_BYTES / 1e9} GB are rounded` };
  return { roles, bytes };
}

/** "q, k, v: the weights are already int4; up: …" of the roles that are not rounded in every block. */
export function sayRoles(roles: RoundingReport["roles"]): string {
  const by = new Map<string, string[]>();
  for (const { role, why } of roles) if (why) by.set(why, [...(by.get(why) ?? []), role]);
  // One reason for all needs no names.
  if (by.size === 1 && roles.every((one) => one.rounded === 0)) return [...by.keys()][0]!;
  return [...by].map(([why, names]) => `${names.join(", ")}: ${why}`).join("; ");
}

/** TensorProto.DataType of a static value. */
function typeOf(links: Links, v: number, depth = 12): number | undefined {
  const own = links.tensor(v);
  const n = links.maker[v] ?? -1;
  if (own || n < 0 || depth === 0) return own?.type;
  const node = links.nodes[n]!;
  return node.op === "Cast" ? node.attributes.get("to")?.int : typeOf(links, links.inputs[n]![0]!, depth - 1);
}
