import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { heldOutProbe } from "../../../src/engine/lenses/concept-depth/probe.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { auroc, confusion } from "../../../src/engine/stats/auc.js";
import { pairIndices, scatterIndices } from "../../../src/engine/stats/indices.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { centre } from "../../../src/engine/stats/moments.js";
import { pairIndicesByProducts } from "../../../src/engine/stats/pairs.js";
import { plainBlas } from "./plain.js";

const folder = fileURLToPath(new URL("../../../../shared/data/golden/", import.meta.url));

describe.skipIf(!existsSync(folder))("real activations (SmolLM2 on 200 rows) against scikit-learn", () => {
  const load = () => {
    const file = readFileSync(`${folder}smollm2-audit-small.safetensors`);
    const size = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.subarray(8, 8 + size).toString());
    const bytes = (name: string) => {
      const [from, to] = header[name].data_offsets;
      return Uint8Array.from(file.subarray(8 + size + from, 8 + size + to)).buffer;
    };
    const golden = JSON.parse(readFileSync(`${folder}smollm2-audit-small.json`, "utf8"));
    return { bytes, golden, label: Uint8Array.from(new Int32Array(bytes("unsafe"))), fold: new Int32Array(bytes("fold")) };
  };

  it("CHI, DBI, XBI, silhouette and Dunn to 1e-4 relative, AUROC to 0.005 with the same folds", async () => {
    const { bytes, golden, label, fold } = load();
    const pace = new Pace({ blas: plainBlas, progress: async () => {} }, 1);
    for (const want of golden.rows) {
      const x = { data: new Float32Array(bytes(`layer${want.layer}`)), n: label.length, d: 576 };
      centre(x);
      const own = { ...scatterIndices(x, label)!, ...drain(pairIndices(x, label)) };
      for (const key of ["chi", "dbi", "xbi", "silhouette", "dunn"] as const)
        expect(Math.abs(own[key]! / want[key] - 1), `${key} of layer ${want.layer}`).toBeLessThan(1e-4);
      const fast = await pairIndicesByProducts(x, label, plainBlas, async () => {});
      expect(Math.abs(fast.dunn! / want.dunn - 1), `Dunn by products, layer ${want.layer}`).toBeLessThan(1e-4);
      expect(Math.abs(fast.silhouette! / want.silhouette - 1), `silhouette by products, layer ${want.layer}`).toBeLessThan(1e-4);
      const [score] = await heldOutProbe(x, [label], { of: fold, count: 5 }, plainBlas, pace, 0);
      expect(Math.abs(auroc(score!, label)! - want.auroc), `AUROC of layer ${want.layer}`).toBeLessThan(0.005);
      expect(Math.abs(confusion(score!, label).accuracy - want.accuracy)).toBeLessThan(0.011);
    }
  });
});
