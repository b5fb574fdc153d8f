import { describe, expect, it } from "vitest";
import { eliminate } from "../../../src/engine/stats/elimination.js";
import { invertInPlace } from "../../../src/engine/stats/inverse.js";
import { Random } from "../../../src/engine/stats/random.js";
import { Room } from "../../../src/engine/stats/room.js";
import { solveShrunk } from "../../../src/engine/stats/shrunk-solver.js";
import { plainBlas } from "./plain.js";

const breathe = async () => {};

/** A covariance of 2n rows, and a part of the identity. */
async function spread(n: number, ridge: number): Promise<Float32Array> {
  const random = new Random(n);
  const x = Float32Array.from({ length: 2 * n * n }, (_, at) => random.normal() / (1 + (at % n) / 20));
  const across = new Float32Array(x.length);
  for (let i = 0; i < 2 * n; i++) for (let j = 0; j < n; j++) across[j * 2 * n + i] = x[i * n + j]! / Math.sqrt(2 * n);
  const a = await plainBlas.matmul(across, across, n, 2 * n, n, true);
  for (let i = 0; i < n; i++) a[i * n + i]! += ridge;
  return a;
}

describe("inverse in blocks", () => {
  it.each([5, 64, 100, 300])("times the matrix is the identity (%d)", async (n) => {
    const a = await spread(n, 0.1);
    const inverse = a.slice();
    expect(await invertInPlace(inverse, n, plainBlas, breathe)).toBe(true);
    const product = await plainBlas.matmul(a, inverse, n, n, n);
    let worst = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) worst = Math.max(worst, Math.abs(product[i * n + j]! - (i === j ? 1 : 0)));
    expect(worst).toBeLessThan(1e-4);
  });

  it("says when a matrix is not positive definite", async () => {
    const a = await spread(70, 0.1);
    a[0] = -1;
    expect(await invertInPlace(a, 70, plainBlas, breathe)).toBe(false);
  });

  it.each([80, 300])("the shrunk system is solved to 1e-8, also where float32 is not enough and a float64 factor takes over (%d)", async (n) => {
    const random = new Random(4);
    const room = new Room();
    for (const lambda of [0.1, 1e-6]) {
      const r = await spread(n, 0);
      const b = Float64Array.from({ length: n }, (_, i) => Math.cos(i));
      const left = Float32Array.from({ length: 3 * n }, () => random.normal());
      const right = Float32Array.from({ length: 2 * n }, () => random.normal());
      const { one, products } = await solveShrunk(r, n, lambda, b, { left, lefts: 3, right, rights: 2 }, plainBlas, breathe, room);
      const apart = (x: Float64Array, of: (i: number) => number) => {
        let worst = 0;
        for (let i = 0; i < n; i++) {
          let s = lambda * x[i]!;
          for (let j = 0; j < n; j++) s += (1 - lambda) * r[i * n + j]! * x[j]!;
          worst = Math.max(worst, Math.abs(s - of(i)));
        }
        return worst;
      };
      expect(apart(one, (i) => b[i]!)).toBeLessThan(1e-8);
      // A column of `right` as a right-hand side of its own tells what the products should be.
      const column = Float64Array.from({ length: n }, (_, i) => right[2 * i + 1]!);
      const solved = (await solveShrunk(r, n, lambda, column, undefined, plainBlas, breathe, room)).one;
      for (const k of [0, 1, 2]) {
        const expected = solved.reduce((s, v, i) => s + v * left[3 * i + k]!, 0);
        const size = Math.sqrt(solved.reduce((s, v) => s + v * v, 0) * n);
        expect(Math.abs(products![2 * k + 1]! - expected) / size).toBeLessThan(1e-4);
      }
    }
  });

  it("elimination says when a matrix is not positive definite", async () => {
    const a = await spread(210, 0.1);
    a[205 * 210 + 205] = -1;
    expect(await eliminate(a, 210, 210, plainBlas, breathe, new Room())).toBe(false);
  });
});
