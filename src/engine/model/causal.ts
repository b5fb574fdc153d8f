import type { Analysis } from "./analysis.js";
import type { Tensor } from "./graph.js";
import { isHeavy, isProduct } from "./ops.js";
import { tensorInts } from "./roles/small.js";
import type { ByteSource } from "./source.js";

type Read = Pick<Analysis, "links" | "taps" | "source">;

/** Fused operators that look back by what they are. */
const LOOKS_BACK = /^(GroupQueryAttention|PagedAttention|SparseAttention|DecoderMasked\w*Attention)$/;
const COMPARED = /^(Less|LessOrEqual|Greater|GreaterOrEqual)$/;
/** Numbers that count tokens: what is made from them may be a mask of any form, or a bias by distance. */
const COUNTS = new Set(["Range", "CumSum", "NonZero"]);
const OPAQUE = new Set(["If", "Loop", "Scan", "ScatterND", "ScatterElements", "Trilu"]);

/**
 * Whether tokens see only what came before, by the structure of the graph: keys of earlier runs, an operator that looks back, or
 * a mask of attention that hides what comes later. False: every mask was understood and hides padding at most. Undefined: the
 * graph does not tell (recurrences, biases by distance, masks that are fed); a run does.
 */
export function causalBy(read: Read): boolean | undefined {
  const { links, taps } = read;
  const states = new Set([...taps.values, ...taps.blocks.flatMap(({ start, end }) => [start, end])]);
  const verdicts = new Map<number, boolean | undefined>();
  let attends = false;
  let understood = true;
  for (const { end } of taps.blocks) {
    const seen = new Set<number>();
    const stack = [end];
    while (stack.length > 0) {
      const v = stack.pop()!;
      if (seen.has(v) || (v !== end && states.has(v))) continue;
      seen.add(v);
      if (links.mask[v] || !links.dynamic[v]) continue;
      const n = links.maker[v]!;
      if (n < 0) {
        if (/^past|cache/.test(links.names[v]!)) return true;
        continue;
      }
      const masks = masksOf(read, n);
      if (masks === true) return true;
      if (masks) {
        attends = true;
        for (const mask of masks) {
          if (!verdicts.has(mask)) verdicts.set(mask, hidesLater(read, mask));
          if (verdicts.get(mask)) return true;
          if (verdicts.get(mask) === undefined) understood = false;
        }
      }
      stack.push(...links.inputs[n]!.filter((input) => input >= 0));
    }
  }
  return attends && understood ? false : undefined;
}

/** Masks that an attending node reads; true for one that looks back by itself, undefined for any other node. */
function masksOf({ links }: Read, n: number): number[] | true | undefined {
  const node = links.nodes[n]!;
  if (LOOKS_BACK.test(node.op)) return true;
  if (/Attention$/.test(node.op)) {
    if (node.attributes.get("unidirectional")?.int === 1 || node.attributes.get("is_causal")?.int === 1) return true;
    return links.inputs[n]!.slice(3).filter((v) => v >= 0);
  }
  if (node.op !== "Softmax" && node.op !== "Exp") return undefined;
  const masks: number[] = [];
  let scored = false;
  const seen = new Set<number>();
  const stack = [links.inputs[n]![0]!];
  while (stack.length > 0 && seen.size < 64) {
    const v = stack.pop()!;
    if (v < 0 || seen.has(v)) continue;
    seen.add(v);
    const maker = links.maker[v]!;
    if (links.mask[v] || !links.dynamic[v]) masks.push(v);
    else if (maker >= 0 && isHeavy(links.nodes[maker]!)) {
      // The weights of a router or of a pooling head are no scores: those multiply two activations.
      if (isProduct(links.nodes[maker]!) && links.inputs[maker]!.slice(0, 2).every((input) => input >= 0 && links.dynamic[input])) scored = true;
      else if (!isProduct(links.nodes[maker]!)) masks.push(v);
    } else if (maker >= 0) stack.push(...links.inputs[maker]!);
    else masks.push(v);
  }
  return scored ? masks : undefined;
}

/** True for a mask that hides what comes later, false for one by token alone, undefined for anything else. */
function hidesLater(read: Read, mask: number): boolean | undefined {
  const { links } = read;
  let known = true;
  for (const v of makersOf(read, mask)) {
    const tensor = links.tensor(v);
    if (tensor) {
      const size = tensor.dims.at(-1) ?? 0;
      if (tensor.dims.length < 2 || size < 2 || tensor.dims.at(-2) === 1) continue;
      if (isTriangle(read.source, tensor)) return true;
      known = false;
    }
    const n = links.maker[v]!;
    if (n < 0) {
      const input = links.graph.inputs.find(({ name }) => name === links.names[v]);
      if (input && (input.dims?.length ?? 3) > 2) known = false;
      continue;
    }
    const { op } = links.nodes[n]!;
    if (op === "Trilu" && isCausalCut(read, n)) return true;
    // One range against another; with a distance taken off, it may be a window to both sides.
    if (COMPARED.test(op) && links.inputs[n]!.every((side) => counts(read, side))) return true;
    if (COUNTS.has(op) || OPAQUE.has(op) || isHeavy(links.nodes[n]!)) known = false;
  }
  return known ? false : undefined;
}

/** A value and everything that it is made from; sizes are not followed. */
function* makersOf({ links }: Read, from: number): Generator<number> {
  const seen = new Set<number>();
  const stack = [from];
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (v < 0 || seen.has(v)) continue;
    seen.add(v);
    yield v;
    const n = links.maker[v]!;
    if (n < 0 || /^(Shape|Size)$/.test(links.op(v))) continue;
    const inputs = links.inputs[n]!;
    // Where it is cut or laid out is no part of what it holds.
    stack.push(...(/^(Reshape|Expand|Slice|Squeeze|Unsqueeze|Tile|Range|ConstantOfShape)$/.test(links.op(v)) ? inputs.slice(0, 1) : inputs));
  }
}

function counts(read: Read, side: number): boolean {
  let counted = false;
  for (const v of makersOf(read, side)) {
    const op = read.links.op(v);
    if (op === "Sub" || op === "Abs") return false;
    if (op === "Range" || op === "CumSum" || /^(position_ids|cache_position)$/.test(read.links.names[v]!)) counted = true;
  }
  return counted;
}

/** The lower triangle kept or the upper one filled, at the diagonal or beside it; a cut elsewhere may be one side of a window. */
function isCausalCut({ links, source }: Read, n: number): boolean {
  const k = links.inputs[n]![1];
  const tensor = k === undefined || k < 0 ? undefined : links.tensor(k);
  const at = tensor && tensorInts(source, tensor, 1)?.[0];
  if (at === undefined) return true;
  return (links.nodes[n]!.attributes.get("upper")?.int ?? 1) === 1 ? at === 0 || at === 1 : at === 0 || at === -1;
}

/** Three rows of a stored square tell: the same number up to the diagonal, another behind it. */
function isTriangle(source: ByteSource, { dims, data }: Tensor): boolean {
  const n = dims.at(-1)!;
  if (data.kind !== "raw" || dims.at(-2) !== n || n > 1 << 16) return false;
  const { start } = data;
  const size = (data.end - start) / dims.reduce((product, dim) => product * dim, 1);
  if (!Number.isInteger(size) || size < 1) return false;
  const row = (i: number) => {
    const view = source.view(start + i * n * size, start + (i + 1) * n * size);
    return Array.from({ length: n }, (_, j) => view.subarray(j * size, (j + 1) * size).join());
  };
  const [seen, hidden] = row(0);
  return seen !== hidden && [0, n >> 1, n - 1].every((i) => row(i).every((value, j) => value === (j <= i ? seen : hidden)));
}
