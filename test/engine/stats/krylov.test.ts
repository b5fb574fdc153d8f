import { describe, expect, it } from "vitest";
import { dot, multiply } from "../../../src/engine/stats/dense.js";
import { KrylovSpace, type Operator } from "../../../src/engine/stats/krylov.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { Random } from "../../../src/engine/stats/random.js";

describe("shifted systems from one Krylov space", () => {
  const random = new Random(5);
  const n = 60;
  // Spectrum of a steep power law: eigenvalue k^-2 in a random basis (Householder reflection).
  const v = Float64Array.from({ length: n }, () => random.normal());
  const s = 2 / dot(v, v);
  const q = (i: number, k: number) => (i === k ? 1 : 0) - s * v[i]! * v[k]!;
  const a = Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += (q(Math.floor(at / n), k) * q(at % n, k)) / (k + 1) ** 2;
    return sum;
  });
  const b = Float64Array.from({ length: n }, () => random.normal());
  const shifts = [0.5, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6].map((l) => [1 - l, l] as const);
  const grown = (op: Operator, start: Float64Array) => {
    const space = new KrylovSpace(op, start, op.size);
    for (const [scale, shift] of shifts) drain(space.reaching(scale, shift));
    return space;
  };
  const space = grown({ size: n, apply: (x, _i, out) => multiply(a, x, out) }, b);

  it("solves every shift to 1e-7", () => {
    for (const [scale, shift] of shifts) {
      const x = space.solve(scale, shift)!;
      const out = new Float64Array(n);
      multiply(a, x, out);
      const residual = Math.hypot(...out.map((o, i) => scale * o + shift * x[i]! - b[i]!)) / Math.hypot(...b);
      expect(residual).toBeLessThan(1e-7);
    }
  });

  it("gives the same in dual coordinates, where ⟨a, b⟩ = aᵀ K b (fewer rows than dimensions)", () => {
    const [rows, d] = [24, 60];
    const z = Float64Array.from({ length: rows * d }, () => random.normal());
    const row = (i: number) => z.subarray(i * d, (i + 1) * d);
    const k = Float64Array.from({ length: rows * rows }, (_, at) => dot(row(Math.floor(at / rows)), row(at % rows)));
    const weight = Float64Array.from({ length: rows }, () => random.normal());
    const dual = grown({ size: rows, image: (x, out) => multiply(k, x, out), apply: (_x, image, out) => out.set(image) }, weight);
    const delta = new Float64Array(d);
    for (let i = 0; i < rows; i++) for (let j = 0; j < d; j++) delta[j]! += weight[i]! * z[i * d + j]!;
    const scatter = Float64Array.from({ length: d * d }, (_, at) => {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += z[i * d + Math.floor(at / d)]! * z[i * d + (at % d)]!;
      return sum;
    });
    const direct = grown({ size: d, apply: (x, _i, out) => multiply(scatter, x, out) }, delta);
    for (const [scale, shift] of [shifts[1]!, shifts[3]!]) {
      const primal = direct.solve(scale, shift)!;
      const found = dual.solve(scale, shift)!;
      for (let j = 0; j < d; j++) {
        let u = 0;
        for (let i = 0; i < rows; i++) u += found[i]! * z[i * d + j]!;
        expect(u).toBeCloseTo(primal[j]!, 8);
      }
    }
  });
});
