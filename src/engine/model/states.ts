import type { Links } from "./links.js";
import { SKIP_NORMS } from "./ops.js";
import type { Streams, Sum } from "./stream.js";

/** Operators that leave every number as it is. */
const NO_OPS = new Set(["Cast", "CastLike", "Identity", "Dropout"]);

/** The value that enters the first block. */
export const stateBefore = (links: Links, streams: Streams, first: Sum): number => fork(links, streams, first.root, first);

/**
 * The state after an addition: the value that both ways on, the next skip and the next branch, start from. That is the sum
 * itself (pre-norm), or what its normalisation, scale or mask made of it (post-norm, MobileBERT's affine, RWKV's rescaling).
 * After the last addition there is no next one: there the steps of the others are taken, as most of them have them.
 */
export function stateAfter(links: Links, streams: Streams, chain: readonly Sum[], end: number, ends: readonly number[] = []): number {
  const sum = chain[end]!;
  const next = chain[end + 1];
  // Another stream may follow in the same chain (a projection lies between).
  if (next?.previous === sum) return fork(links, streams, sum.value, next);
  const others = ends.filter((i) => chain[i + 1]?.previous === chain[i]);
  const like = others.length > 0 ? others : chain.flatMap((s, i) => (chain[i + 1]?.previous === s ? [i] : []));
  const votes = new Map<string, { count: number; norm: boolean }>();
  for (const i of like) {
    const state = fork(links, streams, chain[i]!.value, chain[i + 1]!);
    const steps = stepsTo(links, streams, chain[i]!.value, state).join(" ");
    votes.set(steps, { count: (votes.get(steps)?.count ?? 0) + 1, norm: streams.norm[state]! });
  }
  const [steps, vote] = [...votes].sort((a, b) => b[1].count - a[1].count)[0] ?? ["", undefined];
  if (steps === "") return sum.value;
  const found = follow(links, streams, sum.value, steps.split(" "));
  return found ?? (vote?.norm ? normAfter(links, streams, sum) : undefined) ?? sum.value;
}

/** Values from `from` to `to` along the light path; where an older state is mixed in on the way, only those before that and before its weights. */
function path(links: Links, streams: Streams, from: number, to: number): number[] {
  let values: number[] = [];
  let weighted = false;
  for (let v = to; v >= 0; v = streams.carried[v]!) {
    if (!weighted || v === from || !isScaled(links, v)) {
      values.push(v);
      weighted = false;
    }
    if (v === from) break;
    if (!streams.mixed.has(v)) continue;
    values = [];
    weighted = true;
  }
  return values.reverse();
}

/** A constant number times a value, or the value itself by a no-op. */
function isScaled(links: Links, v: number): boolean {
  const op = links.op(v);
  if (op !== "Mul" && op !== "Div") return NO_OPS.has(op);
  return links.inputs[links.maker[v]!]!.some((input) => links.tensor(input)?.dims.every((dim) => dim === 1));
}

/** The earliest value between two additions that the next branch reads: before it the stream has one way only. */
function fork(links: Links, streams: Streams, from: number, next: Sum): number {
  const values = path(links, streams, from, next.skip);
  const place = new Map(values.map((v, i) => [v, i]));
  const first = links.maker[from]!;
  let earliest = values.length - 1;
  const seen = new Set<number>();
  const stack = [...next.branch];
  while (stack.length > 0 && earliest > 0) {
    const v = stack.pop()!;
    const at = place.get(v);
    if (at !== undefined) {
      earliest = Math.min(earliest, at);
      continue;
    }
    const n = links.maker[v]!;
    if (n < first || n < 0 || !links.dynamic[v] || seen.has(n)) continue;
    seen.add(n);
    // The other output of a fused addition: its norm, when that is not on the path.
    if (n === first && SKIP_NORMS.has(links.nodes[n]!.op)) earliest = 0;
    for (const input of links.inputs[n]!) if (input >= 0) stack.push(input);
    for (const input of links.captured[n]!) stack.push(input);
  }
  let v = values[earliest] ?? from;
  while (NO_OPS.has(links.op(v)) && v !== from && streams.carried[v]! >= 0) v = streams.carried[v]!;
  return beforeCasts(links, v);
}

/** The value before casts and identities. */
function beforeCasts(links: Links, value: number): number {
  let v = value;
  while (NO_OPS.has(links.op(v))) {
    const before = links.inputs[links.maker[v]!]![0]!;
    if (!links.dynamic[before] || links.mask[before]) break;
    v = before;
  }
  return v;
}

/** Operators between two values of a light path, no-ops left out. */
function stepsTo(links: Links, streams: Streams, from: number, to: number): string[] {
  return path(links, streams, from, to)
    .slice(1)
    .map((v) => links.op(v))
    .filter((op) => !NO_OPS.has(op));
}

/** Takes these steps from a value, if the graph has them. */
function follow(links: Links, streams: Streams, value: number, steps: readonly string[], spare = 8): number | undefined {
  if (steps.length === 0) return value;
  if (spare === 0) return undefined;
  for (const out of carriers(links, streams, value)) {
    const op = links.op(out);
    const found =
      op === steps[0] ? follow(links, streams, out, steps.slice(1), spare) : NO_OPS.has(op) ? follow(links, streams, out, steps, spare - 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Values that carry this one's numbers on. */
function carriers(links: Links, streams: Streams, value: number): number[] {
  const made = links.maker[value]!;
  const nodes = made >= 0 && SKIP_NORMS.has(links.nodes[made]!.op) ? [made, ...links.readers(value)] : links.readers(value);
  return nodes.flatMap((n) => links.outputs[n]!.filter((v) => v >= 0 && v !== value && streams.carried[v] === value && !streams.mixed.has(v)));
}

/** The output of the first normalisation behind the last sum; the nearest of them, when it is one operator. */
function normAfter(links: Links, streams: Streams, sum: Sum): number | undefined {
  const queue = [sum.value];
  let last: number | undefined;
  for (let i = 0; i < queue.length && i < 64; i++) {
    for (const out of carriers(links, streams, queue[i]!)) {
      if (queue.includes(out)) continue;
      if (streams.norm[out] && /Normalization$/.test(links.op(out))) return out;
      // A decomposed norm ends with its scale and shift, the last light value of the sum.
      if (streams.norm[out] && !NO_OPS.has(links.op(out))) last = out;
      queue.push(out);
    }
  }
  return last;
}
