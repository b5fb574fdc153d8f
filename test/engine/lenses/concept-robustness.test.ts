import { describe, expect, it } from "vitest";
import { conceptRobustness } from "../../../src/engine/lenses/concept-robustness/index.js";
import { Random } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

const n = 240;
const d = 16;
const random = new Random(2);
const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
const noise = (size = 1) => Float32Array.from({ length: n * d }, () => size * random.normal());
const along = (axis: number, effect: number, x = noise()) => {
  for (let i = 0; i < n; i++) x[i * d + axis]! += effect * (label[i]! - 0.5);
  return x;
};
const moved = (x: Float32Array, by: Float32Array) => x.map((v, i) => v + by[i]!);

describe("concept depth under noise", () => {
  // Layer 1 keeps the label when disturbed; in layer 2 the disturbance moves it to another direction, in the opposite sense.
  const layers = [noise(), along(0, 4), along(0, 4)];
  const turned = along(1, 4, along(0, -1, noise()));
  const disturbed = [moved(layers[0]!, noise(0.3)), moved(layers[1]!, noise(0.3)), turned];
  const study = makeStudy(layers, d, label, {
    poolings: ["mean", "noise-prefix", "noise-characters"],
    statesBy: async (name, l) => Float32Array.from(name === "noise-prefix" ? layers[l]! : disturbed[l]!),
  });

  it("tells what a new probe still finds from what the old one finds", async () => {
    const { values, pictures } = await conceptRobustness.run(study, tools, new Map());
    const [prefix, letters] = values.disturbed;
    // Not disturbed at all: the same probe on the same rows.
    prefix!.retrained.forEach((l, at) => {
      expect(l.auroc).toBe(values.plain.auroc[at]);
      expect(Math.abs(prefix!.transferred[at]! - values.plain.auroc[at]!)).toBeLessThan(1e-6);
    });
    expect(letters!.retrained[1]!.auroc!).toBeGreaterThan(0.95);
    expect(letters!.transferred[1]!).toBeGreaterThan(0.95);
    // Readable after training anew, useless or worse for the probe that was there.
    expect(letters!.retrained[2]!.auroc!).toBeGreaterThan(0.95);
    expect(letters!.transferred[2]!).toBeLessThan(0.5);
    const matrix = pictures[1]!;
    if (matrix.shape !== "matrix") throw new Error();
    expect(matrix.rows[0]!.rows![2]).toEqual([]);
    expect(matrix.rows[1]!.rows![2]!.length).toBeGreaterThan(matrix.rows[1]!.rows![1]!.length + 20);
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
  });

  it("stands aside where nothing can be disturbed", async () => {
    expect((await conceptRobustness.run(makeStudy(layers, d, label), tools, new Map())).withheld).toContain("no text");
  });
});
