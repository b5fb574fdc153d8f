import type { Links } from "./links.js";
import { SKIP_NORMS } from "./ops.js";
import type { Streams, Sum } from "./stream.js";

/** Operators that leave every number as it is, if in another shape. */
const NO_OPS = new Set(["Cast", "CastLike", "Identity", "Dropout", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"]);

/** The value that enters the first block. */
export const stateBefore = (links: Links, streams: Streams, first: Sum): number => fork(links, streams, first.root, first, true);

/**
 * The state after an addition: the value that both ways on, the next skip and the next branch, start from. That is the sum
 * itself (pre-norm), or what its normalisation, scale or mask made of it (post-norm, MobileBERT's affine, RWKV's rescaling).
 * After the last addition there is no next one: there the steps of the others are taken, as most of them have them.
 */
export function stateAfter(links: Links, streams: Streams, chain: readonly Sum[], end: number, ends: readonly number[] = []): number {
  const sum = chain[end]!;
  const next = chain[end + 1];
  // Another stream may follow in the same chain (a projection lies between).
  if (next?.previous === sum) {
    const state = fork(links, streams, sum.value, next);
    return closesStack(chain, end, ends) ? beforeNorm(links, streams, sum.value, state) : state;
  }
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

/**
 * Whether the norm behind a block closes a stack of blocks (HRM runs two stacks in turn, each with a final norm): most blocks are
 * followed by none, and this one has none inside either, as a post-norm block would.
 */
function closesStack(chain: readonly Sum[], end: number, ends: readonly number[]): boolean {
  const begin = (ends[ends.indexOf(end) - 1] ?? -1) + 1;
  if (!chain[end + 1]!.viaNorm || begin >= end || chain.slice(begin + 1, end + 1).some((sum) => sum.viaNorm)) return false;
  const followed = ends.filter((i) => chain[i + 1]?.previous === chain[i]);
  return followed.filter((i) => chain[i + 1]!.viaNorm).length * 2 < followed.length;
}

/** The last value from `from` to `to` that no norm was applied to. */
function beforeNorm(links: Links, streams: Streams, from: number, to: number): number {
  const values = path(streams, from, to);
  const first = values.findIndex((v) => streams.norm[v]);
  let at = first < 0 ? values.length - 1 : first - 1;
  while (at > 0 && NO_OPS.has(links.op(values[at]!))) at--;
  return values[at] ?? from;
}

/** Values of the light path from `from` to `to`. */
function path(streams: Streams, from: number, to: number): number[] {
  const values: number[] = [];
  for (let v = to; v >= 0; v = streams.carried[v]!) {
    values.push(v);
    if (v === from) break;
  }
  return values.reverse();
}

/**
 * How far along a path a block may reach: over norms and what follows them, vectors of scales with their shifts, choices
 * between states. A number that scales the state, a constant that is added to it and an older state that is mixed in
 * belong to what comes next.
 */
function reach(links: Links, streams: Streams, values: readonly number[]): number {
  let scaled = false;
  for (let i = 1; i < values.length; i++) {
    const v = values[i]!;
    const op = links.op(v);
    if (streams.mixed.has(v)) return i - 1;
    if (streams.norm[v] || NO_OPS.has(op) || op === "Where") continue;
    if (op === "Mul" && !byNumber(links, v)) scaled = true;
    else if (!scaled || op !== "Add") return i - 1;
  }
  return values.length - 1;
}

/** Whether one of the operands is a constant of one element. */
const byNumber = (links: Links, v: number): boolean => links.inputs[links.maker[v]!]!.some((input) => links.tensor(input)?.dims.every((dim) => dim === 1));

/** The earliest value between two additions that the next branch reads: before it the stream has one way only. */
function fork(links: Links, streams: Streams, from: number, next: Sum, far = false): number {
  const values = path(streams, from, next.skip);
  const place = new Map(values.map((v, i) => [v, i]));
  const first = links.maker[from]!;
  let earliest = far ? values.length - 1 : reach(links, streams, values);
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
  while (earliest > 0 && NO_OPS.has(links.op(values[earliest]!))) earliest--;
  return values[earliest] ?? from;
}

/** Operators between two values of a light path, no-ops left out. */
function stepsTo(links: Links, streams: Streams, from: number, to: number): string[] {
  return path(streams, from, to)
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
