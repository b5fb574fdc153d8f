import { describe, expect, it } from "vitest";
import { denseDesign, fitDualLogistic, fitLogistic } from "../../../src/engine/stats/logistic.js";
import { columnMeans, columnScale, trainingMoments } from "../../../src/engine/stats/moments.js";
import { Random, range } from "../../../src/engine/stats/random.js";

describe("more columns than rows", () => {
  const n = 24;
  const d = 90;
  const random = new Random(3);
  const data = Float32Array.from({ length: n * d }, () => random.normal() / 4);
  const y = Uint8Array.from({ length: n }, (_, i) => Number(i % 3 === 0 || data[i * d]! > 0.2));

  it("the descent in coordinates of the rows ends where Newton's in the Gram matrix does", () => {
    const gram = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) for (let k = 0; k < d; k++) gram[i * n + j]! += data[i * d + k]! * data[j * d + k]!;
    const { a, b } = fitDualLogistic(gram, y, 10);
    const rows = fitLogistic(denseDesign(data, n, d), y, 10, 1e-9, 2000);
    for (let k = 0; k < d; k++)
      expect(rows.w[k]!).toBeCloseTo(
        a.reduce((s, v, i) => s + v * data[i * d + k]!, 0),
        6,
      );
    expect(rows.b).toBeCloseTo(b, 6);
    expect(rows.steps).toBeLessThan(200);
  });
});

describe("moments of every fold's training rows", () => {
  it("are those of a pass of their own, also of columns that are constant or nearly so", () => {
    const n = 1503;
    const d = 12;
    const random = new Random(4);
    const of = Int32Array.from({ length: n }, (_, i) => i % 5);
    // An ordinary column, one far from 0, a constant one, and some that differ in the first row alone, which fold 0 holds out.
    const data = Float32Array.from({ length: n * d }, (_, at) => [random.normal(), 1000 + random.normal(), 7][at % d] ?? (at < d ? 10 * random.normal() : 0));
    const x = { data, n, d };
    for (const [fold, { mean, scale }] of trainingMoments(x, { of, count: 5 }).entries()) {
      const train = range(n).filter((i) => of[i] !== fold);
      const wanted = columnMeans(x, train);
      const scales = columnScale(x, train, wanted);
      for (let j = 0; j < d; j++) {
        expect(Math.abs(mean[j]! - wanted[j]!)).toBeLessThan(1e-10);
        expect(Math.abs(scale[j]! / scales[j]! - 1)).toBeLessThan(1e-9);
      }
    }
  });

  it("a column that is constant but for the first row has no deviation where that row is held out, whatever its value", () => {
    const [n, d] = [1505, 600];
    const random = new Random(5);
    const data = new Float32Array(n * d);
    for (let j = 0; j < d; j++) data[j] = 10 * random.normal();
    const of = Int32Array.from({ length: n }, (_, i) => i % 5);
    // Measured from the first row the others are far away: what rounding leaves of their variance is small beside that, not beside their mean of 0.
    expect(new Set(trainingMoments({ data, n, d }, { of, count: 5 })[0]!.scale)).toEqual(new Set([1]));
  });
});
