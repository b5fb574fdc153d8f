import { addScaled, dot } from "./dense.js";

/** A point's value, and its gradient written to `out`. */
export type Objective = (x: Float64Array, out: Float64Array) => number;

/** What a descent asks its driver for: a point's value and gradient, or a vector times the approximate inverse of the second derivatives. */
export type Request = { readonly point: Float64Array } | { readonly direction: Float64Array };

/** The answer to a request: the gradient with its value, or the product. */
export interface Answer {
  readonly value: number;
  readonly vector: Float64Array;
  /** Largest entry of the gradient, where the vector does not hold its entries. */
  readonly largest?: number;
}

/** ⟨a, b⟩ where a descent takes place. */
export type Inner = (a: Float64Array, b: Float64Array) => number;

/** How much a value may rise by rounding, relatively. */
const EXACT = 1e-14;

/**
 * Limited-memory BFGS (Nocedal and Wright, algorithm 7.5) with a backtracking line search that keeps the curvature positive.
 * Minimises in place, stopping between iterations so that the caller may listen for a cancel; ends when the largest gradient
 * entry is at most `tolerance`. @returns iterations
 * @param precondition applies an approximate inverse of the second derivatives in place
 */
export function* minimising(
  f: Objective,
  x: Float64Array,
  tolerance: number,
  most: number,
  precondition?: (gradient: Float64Array) => void,
): Generator<void, number> {
  const steps = descending(x, tolerance, most, { preconditioned: precondition !== undefined });
  let answer: Answer = { value: 0, vector: x };
  for (;;) {
    const next = steps.next(answer);
    if (next.done) return next.value;
    if ("point" in next.value) {
      const vector = new Float64Array(x.length);
      answer = { value: f(next.value.point, vector), vector };
      yield;
    } else {
      const vector = next.value.direction.slice();
      precondition?.(vector);
      answer = { value: 0, vector };
    }
  }
}

/**
 * The same turned inside out: it yields what it needs, so that a driver can serve many descents with one product.
 * The first `next` starts it; every later one takes the answer to the request before.
 * An answer's vector is read before the next request is made, so a driver may use its arrays again.
 * @param rounding how much a value may rise by rounding, relatively
 * @param product ⟨a, b⟩ of points, gradients and directions, where they are written in coordinates that are not orthonormal
 */
export function* descending(
  x: Float64Array,
  tolerance: number,
  most: number,
  { preconditioned = false, rounding = EXACT, memory = 12, product = dot as Inner } = {},
): Generator<Request, number, Answer> {
  const n = x.length;
  const first = yield { point: x };
  let value = first.value;
  const g = Float64Array.from(first.vector);
  let largest = first.largest ?? largestOf(g);
  const p = new Float64Array(n);
  const next = new Float64Array(n);
  const steps: Step[] = [];
  const coefficient = new Float64Array(memory);
  for (let iteration = 0; iteration < most; iteration++) {
    if (largest <= tolerance) return iteration;
    firstLoop(p, g, steps, coefficient, product);
    const newest = steps[steps.length - 1];
    if (preconditioned) {
      p.set((yield { direction: p }).vector);
      // The scale that fits the newest step, as without a preconditioner, in its metric.
      if (newest) scaleInto(p, newest.fit, p);
    } else {
      const scale = newest ? 1 / (newest.rho * product(newest.y, newest.y)) : 1 / Math.max(1, Math.sqrt(product(g, g)));
      scaleInto(p, scale, p);
    }
    secondLoop(p, steps, coefficient, product);
    const slope = product(g, p);
    if (!(slope < 0)) return iteration;
    let step = 1;
    let gradient: Float64Array = g;
    let reached = Number.NaN;
    let entry = 0;
    for (let tries = 0; tries < 40; tries++) {
      moveInto(next, x, step, p);
      const found = yield { point: next };
      reached = found.value;
      gradient = found.vector;
      entry = found.largest ?? largestOf(gradient);
      if (reached <= value + 1e-4 * step * slope + rounding * Math.abs(value)) break;
      const curve = reached - value - step * slope;
      step = curve > 0 ? Math.min(0.5 * step, Math.max(0.1 * step, (-slope * step * step) / (2 * curve))) : 0.5 * step;
      reached = Number.NaN;
    }
    if (Number.isNaN(reached)) return iteration;
    const old = steps.length === memory ? steps.shift()! : { s: new Float64Array(n), y: new Float64Array(n) };
    const { s, y } = old;
    moveInto(s, next, -1, x);
    moveInto(y, gradient, -1, g);
    g.set(gradient);
    largest = entry;
    x.set(next);
    value = reached;
    const sy = product(s, y);
    if (sy > 1e-12 * Math.sqrt(product(s, s) * product(y, y))) {
      const fit = preconditioned ? sy / product(y, (yield { direction: y }).vector) : 1;
      steps.push({ s, y, rho: 1 / sy, fit });
    }
  }
  return most;
}

interface Step {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
  readonly fit: number;
}

// Loops inside a generator run several times slower than in a function of their own.

/** p = -g less what the steps know, newest first. */
function firstLoop(p: Float64Array, g: Float64Array, steps: readonly Step[], coefficient: Float64Array, product: Inner): void {
  scaleInto(p, -1, g);
  for (let k = steps.length - 1; k >= 0; k--) {
    coefficient[k] = steps[k]!.rho * product(steps[k]!.s, p);
    addScaled(p, -coefficient[k]!, steps[k]!.y);
  }
}

function secondLoop(p: Float64Array, steps: readonly Step[], coefficient: Float64Array, product: Inner): void {
  for (let k = 0; k < steps.length; k++) addScaled(p, coefficient[k]! - steps[k]!.rho * product(steps[k]!.y, p), steps[k]!.s);
}

/** out = x + step p. */
function moveInto(out: Float64Array, x: Float64Array, step: number, p: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = x[i]! + step * p[i]!;
}

function largestOf(g: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < g.length; i++) {
    const size = Math.abs(g[i]!);
    if (size > largest || Number.isNaN(size)) largest = size;
  }
  return largest;
}

function scaleInto(out: Float64Array, s: number, x: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = s * x[i]!;
}

/** Runs a generator to its end. */
export function drain<T>(steps: Generator<void, T>): T {
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
  }
}
