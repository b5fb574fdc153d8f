import type { Node } from "../graph.js";
import type { Ints } from "./numbers.js";

/** An axis of a traced tensor: of the product's outputs (with their stride), or of rows and tokens (stride 0). */
export interface Axis {
  readonly size?: number;
  readonly stride: number;
}

/** Outputs of a product laid out along axes; `open` = how many axes come first was not seen yet. */
export interface Laid {
  readonly axes: readonly Axis[];
  readonly offset: number;
  readonly open: boolean;
}

/** A tensor that holds outputs of a product: laid out along axes, or merely a set of them. */
export type Held = Laid | { readonly rows: ReadonlySet<number>; readonly last?: number };

/** What a node that moves data makes of it, one entry an output; undefined = it computes. */
export function step(node: Node, from: Held, ints: (input: number) => Ints | undefined): Held[] | undefined {
  if (!("axes" in from)) return undefined;
  const axisOf = (i: number) => (i < 0 ? from.axes.length + i : from.open ? from.axes.length - 1 : i);
  const list = (name: string, input: number): Ints | undefined => node.attributes.get(name)?.ints ?? ints(input);
  switch (node.op) {
    case "Reshape":
      return [reshaped(from, ints(1))];
    case "Transpose": {
      const perm = node.attributes.get("perm")?.ints;
      if (!perm) return undefined;
      const axes = ranked(from, perm.length);
      return axes && [{ axes: perm.map((axis) => axes[axis]!), offset: from.offset, open: false }];
    }
    case "Unsqueeze":
    case "Squeeze": {
      const which = list("axes", 1);
      if (from.open || !which || which.some((i) => i === undefined)) return undefined;
      const rank = from.axes.length + (node.op === "Unsqueeze" ? which.length : 0);
      const at = new Set(which.map((i) => (i! < 0 ? rank + i! : i!)));
      const axes = [...from.axes];
      if (node.op === "Squeeze") return [{ ...from, axes: axes.filter((_, i) => !at.has(i)) }];
      for (const i of [...at].sort((a, b) => a - b)) axes.splice(i, 0, { size: 1, stride: 0 });
      return [{ ...from, axes }];
    }
    case "Split": {
      const axis = axisOf(node.attributes.get("axis")?.int ?? 0);
      const whole = from.axes[axis];
      if (!whole?.size || whole.stride === 0) return undefined;
      const parts = node.outputs.length;
      const sizes = list("split", 1) ?? Array.from({ length: parts }, () => Math.ceil(whole.size! / parts));
      let start = 0;
      return sizes.map((size) => {
        const part = cut(from, axis, start, start + (size ?? 0), 1);
        start += size ?? 0;
        return part;
      });
    }
    case "Slice": {
      const [starts, ends] = [list("starts", 1), list("ends", 2)];
      const axes = list("axes", 3) ?? starts?.map((_, i) => i);
      if (!starts || !ends || !axes || axes.some((i) => i === undefined)) return [from];
      let cutOut: Laid = from;
      axes.forEach((i, k) => {
        const axis = axisOf(i!);
        const [start, end] = [starts[k], ends[k]];
        if (start !== undefined && end !== undefined && (cutOut.axes[axis]?.stride ?? 0) > 0) cutOut = cut(cutOut, axis, start, end, ints(4)?.[k] ?? 1);
      });
      return [cutOut];
    }
    case "Gather": {
      const axis = axisOf(node.attributes.get("axis")?.int ?? 0);
      const index = ints(1);
      const whole = from.axes[axis];
      if (!whole?.size || index?.length !== 1 || index[0] === undefined) return undefined;
      const i = index[0] < 0 ? index[0] + whole.size : index[0];
      return [{ axes: from.axes.filter((_, k) => k !== axis), offset: from.offset + i * whole.stride, open: from.open }];
    }
    default:
      return undefined;
  }
}

function cut(from: Laid, axis: number, start: number, end: number, by: number): Laid {
  const { size = 0, stride } = from.axes[axis]!;
  const clip = (i: number) => Math.min(Math.max(i < 0 ? i + size : i, 0), size);
  const [a, b] = [clip(start), clip(end)];
  const axes = from.axes.map((one, i) => (i === axis ? { size: Math.max(0, Math.ceil((b - a) / by)), stride: stride * by } : one));
  return { axes, offset: from.offset + a * stride, open: from.open };
}

/** The axes of a tensor whose leading axes were not counted so far. */
function ranked(from: Laid, rank: number): readonly Axis[] | undefined {
  if (!from.open) return from.axes.length === rank ? from.axes : undefined;
  const leads = rank - (from.axes.length - 1);
  return leads < 0 ? undefined : [...Array.from({ length: leads }, () => ({ stride: 0 })), ...from.axes.slice(1)];
}

/** Cuts the outputs, which are the last axes, into new ones; anything less regular becomes a set. */
function reshaped(from: Laid, target: Ints | undefined): Held {
  const features = from.axes.filter((axis) => axis.stride > 0);
  const trailing = from.axes.slice(from.axes.length - features.length).every((axis) => axis.stride > 0);
  const contiguous = features.every((axis, i) => i + 1 === features.length || axis.stride === features[i + 1]!.stride * features[i + 1]!.size!);
  const set = (): Held => ({ rows: rowsOf(from), last: target?.[target.length - 1] === lastOf(from) ? lastOf(from) : undefined });
  if (!target || !trailing || !contiguous || features.length === 0) return set();
  const total = features.reduce((n, axis) => n * axis.size!, 1);
  const unit = features[features.length - 1]!.stride;
  // Rows and tokens stay as they are, mostly; where they do not, the last axes that multiply to the outputs are taken.
  const leads = from.open ? Math.min(2, target.length - 1) : from.axes.length - features.length;
  const cutInto = filled(target.slice(leads), total) ?? suffix(target, total);
  if (!cutInto) return set();
  let stride = unit * total;
  const axes = cutInto.map((size) => {
    stride /= size;
    return { size, stride };
  });
  return { axes: [...Array.from({ length: target.length - axes.length }, () => ({ stride: 0 })), ...axes], offset: from.offset, open: false };
}

/** Axes that multiply to a total, one of them possibly -1. */
function filled(axes: Ints, total: number): number[] | undefined {
  const known = axes.reduce<number>((n, size) => (size === undefined ? Number.NaN : size === -1 ? n : n * size), 1);
  const sizes = axes.map((size) => (size === -1 ? total / known : size!));
  return sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size > 0) && sizes.reduce((n, size) => n * size, 1) === total ? sizes : undefined;
}

/** The last axes that multiply to a total. */
function suffix(target: Ints, total: number): number[] | undefined {
  const sizes: number[] = [];
  let left = total;
  for (let i = target.length - 1; i >= 0 && left > 1; i--) {
    const size = target[i] === -1 ? left : target[i];
    if (size === undefined || size <= 0 || left % size !== 0) return undefined;
    sizes.unshift(size);
    left /= size;
  }
  return left === 1 ? sizes : undefined;
}

/** Size of the last axis, where it is known. */
export const lastOf = (held: Held): number | undefined => ("axes" in held ? held.axes[held.axes.length - 1]?.size : held.last);

/** The outputs that a tensor holds. */
export function rowsOf(held: Held): ReadonlySet<number> {
  if (!("axes" in held)) return held.rows;
  let rows = [held.offset];
  for (const { size, stride } of held.axes) if (stride > 0) rows = rows.flatMap((row) => Array.from({ length: size ?? 0 }, (_, i) => row + i * stride));
  return new Set(rows);
}
