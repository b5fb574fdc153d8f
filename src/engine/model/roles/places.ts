import type { TapEntry } from "../../../protocol/index.js";
import type { Config } from "../config.js";
import { fullOp } from "../graph.js";
import type { Links } from "../links.js";
import { stateAfter, type Taps } from "../taps.js";
import { type Ends, endsOf } from "./ends.js";
import { headsOf } from "./heads.js";
import type { Numbers } from "./numbers.js";
import { type BlockParts, type Part, partsOf, type Reading, streamValues } from "./parts.js";
import { onlyProduct, originsOf, type Product, productAt } from "./products.js";
import { spanOf } from "./shared.js";
import { inWidth, outWidth } from "./widths.js";

/** A tap with all that reading it needs. */
export interface Place extends TapEntry {
  readonly reading?: Reading;
  /** What lies along the axes: one vector a token, or attention from token to token. */
  readonly axes: "tokens" | "pattern";
  /** Layers [0, layer] of the stream are computed on the way. */
  readonly layer: number;
}

export interface Structure {
  readonly places: readonly Place[];
  readonly blocks: readonly BlockParts[];
  readonly ends: Ends;
  readonly stop: ReadonlySet<number>;
}

/** Every tap of the chosen tower: found by the graph's structure, or missing with its reason. */
export function findPlaces(links: Links, taps: Taps, config: Config, numbers: Numbers): Structure {
  const stop = streamValues(taps);
  const blocks = taps.blocks.map((block) => partsOf(links, taps.streams, block, stop));
  const ends = endsOf(links, taps);
  const places: Place[] = [];
  const width = taps.width ?? config.hiddenSize;
  const stateShape = ["batch", "tokens", width ?? "width"];
  const found = (name: string, layer: number, reading: Reading, more: Partial<Place> = {}) => {
    const v = reading.plus[0]!;
    const maker = links.maker[v]!;
    places.push({
      name,
      tensor: links.names[v]!,
      op: maker < 0 ? "input" : fullOp(links.nodes[maker]!),
      shape: stateShape,
      axes: "tokens",
      layer,
      reading,
      ...more,
    });
  };
  const missing = (name: string, layer: number, why: string) => places.push({ name, layer, axes: "tokens", missing: `not in this export, because ${why}` });

  found("embed", 0, { plus: [taps.values[0]!] });
  const chain = taps.blocks.flatMap((block) => block.sums);
  let at = 0;
  blocks.forEach(({ block, parts, parallel }, i) => {
    const name = (tap: string) => `blocks.${i}.${tap}`;
    found(name("resid_pre"), i, { plus: [block.start] }, { note: i === 0 ? "the same as embed" : `the same as blocks.${i - 1}.resid_post` });
    const attends = parts.filter((part) => part.kind === "attention");
    if (attends.length === 0) {
      const why = `block ${i} has no attention${parts.some((part) => part.kind === "mixer") ? "; its tokens are mixed by a convolution, a scan or the like (mixer_out)" : ""}`;
      for (const tap of ["attn_head", "attn_pattern", "attn_out"]) missing(name(tap), i, why);
    }
    for (const [k, part] of attends.entries()) attentionPlaces(part, k === 0 ? "" : "cross_", i);
    for (const [k, part] of parts.filter((one) => one.kind === "mixer").entries()) found(name(k === 0 ? "mixer_out" : `mixer_${k + 1}_out`), i, part.reading);
    if (parallel) missing(name("resid_mid"), i, `the attention and the MLP of block ${i} both read resid_pre (parallel); there is no state between them`);
    else if (block.sums.length === 1) missing(name("resid_mid"), i, `block ${i} adds to the stream once`);
    else
      block.sums.slice(0, -1).forEach((_, k) => {
        const v = stateAfter(links, taps.streams, chain, at + k);
        const note = taps.streams.norm[v] ? "after the normalisation that follows the addition (post-norm), as the next part takes it in" : undefined;
        found(name(k === 0 ? "resid_mid" : k === 1 && attends.length > 1 ? "resid_mid_cross" : `resid_mid_${k + 1}`), i, { plus: [v] }, { note });
      });
    const mlps = parts.filter((part) => part.kind === "mlp");
    if (mlps.length === 0) for (const tap of ["mlp_act", "mlp_out"]) missing(name(tap), i, `block ${i} has no MLP of its own`);
    for (const [k, part] of mlps.entries()) mlpPlaces(part, k === 0 ? "mlp" : `mlp_${k + 1}`, i);
    found(name("resid_post"), i + 1, { plus: [block.end] });
    at += block.sums.length;
  });
  const { length } = blocks;
  if (ends.finalNorm === undefined) missing("final_norm", length, ends.finalNormMissing!);
  else found("final_norm", length, { plus: [ends.finalNorm] });
  if (ends.logits === undefined) missing("logits", length, ends.logitsMissing!);
  else
    found("logits", length, { plus: [ends.logits] }, { shape: ["batch", "tokens", outWidth(links, ends.unembedding!) ?? "vocabulary"], note: ends.logitsNote });
  return { places, blocks, ends, stop };

  function attentionPlaces(part: Part, prefix: string, i: number): void {
    const name = (tap: string) => `blocks.${i}.${prefix}${tap}`;
    const attention = part.attention!;
    const product = lastProduct(links, part, stop);
    const size = sizeOf(part, product);
    const heads = headsOf(links, attention, size, numbers, config, stop);
    if (product) {
      const input = part.shared?.attention ?? product.input;
      const direct = onlyAttentionBefore(input, attention.node);
      const shape = ["batch", "tokens", size ?? "heads x head size"];
      found(
        name("attn_head"),
        i,
        { plus: [input] },
        { shape, heads, note: direct ? undefined : "as the output projection takes it in, gated or normalised before" },
      );
    } else missing(name("attn_head"), i, `no single output projection follows the attention of block ${i}`);
    if (attention.pattern === undefined)
      missing(name("attn_pattern"), i, `${fullOp(links.nodes[attention.node]!)} computes the pattern inside one fused operator`);
    else found(name("attn_pattern"), i, { plus: [attention.pattern] }, { shape: ["batch", heads ?? "heads", "tokens", "tokens"], heads, axes: "pattern" });
    if (part.shared) missing(name("attn_out"), i, sharing(i));
    else found(name("attn_out"), i, part.reading, { note: noteOf(part) });
  }

  /** Numbers a token that go into the projection a part ends with. */
  function sizeOf(part: Part, product: Product | undefined): number | undefined {
    if (!part.shared) return product && inWidth(links, product);
    const span = spanOf(links, numbers, part, stop);
    return span && span.to - span.from;
  }

  function onlyAttentionBefore(input: number, node: number): boolean {
    const { products, others } = originsOf(links, [input], stop);
    return products.length === 0 && others.length === 1 && others[0] === node;
  }

  function mlpPlaces(part: Part, mlp: string, i: number): void {
    const name = (tap: string) => `blocks.${i}.${mlp}_${tap}`;
    const product = lastProduct(links, part, stop);
    const size = sizeOf(part, product);
    if (product) found(name("act"), i, { plus: [part.shared?.mlp ?? product.input] }, { shape: ["batch", "tokens", size ?? "MLP width"] });
    else missing(name("act"), i, `the MLP of block ${i} ends in no single down projection: it is split over experts or computed by a fused operator`);
    if (part.shared) missing(name("out"), i, sharing(i));
    else found(name("out"), i, part.reading, { note: noteOf(part) });
  }

  function noteOf(part: Part): string | undefined {
    const notes: string[] = [];
    if (part.reading.minus) notes.push("the product is folded into the addition; read as the sum without the skip");
    if (part.foldedBias !== undefined) notes.push("with the bias that the fused addition adds");
    if (normBetween(links, part, stop)) notes.push("what is added to the stream: after the normalisation of the branch");
    return notes.length > 0 ? notes.join("; ") : undefined;
  }
}

const sharing = (i: number): string =>
  `the attention and the MLP of block ${i} share one output projection, which adds them up; attn_head and mlp_act are what goes in`;

/** The projection that a branch ends with. */
export function lastProduct(links: Links, part: Part, stop: ReadonlySet<number>): Product | undefined {
  if (part.foldedProduct !== undefined) return productAt(links, part.foldedProduct);
  return onlyProduct(originsOf(links, part.ends, stop));
}

/** Sandwich norms: a branch that is normalised before it is added. */
function normBetween(links: Links, part: Part, stop: ReadonlySet<number>): boolean {
  if (part.foldedProduct !== undefined) return false;
  const product = lastProduct(links, part, stop);
  for (const end of part.ends) {
    const seen = new Set<number>();
    const stack = [end];
    while (stack.length > 0) {
      const v = stack.pop()!;
      const n = links.maker[v]!;
      if (n < 0 || seen.has(n) || !links.dynamic[v] || stop.has(v) || n === product?.node || productAt(links, n)) continue;
      seen.add(n);
      if (/LayerNormalization|RMSNormalization|^Reduce(Mean|L2)/.test(links.nodes[n]!.op)) return true;
      if (seen.size > 40) return false;
      for (const input of links.inputs[n]!) if (input >= 0) stack.push(input);
    }
  }
  return false;
}
