import { describe, expect, it } from "vitest";
import { listTaps, openModel } from "../../../src/engine/model/index.js";
import { FAMILIES, writeFamily } from "../../fixtures/families.js";
import { meanAndLast, scratch, worstError } from "./scratch.js";

const folder = scratch();
const ROWS = [
  [3, 9, 27, 4],
  [5, 6, 7, 8, 11, 12, 30],
];

describe("families built in code, without config.json", () => {
  it.each(FAMILIES)("%s: every layer agrees with a plain forward pass, and no layer with its neighbour's", async (family) => {
    const made = writeFamily(folder, family);
    const model = await openModel(made.path, { provider: "cpu", threads: 1 });
    expect(model.card.layers).toHaveLength(made.blocks + 1);
    expect(model.card.hiddenSize).toBe(made.width);
    // No mask goes in: rows of one length can be compared in a batch, others alone.
    for (const rows of [[ROWS[0]!], [ROWS[1]!], [ROWS[0]!, ROWS[0]!.map((id) => id + 1)]]) {
      const got = await model.run(meanAndLast(rows));
      const states = rows.map((row) => made.states(row));
      const error = (shift: number) =>
        worstError(got, made.blocks + 1, rows.length, made.width, (layer, row, pooling) => {
          const tokens = states[row]![layer + shift];
          if (!tokens) return undefined;
          return pooling === 1 ? tokens[tokens.length - 1]! : tokens[0]!.map((_, j) => tokens.reduce((sum, token) => sum + token[j]!, 0) / tokens.length);
        });
      expect(error(0)).toBeLessThan(1e-5);
      // One layer off must show, or the comparison says nothing.
      expect(error(1)).toBeGreaterThan(0.05);
      expect(error(-1)).toBeGreaterThan(0.05);
    }
    await model.close();
  });

  it("residual MLPs before and behind the blocks are no part of them: the final norm and the logits are found", () => {
    const { taps } = listTaps(writeFamily(folder, "residual MLPs around the blocks").path);
    const of = (name: string) => taps.find((tap) => tap.name === name)!;
    expect(of("final_norm")).toMatchObject({ op: "LayerNormalization", shape: ["batch", "tokens", 8] });
    expect(of("logits").missing).toBeUndefined();
    expect(taps.map(({ name }) => name)).not.toContain("blocks.2.resid_mid_cross");
  });
});
