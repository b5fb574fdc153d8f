import { drain } from "./lbfgs.js";
import { sigmoid, softplus } from "./logistic.js";

/** p = 1 / (1 + exp(-(slope · score + offset))). */
export interface Platt {
  readonly slope: number;
  readonly offset: number;
}

/** Platt scaling by Newton's method with the smoothed targets of Lin, Lin and Weng (2007): a perfect split does not give certainty. */
export function fitPlatt(score: ArrayLike<number>, label: ArrayLike<number>): Platt {
  return drain(fittingPlatt(score, label));
}

/** The same, stopping between steps. */
export function* fittingPlatt(score: ArrayLike<number>, label: ArrayLike<number>): Generator<void, Platt> {
  const n = score.length;
  let positives = 0;
  let spread = 0;
  for (let i = 0; i < n; i++) {
    if (label[i] === 1) positives++;
    spread += score[i]! * score[i]!;
  }
  const unit = Math.sqrt(spread / Math.max(1, n)) || 1;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (n - positives + 2);
  let a = 0;
  let b = Math.log((positives + 1) / (n - positives + 1));
  const loss = (a: number, b: number) => {
    let s = 0;
    for (let i = 0; i < n; i++) {
      const f = (a * score[i]!) / unit + b;
      s += softplus(f) - (label[i] === 1 ? high : low) * f;
    }
    return s;
  };
  let value = loss(a, b);
  for (let step = 0; step < 100; step++) {
    yield;
    let haa = 1e-10;
    let hab = 0;
    let hbb = 1e-10;
    let ga = 0;
    let gb = 0;
    for (let i = 0; i < n; i++) {
      const x = score[i]! / unit;
      const p = sigmoid(a * x + b);
      const r = p - (label[i] === 1 ? high : low);
      const w = p * (1 - p);
      ga += r * x;
      gb += r;
      haa += w * x * x;
      hab += w * x;
      hbb += w;
    }
    if (Math.abs(ga) < 1e-9 * n && Math.abs(gb) < 1e-9 * n) break;
    const determinant = haa * hbb - hab * hab;
    const da = (hbb * ga - hab * gb) / determinant;
    const db = (haa * gb - hab * ga) / determinant;
    let share = 1;
    // At the end steps change the sum by less than it is rounded: without some slack every one of them would be halved to nothing.
    let reached = loss(a - da, b - db);
    while (share > 1e-8 && reached > value + 1e-12 * Math.abs(value)) {
      share /= 2;
      reached = loss(a - share * da, b - share * db);
    }
    a -= share * da;
    b -= share * db;
    value = reached;
  }
  return { slope: a / unit, offset: b };
}

export function probabilityOf(platt: Platt, score: number): number {
  return sigmoid(platt.slope * score + platt.offset);
}

/** Probabilities of held-out rows, each fold's scaling fitted on the scores of the others. */
export function heldOutProbabilities(score: ArrayLike<number>, label: ArrayLike<number>, fold: ArrayLike<number>, folds: number): Float32Array {
  return drain(calibrating(score, label, fold, folds));
}

/** The same, stopping between folds. */
export function* calibrating(score: ArrayLike<number>, label: ArrayLike<number>, fold: ArrayLike<number>, folds: number): Generator<void, Float32Array> {
  const out = new Float32Array(score.length).fill(Number.NaN);
  for (let k = 0; k < folds; k++) {
    const s: number[] = [];
    const y: number[] = [];
    for (let i = 0; i < score.length; i++) {
      if (fold[i] === k) continue;
      s.push(score[i]!);
      y.push(label[i]!);
    }
    const platt = yield* fittingPlatt(s, y);
    for (let i = 0; i < score.length; i++) if (fold[i] === k) out[i] = probabilityOf(platt, score[i]!);
  }
  return out;
}
