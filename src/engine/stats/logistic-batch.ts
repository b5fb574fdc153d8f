import type { Blas } from "../lenses/lens.js";
import { type Folds, split } from "./folds.js";
import { invertInPlace } from "./inverse.js";
import { type Answer, descending } from "./lbfgs.js";
import { type Rows, trainingMoments } from "./moments.js";
import { MOST_FACTORED, WEIGHT } from "./preconditioner.js";

/** How much a value may rise by the rounding of float32 products, relatively. */
const ROUNDING = 1e-7;
const MOST_STEPS = 300;
/** Steps that are remembered; the preconditioner knows the rest. */
const MEMORY = 6;

interface System {
  readonly fold: number;
  readonly label: Uint8Array;
  readonly out: Float64Array;
  /** w, then the intercept. */
  readonly point: Float64Array;
  /** Where its answers are written. */
  readonly answer: Float64Array;
  readonly steps: ReturnType<typeof descending>;
  asked?: { readonly kind: "point" | "direction"; readonly vector: Float64Array };
}

/**
 * Held-out decision values of L2-penalised logistic regressions on standardised columns (scikit-learn's StandardScaler and LogisticRegression), for
 * every fold and every labelling at once: the rows are read once a step for all of them. Scale and mean are those of each fold's training rows.
 * @param tolerance largest gradient entry at the end, per training row
 * @returns one array [n] a labelling
 */
export async function heldOutLogistic(
  x: Rows,
  labels: readonly Uint8Array[],
  folds: Folds,
  c: number,
  tolerance: number,
  blas: Blas,
  breathe: () => Promise<void>,
): Promise<Float64Array[]> {
  const { n, d } = x;
  const out = labels.map(() => new Float64Array(n));
  const mean: Float64Array[] = [];
  const inverse: Float64Array[] = [];
  const systems: System[] = [];
  const moments = trainingMoments(x, folds);
  for (let fold = 0; fold < folds.count; fold++) {
    const { train } = split(folds, fold);
    mean.push(moments[fold]!.mean);
    inverse.push(moments[fold]!.scale.map((s) => 1 / s));
    labels.forEach((label, which) => {
      const point = new Float64Array(d + 1);
      const steps = descending(point, tolerance * train.length, MOST_STEPS, { preconditioned: d <= MOST_FACTORED, rounding: ROUNDING, memory: MEMORY });
      systems.push({ fold, label, out: out[which]!, point, answer: new Float64Array(d + 1), steps });
    });
    await breathe();
  }
  const { inverse: curvature, weight } = await secondDerivatives(x, inverse[0]!, mean[0]!, c, folds, blas, breathe);
  const product = async (part: readonly System[], write: (s: System, scores: Float32Array) => void) => {
    const packed = new Float32Array(part.length * d);
    part.forEach((s, r) => {
      const own = s.asked!.vector;
      const scale = inverse[s.fold]!;
      for (let j = 0, to = r * d; j < d; j++, to++) packed[to] = own[j]! * scale[j]!;
    });
    const places = await blas.matmul(packed, x.data, part.length, d, n, true);
    part.forEach((s, r) => {
      const own = s.asked!.vector;
      const scale = inverse[s.fold]!;
      const centre = mean[s.fold]!;
      let offset = own[d]!;
      for (let j = 0; j < d; j++) offset -= own[j]! * scale[j]! * centre[j]!;
      const scores = places.subarray(r * n, (r + 1) * n);
      for (let i = 0; i < n; i++) scores[i]! += offset;
      write(s, scores);
    });
    return places;
  };
  let open = systems.filter((s) => advance(s));
  while (open.length > 0) {
    const points = open.filter((s) => s.asked!.kind === "point");
    const directions = open.filter((s) => s.asked!.kind === "direction");
    const answers = new Map<System, Answer>();
    if (points.length > 0) {
      const losses = new Map<System, { loss: number; sum: number }>();
      const residuals = await product(points, (s, scores) => {
        losses.set(s, residualsOf(scores, s, folds, c));
      });
      const slopes = await blas.matmul(residuals, x.data, points.length, n, d);
      points.forEach((s, r) => {
        answers.set(s, gradientOf(s, losses.get(s)!, slopes.subarray(r * d, (r + 1) * d), mean[s.fold]!, inverse[s.fold]!));
      });
    }
    if (directions.length > 0) {
      const packed = new Float32Array(directions.length * d);
      directions.forEach((s, r) => {
        packed.set(s.asked!.vector.subarray(0, d), r * d);
      });
      const images = curvature ? await blas.matmul(packed, curvature, directions.length, d, d) : packed;
      directions.forEach((s, r) => {
        const vector = s.answer;
        for (let j = 0; j < d; j++) vector[j] = images[r * d + j]!;
        vector[d] = s.asked!.vector[d]! / weight;
        answers.set(s, { value: 0, vector });
      });
    }
    open = open.filter((s) => advance(s, answers.get(s)));
    await breathe();
  }
  for (const s of systems) s.asked = { kind: "point", vector: s.point };
  await product(systems, (s, scores) => {
    for (let i = 0; i < n; i++) if (folds.of[i] === s.fold) s.out[i] = scores[i]!;
  });
  return out;
}

/** Takes a descent to its next request; false when it is over. */
function advance(s: System, answer?: Answer): boolean {
  const next = answer ? s.steps.next(answer) : s.steps.next();
  if (next.done) return false;
  s.asked = "point" in next.value ? { kind: "point", vector: next.value.point } : { kind: "direction", vector: next.value.direction };
  return true;
}

/** The loss over the training rows; scores are overwritten by its slopes, 0 for rows held out. */
function residualsOf(scores: Float32Array, { fold, label }: System, folds: Folds, c: number): { loss: number; sum: number } {
  let loss = 0;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    if (folds.of[i] === fold) {
      scores[i] = 0;
      continue;
    }
    const score = scores[i]!;
    const positive = label[i] === 1;
    // One exponential for the loss and its slope, never above 1.
    const e = Math.exp(score > 0 ? -score : score);
    loss += Math.log1p(e) + (positive === score > 0 ? 0 : Math.abs(score));
    const r = c * ((score > 0 ? 1 : e) / (1 + e) - (positive ? 1 : 0));
    scores[i] = r;
    sum += r;
  }
  return { loss: c * loss, sum };
}

function gradientOf(s: System, { loss, sum }: { loss: number; sum: number }, slope: Float32Array, mean: Float64Array, inverse: Float64Array): Answer {
  const d = mean.length;
  const w = s.asked!.vector;
  const vector = s.answer;
  let norm = 0;
  for (let j = 0; j < d; j++) {
    vector[j] = (slope[j]! - mean[j]! * sum) * inverse[j]! + w[j]!;
    norm += w[j]! * w[j]!;
  }
  vector[d] = sum;
  return { value: loss + norm / 2, vector };
}

/** Approximate inverse of the second derivatives, one for all folds and labellings: it sets the speed of the fits, not their result. */
async function secondDerivatives(
  { data, n, d }: Rows,
  inverse: Float64Array,
  mean: Float64Array,
  c: number,
  folds: Folds,
  blas: Blas,
  breathe: () => Promise<void>,
): Promise<{ inverse?: Float32Array; weight: number }> {
  const share = 1 - 1 / Math.max(2, folds.count);
  const w = c * WEIGHT * share;
  if (d > MOST_FACTORED) return { weight: 1 };
  const across = new Float32Array(n * d);
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) across[j * n + i] = (data[at]! - mean[j]!) * inverse[j]!;
  await breathe();
  const a = await blas.matmul(across, across, d, n, d, true);
  for (let i = 0; i < a.length; i++) a[i]! *= w;
  for (let i = 0; i < d; i++) a[i * d + i]! += 1;
  await breathe();
  return (await invertInPlace(a, d, blas, breathe)) ? { inverse: a, weight: w * n } : { weight: w * n };
}
