import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { auroc, confusion } from "../../../src/engine/stats/auc.js";
import { multiply } from "../../../src/engine/stats/dense.js";
import { pairIndices, scatterIndices } from "../../../src/engine/stats/indices.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { denseDesign, fitDualLogistic, fitLogistic } from "../../../src/engine/stats/logistic.js";
import { columnMeans, columnScale } from "../../../src/engine/stats/moments.js";
import { nnls } from "../../../src/engine/stats/nnls.js";
import { range } from "../../../src/engine/stats/random.js";
import { ledoitWolf } from "../../../src/engine/stats/shrinkage.js";
import { countTerms, sparseDesign, tfidf } from "../../../src/engine/stats/tfidf.js";

const golden = JSON.parse(readFileSync(new URL("golden/reference.json", import.meta.url), "utf8"));
const relative = (a: number, b: number) => Math.abs(a - b) / Math.abs(b);
const flat = (x: number[][]) => Float32Array.from(x.flat());

describe("scikit-learn's and SciPy's numbers", () => {
  const { x, y } = golden.indices;
  const rows = { data: flat(x), n: x.length, d: x[0].length };

  it("indices agree to 1e-6 (input is float32) and not with the labels flipped in part", () => {
    const own = scatterIndices(rows, y)!;
    expect(relative(own.chi, golden.indices.chi)).toBeLessThan(1e-9);
    expect(relative(own.xbi, golden.indices.xbi)).toBeLessThan(1e-9);
    expect(relative(own.dbi, golden.indices.dbi)).toBeLessThan(1e-9);
    expect(relative(drain(pairIndices(rows, y)).silhouette!, golden.indices.silhouette)).toBeLessThan(1e-9);
    const wrong = y.map((v: number, i: number) => (i < 10 ? 1 - v : v));
    expect(relative(scatterIndices(rows, wrong)!.chi, golden.indices.chi)).toBeGreaterThan(1e-3);
  });

  it("AUROC with ties, accuracy, F1; the sign matters", () => {
    const { score } = golden.auc;
    expect(Math.abs(auroc(score, y)! - golden.auc.auroc)).toBeLessThan(1e-12);
    expect(confusion(score, y).accuracy).toBeCloseTo(golden.auc.accuracy, 12);
    expect(confusion(score, y).f1).toBeCloseTo(golden.auc.f1, 12);
    expect(
      auroc(
        score.map((v: number) => -v),
        y,
      ),
    ).toBeCloseTo(1 - golden.auc.auroc, 12);
  });

  it("Ledoit and Wolf's intensity, more rows than dimensions and fewer", () => {
    const intensity = (z: number[][]) => {
      const n = z.length;
      const d = z[0]!.length;
      const s = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => z.reduce((t, r) => t + (r[i]! * r[j]!) / n, 0)));
      return ledoitWolf(
        n,
        d,
        s.reduce((t, r, i) => t + r[i]!, 0),
        s.flat().reduce((t, v) => t + v * v, 0),
        z.reduce((t, r) => t + r.reduce((q, v) => q + v * v, 0) ** 2, 0),
      );
    };
    const mean = columnMeans(rows);
    expect(intensity(x.map((r: number[]) => r.map((v, j) => v - mean[j]!)))).toBeCloseTo(golden.ledoit_wolf.tall, 8);
    expect(intensity(golden.ledoit_wolf.wide_x)).toBeCloseTo(golden.ledoit_wolf.wide, 8);
  });

  it("logistic regression: both solvers reach the coefficients; without standardisation they do not", () => {
    const n = rows.n;
    const d = rows.d;
    const all = range(n);
    const mean = columnMeans(rows);
    const scale = columnScale(rows, all, mean);
    const z = Float32Array.from(rows.data, (v, i) => (v - mean[i % d]!) / scale[i % d]!);
    const primal = fitLogistic(denseDesign(z, n, d), y, 1, 1e-8);
    const { coef, intercept, decision } = golden.logistic;
    const far = (w: ArrayLike<number>) => Math.max(...coef.map((c: number, j: number) => relative(w[j]!, c)));
    expect(far(primal.w)).toBeLessThan(1e-4);
    expect(relative(primal.b, intercept)).toBeLessThan(1e-4);
    const gram = Float64Array.from({ length: n * n }, (_, at) => {
      const i = Math.floor(at / n) * d;
      const j = (at % n) * d;
      let s = 0;
      for (let t = 0; t < d; t++) s += z[i + t]! * z[j + t]!;
      return s;
    });
    const dual = fitDualLogistic(gram, y, 1);
    const scores = new Float64Array(n);
    multiply(gram, dual.a, scores);
    decision.forEach((v: number, i: number) => {
      expect(scores[i]! + dual.b).toBeCloseTo(v, 4);
    });
    expect(far(fitLogistic(denseDesign(rows.data, n, d), y, 1, 1e-6, 3000).w)).toBeGreaterThan(0.1);
  });

  it("non-negative least squares", () => {
    const { a, b, x: want } = golden.nnls as { a: number[][]; b: number[]; x: number[] };
    const d = want.length;
    const g = Float64Array.from({ length: d * d }, (_, at) => a.reduce((s, r) => s + r[Math.floor(at / d)]! * r[at % d]!, 0));
    const h = Float64Array.from({ length: d }, (_, j) => a.reduce((s, r, i) => s + r[j]! * b[i]!, 0));
    want.forEach((v, j) => {
      expect(nnls(g, h)[j]!).toBeCloseTo(v, 8);
    });
    expect(want.some((v) => v === 0)).toBe(true);
  });

  it("TF-IDF and its logistic regression, Unicode words and unknown terms included", () => {
    const { texts, labels, terms, gram, decision } = golden.tfidf;
    const counted = countTerms(texts.length, (i) => texts[i]);
    const fitted = tfidf(counted, range(6), range(6));
    const asked = tfidf(counted, range(6), range(8));
    expect(fitted.columns).toBe(terms);
    const column = (j: number) => {
      const w = new Float64Array(fitted.columns);
      for (let at = fitted.from[j]!; at < fitted.from[j + 1]!; at++) w[fitted.column[at]!] = fitted.value[at]!;
      return w;
    };
    const out = new Float64Array(8);
    for (let j = 0; j < 6; j++) {
      sparseDesign(asked).times(column(j), out);
      gram.forEach((r: number[], i: number) => {
        expect(out[i]!).toBeCloseTo(r[j]!, 10);
      });
    }
    const { w, b } = fitLogistic(sparseDesign(fitted), labels.slice(0, 6), 10, 1e-9, 2000);
    sparseDesign(asked).times(w, out);
    decision.forEach((v: number, i: number) => {
      expect(out[i]! + b).toBeCloseTo(v, 4);
    });
  });
});
