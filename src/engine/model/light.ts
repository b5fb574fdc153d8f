import type { Links } from "./links.js";
import { NORMS, PASSES } from "./ops.js";

/** A value that carries another's numbers, possibly scaled, shifted or normalised. */
export interface Light {
  /** The value it comes from. */
  readonly from: number;
  readonly norm: boolean;
}

/**
 * What a node's first output carries on lightly, if it does: a cast, a reshape, a normalisation (also one decomposed into
 * Sub, Div, Mul, as exporters below opset 17 write it), a constant factor or a constant shift.
 * @param root [value] the value at the start of each light path found so far
 */
export function lightOf(links: Links, n: number, root: readonly number[]): Light | undefined {
  const node = links.nodes[n]!;
  const inputs = links.inputs[n]!;
  // Tokens of the model's own before or behind the state: class tokens, registers, soft prompts.
  if (node.op === "Concat") {
    const live = inputs.filter((v) => v >= 0 && links.dynamic[v]);
    return live.length === 1 ? { from: live[0]!, norm: false } : undefined;
  }
  const a = inputs[0] ?? -1;
  const b = inputs[1] ?? -1;
  if (a < 0) return undefined;
  if (PASSES.has(node.op)) return links.dynamic[a] ? { from: a, norm: false } : undefined;
  if (NORMS.has(node.op)) return { from: a, norm: true };
  // Squashes that stand where norms do (dynamic tanh).
  if (node.op === "Tanh" && links.dynamic[a]) return { from: a, norm: true };
  if (node.op === "Where" && b >= 0) return maskedBy(links, inputs);
  if (b < 0 || inputs.length > 2) return undefined;
  const dynamicA = links.dynamic[a];
  const dynamicB = links.dynamic[b];
  switch (node.op) {
    case "Add":
    case "Mul":
      if (dynamicA !== dynamicB) return { from: dynamicA ? a : b, norm: false };
      if (!dynamicA || node.op === "Add") return undefined;
      // Padding is set to zero between the blocks of some models.
      if (links.mask[a] !== links.mask[b]) return { from: links.mask[a] ? b : a, norm: false };
      if (isGate(links, a)) return { from: b, norm: false };
      if (isGate(links, b)) return { from: a, norm: false };
      if (isStatistic(links, b, root[a]!, root)) return { from: a, norm: true };
      return isStatistic(links, a, root[b]!, root) ? { from: b, norm: true } : undefined;
    case "Sub":
    case "Div":
      if (!dynamicA) return undefined;
      return !dynamicB || isStatistic(links, b, root[a]!, root) ? { from: a, norm: Boolean(dynamicB) } : undefined;
    // fp16 exports guard the state against overflow.
    case "Min":
    case "Max":
      return dynamicA !== dynamicB ? { from: dynamicA ? a : b, norm: false } : undefined;
    default:
      return undefined;
  }
}

/** Where(mask, state, constant), or the other way round. */
function maskedBy(links: Links, [condition, yes, no]: readonly number[]): Light | undefined {
  if (condition === undefined || yes === undefined || no === undefined || !links.mask[condition] || links.dynamic[yes] === links.dynamic[no]) return undefined;
  const from = links.dynamic[yes] ? yes : no;
  return links.mask[from] ? undefined : { from, norm: false };
}

/** A number between 0 and 1 computed from the data, or one minus it: what it multiplies is carried on in part (highways). */
function isGate(links: Links, v: number, steps = 4): boolean {
  const op = links.op(v);
  if (op === "Sigmoid" || op === "HardSigmoid") return true;
  if (steps === 0 || !(op === "Sub" || op === "Cast" || op === "Unsqueeze")) return false;
  const [a, b] = links.inputs[links.maker[v]!]!;
  const from = op === "Sub" ? b : a;
  return from !== undefined && from >= 0 && (op !== "Sub" || !links.dynamic[a!]) && isGate(links, from, steps - 1);
}

const ARITHMETIC = new Set([
  "Pow",
  "Mul",
  "Add",
  "Sub",
  "Div",
  "Sqrt",
  "Reciprocal",
  "Cast",
  "Abs",
  "Max",
  "Min",
  "Clip",
  "Expand",
  "Unsqueeze",
  "Squeeze",
  "Reshape",
  "Identity",
  "Exp",
]);

/** Whether `v` is a mean, a variance or the like of the value at `root`: a small cone of arithmetic with a Reduce in it. */
function isStatistic(links: Links, v: number, root: number, rootOf: readonly number[]): boolean {
  let reduced = false;
  let steps = 0;
  const seen = new Set<number>();
  // The second number: whether a Reduce lies between this value and `v`.
  const stack: [number, boolean][] = [[v, false]];
  while (stack.length > 0) {
    const [value, below] = stack.pop()!;
    if (!links.dynamic[value] || seen.has(value)) continue;
    if (below && rootOf[value] === root) {
      reduced = true;
      continue;
    }
    if (++steps > 24) return false;
    seen.add(value);
    const n = links.maker[value]!;
    if (n < 0) return false;
    const op = links.nodes[n]!.op;
    const reduces = op.startsWith("Reduce");
    if (!reduces && !ARITHMETIC.has(op)) return false;
    for (const input of links.inputs[n]!) if (input >= 0) stack.push([input, below || reduces]);
  }
  return reduced;
}
