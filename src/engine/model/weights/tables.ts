import type { Links } from "../links.js";
import { type Product, productAt } from "../roles/products.js";
import { weightBehind } from "../roles/statics.js";
import type { Taps } from "../taps.js";
import { type Norm, normOf } from "./norms.js";

/** A table that the stream's start is looked up in or added from. */
export interface Table {
  readonly role: "embedding" | "positional" | "token_type" | "patch_embedding" | "class_token";
  /** The table operand; or for blocks of integers the node that looks up. */
  readonly value: number;
  readonly node: number;
  readonly blocks: boolean;
  readonly bias?: number;
}

export interface Start {
  readonly tables: readonly Table[];
  /** A projection between the tables and the stream (ALBERT, OPT-350M). */
  readonly projection?: Product;
  readonly norm?: Norm;
}

const MOST = 400;

/** What the embedding state is made from: looked-up tables, positions added, patches of pixels. */
export function startOf(links: Links, taps: Taps): Start {
  const start = taps.values[0]!;
  const tables: Table[] = [];
  let projection: Product | undefined;
  const seen = new Set<number>();
  const stack = [start];
  const add = (table: Omit<Table, "blocks"> & { blocks?: boolean }) => {
    if (!tables.some((one) => one.value === table.value)) tables.push({ blocks: false, ...table });
  };
  for (let steps = 0; stack.length > 0 && steps < MOST; steps++) {
    const v = stack.pop()!;
    const stored = !links.dynamic[v] && weightBehind(links, v);
    if (stored) {
      // A table that is added as it is, or cut to the length: learned positions, or the class token of an image.
      const width = stored.dims[stored.dims.length - 1];
      const rows = stored.dims.slice(0, -1).reduce((n, dim) => n * dim, 1);
      if (stored.dims.length >= 2 && width === (taps.width ?? width)) add({ role: rows > 1 ? "positional" : "class_token", value: v, node: -1 });
      continue;
    }
    const n = links.maker[v] ?? -1;
    if (n < 0 || seen.has(n)) continue;
    seen.add(n);
    const node = links.nodes[n]!;
    const inputs = links.inputs[n]!;
    const [a = -1, b = -1] = inputs;
    if (node.op === "EmbedLayerNormalization") {
      add({ role: "embedding", value: inputs[2]!, node: n });
      if ((inputs[3] ?? -1) >= 0) add({ role: "positional", value: inputs[3]!, node: n });
      if ((inputs[4] ?? -1) >= 0) add({ role: "token_type", value: inputs[4]!, node: n });
      continue;
    }
    if ((node.op === "Gather" || node.op === "GatherBlockQuantized") && weightBehind(links, a)?.dims.length) {
      if (weightBehind(links, a)!.dims.length >= 2)
        add({ role: lookup(links, b, weightBehind(links, a)!.dims[0]!), value: a, node: n, blocks: node.op !== "Gather" });
      continue;
    }
    if (node.op === "Slice" && !links.dynamic[a] && weightBehind(links, a)) {
      stack.push(a);
      continue;
    }
    if (node.op === "Conv") {
      add({ role: "patch_embedding", value: b, node: n, bias: (inputs[2] ?? -1) >= 0 ? inputs[2] : undefined });
      continue;
    }
    const product = productAt(links, n);
    if (product) {
      projection ??= product;
      stack.push(product.input);
      continue;
    }
    if (/^(Where|Reduce|Shape|Pow|Sqrt|Range|Equal|CumSum)/.test(node.op) && node.op !== "Where") continue;
    for (const input of node.op === "Expand" || node.op === "Reshape" ? [a] : inputs) if (input >= 0) stack.push(input);
  }
  return { tables, projection, norm: normOf(links, start) };
}

const PASS = new Set(["Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Clip", "Where", "Flatten", "Max", "Min"]);

/** What a table is looked up by: the ids that are fed, the kinds of segments, or positions that are counted. */
function lookup(links: Links, indices: number, rows: number): Table["role"] {
  let v = indices;
  for (let step = 0; step < 12 && v >= 0; step++) {
    const n = links.maker[v] ?? -1;
    if (n < 0) break;
    if (!PASS.has(links.nodes[n]!.op)) return rows <= FEW ? "token_type" : "positional";
    const inputs = links.inputs[n]!;
    v =
      links.nodes[n]!.op === "Where"
        ? (inputs.slice(1).find((input) => links.dynamic[input]) ?? -1)
        : (inputs.find((input) => input >= 0 && links.dynamic[input]) ?? inputs[0]!);
  }
  const name = links.names[v] ?? "";
  if (!links.dynamic[v]) return rows <= FEW ? "token_type" : "positional";
  if (/token_type|segment/.test(name)) return "token_type";
  return /position/.test(name) ? "positional" : "embedding";
}

/** Kinds of segments; positions are more. */
const FEW = 16;
