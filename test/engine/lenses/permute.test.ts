import { describe, expect, it } from "vitest";
import { permuteLabels } from "../../../src/engine/lenses/alignment-quality/permute.js";
import { Random } from "../../../src/engine/stats/random.js";

/** Share of rows that keep their label, over many draws. */
function kept(label: number[], group: number[], stratum = label.map(() => 0)): number {
  const random = new Random(1, 1);
  const [y, s, g] = [Uint8Array.from(label), Int32Array.from(stratum), Int32Array.from(group)];
  let same = 0;
  for (let draw = 0; draw < 200; draw++)
    permuteLabels(y, s, g, random).forEach((value, i) => {
      if (value === y[i]) same++;
    });
  return same / 200 / label.length;
}

describe("permuted labels", () => {
  const half = Array.from({ length: 40 }, (_, i) => i % 2);

  it("keep about half of a balanced label by chance", () => {
    expect(
      kept(
        half,
        half.map((_, i) => i),
      ),
    ).toBeCloseTo(0.49, 1);
  });

  it("do so as well where the groups of one class are larger than the other's", () => {
    // Unsafe rows in twos, safe rows alone: with size as a condition nothing would ever move.
    const label = [...Array(20).fill(1), ...Array(20).fill(0)];
    const group = label.map((y, i) => (y === 1 ? Math.floor(i / 2) : i));
    expect(kept(label, group)).toBeLessThan(0.65);
  });

  it("move whole groups, and swap within pairs that hold both classes", () => {
    const random = new Random(2, 2);
    const group = Int32Array.from([0, 0, 0, 1, 1, 2, 2, 3]);
    const pure = permuteLabels(Uint8Array.from([1, 1, 1, 0, 0, 1, 1, 0]), new Int32Array(8), group, random);
    for (const rows of [
      [0, 1, 2],
      [3, 4],
      [5, 6],
    ])
      expect(new Set(rows.map((i) => pure[i])).size).toBe(1);
    const pairs = permuteLabels(Uint8Array.from([0, 1, 0, 1]), new Int32Array(4), Int32Array.from([0, 0, 1, 1]), random);
    expect(pairs[0] + pairs[1]).toBe(1);
    expect(pairs[2] + pairs[3]).toBe(1);
  });

  it("never leave their stratum", () => {
    const label = [1, 1, 1, 1, 0, 0, 0, 0];
    const stratum = [0, 0, 0, 0, 1, 1, 1, 1];
    expect(
      kept(
        label,
        label.map((_, i) => i),
        stratum,
      ),
    ).toBe(1);
  });
});
