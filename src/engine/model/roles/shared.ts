import type { Links } from "../links.js";
import { attentionIn } from "./attention.js";
import { columnsTo } from "./columns.js";
import type { Numbers } from "./numbers.js";
import type { Part } from "./parts.js";
import { beforeRounding, onlyProduct, originsOf, type Product } from "./products.js";
import { inWidth, outWidth } from "./widths.js";

/** An output projection that attention and MLP share: W · concat(attention, MLP), as in ViT-22B's and Flux's single blocks. */
export interface Shared {
  readonly product: Product;
  /** Operands of the concatenation. */
  readonly attention: number;
  readonly mlp: number;
  readonly attentionFirst: boolean;
}

/** Columns [from, to) of a shared projection that one part goes through. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const BETWEEN = new Set(["Cast", "Identity", "Dropout", "Reshape"]);

/** Outputs that one projection may have; more are traced for nothing (CWE-400). */
const LONGEST = 262_144;

/** The shared projection at the end of a branch that attends, if it is one. */
export function sharedIn(links: Links, ends: readonly number[], stop: ReadonlySet<number>): Shared | undefined {
  const product = onlyProduct(originsOf(links, ends, stop));
  if (!product) return undefined;
  let v = beforeRounding(links, product.input);
  for (let steps = 0; steps < 6 && BETWEEN.has(links.op(v)); steps++) v = links.inputs[links.maker[v]!]![0]!;
  const n = links.maker[v] ?? -1;
  // Features are the last axis of [batch, tokens, features].
  if (n < 0 || links.nodes[n]!.op !== "Concat" || ![-1, 2].includes(links.nodes[n]!.attributes.get("axis")?.int ?? 0)) return undefined;
  const operands = links.inputs[n]!;
  const attends = operands.map((one) => attentionIn(links, [one], stop) !== undefined);
  if (operands.length !== 2 || attends[0] === attends[1]) return undefined;
  const [attention, mlp] = attends[0] ? [operands[0]!, operands[1]!] : [operands[1]!, operands[0]!];
  return originsOf(links, [mlp], stop).products.length > 0 ? { product, attention, mlp, attentionFirst: attends[0]! } : undefined;
}

/** The columns of a part that shares its projection, where the widths follow from the graph. */
export function spanOf(links: Links, numbers: Numbers, part: Part, stop: ReadonlySet<number>): Span | undefined {
  const { shared } = part;
  const total = shared && inWidth(links, shared.product);
  if (!shared || total === undefined) return undefined;
  const widths = originsOf(links, [shared.mlp], stop).products.map((product) => {
    const out = outWidth(links, product);
    return out === undefined || out > LONGEST ? undefined : columnsTo(links, numbers, links.outputs[product.node]![0]!, out, shared.mlp)?.last;
  });
  const [mlp] = widths;
  if (mlp === undefined || widths.some((width) => width !== mlp) || mlp <= 0 || mlp >= total) return undefined;
  const first = (part.kind === "attention") === shared.attentionFirst;
  const size = part.kind === "attention" ? total - mlp : mlp;
  return first ? { from: 0, to: size } : { from: total - size, to: total };
}
