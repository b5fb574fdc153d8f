import { overLimit } from "./errors.js";
import { lightOf } from "./light.js";
import { LIMITS } from "./limits.js";
import type { Links } from "./links.js";
import { isHeavy, SKIP_NORMS } from "./ops.js";

/** One addition to the residual stream. */
export interface Sum {
  /** Position of the node in `links.nodes`. */
  readonly node: number;
  /** The sum itself. For a fused Skip* node whose sum output is left out, a value that does not exist yet. */
  readonly value: number;
  /** The operand that carries the running state, and the others. */
  readonly skip: number;
  readonly branch: readonly number[];
  /** Where the skip operand's numbers come from. */
  readonly root: number;
  /** The addition before, if the root is one. */
  readonly previous?: Sum;
  /** A normalisation lies between the addition before and this one's skip operand: post-norm models. */
  readonly viaNorm: boolean;
  /** Additions up to and with this one. */
  readonly depth: number;
}

export interface Streams {
  readonly sums: readonly Sum[];
  /** [value] start of the light path that leads to it. */
  readonly root: readonly number[];
  /** [value] the value just before it on the light path, -1 at the start. */
  readonly carried: readonly number[];
  /** [value] a normalisation lies between it and its root. */
  readonly norm: readonly boolean[];
  /** Values on a light path where an older state of the same stream was mixed in or chosen from. */
  readonly mixed: ReadonlySet<number>;
}

/** Name under which a fused node's missing sum output is added. */
export const sumName = (node: string): string => `layerscope/sum/${node}`;

/**
 * Finds every addition whose one operand (the skip) carries a value that the other operands (the branch) were computed
 * from through at least one product: the residual additions, whatever the exporter, names or shapes.
 */
export function findSums(links: Links): Streams {
  const root: number[] = links.names.map((_, v) => v);
  const carried: number[] = links.names.map(() => -1);
  const norm: boolean[] = links.names.map(() => false);
  const sums: Sum[] = [];
  const mixed = new Set<number>();
  const sumAt = new Map<number, Sum>();
  const search = new Ancestors(links);
  const carry = (to: number, from: number, viaNorm: boolean) => {
    root[to] = root[from]!;
    carried[to] = from;
    norm[to] = norm[from]! || viaNorm;
  };

  for (let n = 0; n < links.nodes.length; n++) {
    const node = links.nodes[n]!;
    const out = links.outputs[n]![0] ?? -1;
    if (out < 0) continue;
    const light = lightOf(links, n, root);
    const operands = light ? undefined : addends(links, n);
    if (operands) {
      const fused = SKIP_NORMS.has(node.op);
      const value = fused ? sumOutput(links, n, root, carried, norm) : out;
      const found = splitOperands(links, operands, root, sumAt, search, node.op === "Sub");
      if (found && "skip" in found) {
        const previous = sumAt.get(root[found.skip]!);
        const sum: Sum = {
          node: n,
          value,
          skip: found.skip,
          branch: operands.filter((v) => v !== found.skip),
          root: root[found.skip]!,
          previous,
          viaNorm: norm[found.skip]!,
          depth: (previous?.depth ?? 0) + 1,
        };
        sums.push(sum);
        sumAt.set(value, sum);
      } else if (found) {
        carry(value, found.alias, false);
        mixed.add(value);
      }
      if (fused) carry(out, value, true);
      continue;
    }
    if (light) carry(out, light.from, light.norm);
    else if (links.nodes[n]!.op === "Where") {
      // Skipped layers and dropped tokens: Where(chosen, new state, old state).
      const later = laterState(links, links.inputs[n]!.slice(1), root, sumAt);
      if (later !== undefined) carry(out, later, false);
    }
  }
  return { sums, root, carried, norm, mixed };
}

/** Operands of a node that may be a residual addition. */
function addends(links: Links, n: number): number[] | undefined {
  const node = links.nodes[n]!;
  const inputs = links.inputs[n]!;
  const dynamic = (v: number | undefined): v is number => v !== undefined && v >= 0 && links.dynamic[v]!;
  let operands: number[];
  if (SKIP_NORMS.has(node.op)) operands = inputs.slice(0, 2);
  else if (node.op === "Add" || node.op === "Sum" || node.op === "Sub") operands = inputs;
  // An optimizer may fold the addition into the product before it.
  else if (node.op === "Gemm" && inputs.length === 3) operands = [inputs[2]!, inputs[0]!];
  else return undefined;
  const live = [...new Set(operands.filter(dynamic))];
  // What is added to a mask is a score, and no state.
  return live.length >= 2 && !live.some((v) => links.mask[v]) ? live : undefined;
}

/** Output 3 of a fused node; when it is left out, a value that the tapped graph will add. */
function sumOutput(links: Links, n: number, root: number[], carried: number[], norm: boolean[]): number {
  const present = links.outputs[n]![3] ?? -1;
  if (present >= 0) return present;
  const v = links.id(sumName(links.nodes[n]!.outputs[0]!));
  links.maker[v] = n;
  links.dynamic[v] = true;
  root[v] = v;
  carried[v] = -1;
  norm[v] = false;
  return v;
}

/** Which operand is the skip; or, where an older state of the same stream is mixed in again, which one the stream goes on in. */
function splitOperands(
  links: Links,
  operands: readonly number[],
  root: readonly number[],
  sumAt: ReadonlyMap<number, Sum>,
  search: Ancestors,
  subtracts: boolean,
): { skip: number } | { alias: number } | undefined {
  const alias = laterState(links, operands, root, sumAt) ?? sameState(operands, root);
  if (alias !== undefined) return { alias };
  for (const a of operands) {
    if (subtracts && a !== operands[0]) break;
    const others = operands.filter((v) => v !== a);
    if (others.some((b) => search.reaches(root[a]!, b))) return { skip: a };
    // Attention and MLP side by side, added one after the other: the second branch was computed from the state before the
    // first sum, and not through that sum.
    for (let sum = sumAt.get(root[a]!), steps = 0; sum && steps < 3; sum = sum.previous, steps++) {
      const { root: point } = sum;
      if (others.some((b) => search.reaches(point, b, root[a]!))) return { skip: a };
    }
  }
  return undefined;
}

/** The first operand, when all carry the same state: it is mixed with itself. */
const sameState = (operands: readonly number[], root: readonly number[]): number | undefined =>
  operands.every((v) => root[v] === root[operands[0]!]) ? operands[0] : undefined;

/** The operand that carries a later state of the stream that another one carries an earlier state of. */
function laterState(links: Links, operands: readonly number[], root: readonly number[], sumAt: ReadonlyMap<number, Sum>): number | undefined {
  for (const a of operands) {
    const earliest = links.maker[root[a]!]!;
    for (const b of operands) {
      if (a === b) continue;
      for (let sum = sumAt.get(root[b]!), steps = 0; sum && sum.node > earliest && steps < LIMITS.layers; sum = sum.previous, steps++)
        if (sum.root === root[a]) return b;
    }
  }
  return undefined;
}

/** Asks whether a value is computed from another through at least one product; walks back no further than that other's maker. */
class Ancestors {
  private stamp = 0;
  private left: number;
  private readonly light: number[] = [];
  private readonly heavy: number[] = [];

  constructor(private readonly links: Links) {
    this.left = LIMITS.searchSteps + 100 * links.nodes.length;
  }

  /** @param avoid a value that the way may not lead through */
  reaches(from: number, to: number, avoid = -1): boolean {
    const { links } = this;
    const first = links.maker[from]!;
    // Both outputs of a fused node carry the sum, so reaching one is reaching the other.
    const fused = first >= 0 && SKIP_NORMS.has(links.nodes[first]!.op);
    const stamp = ++this.stamp;
    const stack: number[] = [to, 0];
    while (stack.length > 0) {
      const heavy = stack.pop() === 1;
      const v = stack.pop()!;
      const n = links.maker[v]!;
      if (heavy && (v === from || (fused && n === first))) return true;
      if (v === avoid || n < first || n < 0 || !links.dynamic[v] || this.heavy[n] === stamp || (!heavy && this.light[n] === stamp)) continue;
      (heavy ? this.heavy : this.light)[n] = stamp;
      if (--this.left < 0) throw overLimit(links.file, "steps to understand", LIMITS.searchSteps + 100 * links.nodes.length);
      const next = heavy || isHeavy(links.nodes[n]!) ? 1 : 0;
      for (const input of links.inputs[n]!) if (input >= 0) stack.push(input, next);
      for (const input of links.captured[n]!) stack.push(input, next);
    }
    return false;
  }
}
