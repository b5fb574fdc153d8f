import { describe, expect, it } from "vitest";
import { heldOutProbe, MOST_TRAINED, type Starts } from "../../../src/engine/lenses/concept-depth/probe.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { planOf } from "../../../src/engine/lenses/plan.js";
import { Random } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

describe("probes that begin where the last layer's ended", () => {
  it("end at the same scores, after layers in which many rows are alike too", async () => {
    const [n, d] = [60, 80];
    const random = new Random(4);
    const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
    // Few distinct rows, as last tokens at layer 0; then layers of growing scale.
    const layers = Array.from({ length: 4 }, (_, l) =>
      Float32Array.from({ length: n * d }, (__, at) => (l === 0 ? Math.sin((Math.floor(at / d) % 3) + (at % d)) : 10 ** (l - 1) * random.normal())),
    );
    const plan = planOf(makeStudy(layers, d, label));
    if (typeof plan === "string") throw new Error(plan);
    const pace = new Pace(tools, 1);
    const starts: Starts = new Map();
    for (const data of layers) {
      const x = { data, n, d };
      const [warm] = await heldOutProbe(x, [label], plan.folds, tools.blas, pace, 0, MOST_TRAINED, starts);
      const [cold] = await heldOutProbe(x, [label], plan.folds, tools.blas, pace, 0);
      warm!.forEach((v, i) => {
        expect(Math.abs(v - cold![i]!)).toBeLessThan(1e-3 * (1 + Math.abs(v)));
      });
    }
  });
});
