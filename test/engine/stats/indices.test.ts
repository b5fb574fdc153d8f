import { describe, expect, it } from "vitest";
import { pairIndices, scatterIndices } from "../../../src/engine/stats/indices.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { centre } from "../../../src/engine/stats/moments.js";
import { pairIndicesByProducts } from "../../../src/engine/stats/pairs.js";
import { Random } from "../../../src/engine/stats/random.js";
import { plainBlas } from "./plain.js";

describe("indices of two classes", () => {
  it("four points on a line", () => {
    const rows = { data: Float32Array.of(-1.25, -0.75, 0.75, 1.25), n: 4, d: 1 };
    const y = [0, 0, 1, 1];
    const s = scatterIndices(rows, y)!;
    expect(s.dbi).toBeCloseTo(0.25, 12);
    expect(s.chi).toBeCloseTo(32, 10);
    expect(s.xbi).toBeCloseTo(0.015625, 12);
    expect(s.etaSquared).toBeCloseTo(1 / 1.0625, 12);
    const p = drain(pairIndices(rows, y));
    expect(p.dunn).toBeCloseTo(3, 12);
    expect(p.silhouette).toBeCloseTo((7 / 9 + 5 / 7) / 2, 12);
  });

  it("CHI · XBI = (n - 2) p0 p1, ε² is 0 on average at chance and does not move with rotation, scale or shift", () => {
    const random = new Random(3);
    let sum = 0;
    for (let round = 0; round < 200; round++) {
      const n = 30 + random.below(20);
      const d = 3 + random.below(5);
      const data = Float32Array.from({ length: n * d }, (_, at) => random.normal() * (1 + (at % d) ** 2));
      const y = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : 0));
      const s = scatterIndices({ data, n, d }, y)!;
      const p1 = y.filter((v) => v === 1).length / n;
      expect(Math.abs((s.chi * s.xbi) / ((n - 2) * p1 * (1 - p1)) - 1)).toBeLessThan(1e-12);
      sum += s.epsilonSquared / 200;
      if (round > 0) continue;
      // Float32 storage of the turned rows bounds the agreement here, not the arithmetic.
      const turned = Float32Array.from(data);
      const [c, q] = [Math.cos(0.7), Math.sin(0.7)];
      for (let i = 0; i < n; i++) {
        const [a, b] = [data[i * d]!, data[i * d + 1]!];
        turned[i * d] = c * a - q * b;
        turned[i * d + 1] = q * a + c * b;
        for (let j = 0; j < d; j++) turned[i * d + j] = 4 * turned[i * d + j]! + 8;
      }
      expect(Math.abs(scatterIndices({ data: turned, n, d }, y)!.epsilonSquared - s.epsilonSquared)).toBeLessThan(1e-6);
    }
    expect(Math.abs(sum)).toBeLessThan(0.01);
  });

  it("products give the same Dunn and silhouette, beside a massive dimension too", async () => {
    const random = new Random(8);
    const [n, d] = [90, 20];
    const data = Float32Array.from({ length: n * d }, (_, at) => random.normal() * (at % d === 4 ? 3000 : 1) + (at % d === 0 ? Math.floor(at / d) % 2 : 0));
    // Two rows of different classes that lie close together, far out along the massive dimension.
    for (let j = 0; j < d; j++) data[d + j] = data[j]! + 1e-3 * random.normal();
    const x = { data, n, d };
    centre(x);
    const y = Array.from({ length: n }, (_, i) => i % 2);
    const slow = drain(pairIndices(x, y));
    const fast = await pairIndicesByProducts(x, y, plainBlas, async () => {});
    expect(Math.abs(fast.dunn! / slow.dunn! - 1)).toBeLessThan(1e-9);
    expect(Math.abs(fast.silhouette! - slow.silhouette!)).toBeLessThan(1e-6);
  });

  it("says nothing where a class is missing or nothing varies", () => {
    expect(scatterIndices({ data: Float32Array.of(1, 2, 3), n: 3, d: 1 }, [1, 1, 1])).toBeUndefined();
    expect(scatterIndices({ data: Float32Array.of(1, 1, 1, 1), n: 4, d: 1 }, [0, 0, 1, 1])).toBeUndefined();
    expect(drain(pairIndices({ data: Float32Array.of(1, 2), n: 2, d: 1 }, [1, 1]))).toEqual({ dunn: null, silhouette: null });
  });
});
