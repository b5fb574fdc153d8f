import { describe, expect, it } from "vitest";
import { findDisagreements } from "../../src/extension/disagreement.js";
import type { RowTable } from "../../src/protocol/index.js";

/** Rows given as [label, score at the probability's layer, probability of class 1]. */
function table(rows: [0 | 1, number, number][]): RowTable {
  const columns = 3;
  const score = new Float32Array(rows.length * columns).fill(Number.NaN);
  rows.forEach(([, s], i) => {
    score[i * columns + 1] = s;
    // The other layers say the opposite: looking at the wrong one is noticed.
    score[i * columns] = score[i * columns + 2] = -s;
  });
  return {
    count: rows.length,
    columns,
    id: Uint32Array.from(rows, (_, i) => 100 + i),
    label: Uint8Array.from(rows, (r) => r[0]),
    category: new Uint16Array(rows.length),
    categories: [],
    place: new Int32Array(rows.length * 5),
    score,
    probability: Float32Array.from(rows, (r) => r[2]),
    probabilityLayer: 1,
    tokens: new Uint16Array(rows.length),
  };
}

describe("findDisagreements", () => {
  it("finds both kinds, surest first, and nothing on its own side", () => {
    const found = findDisagreements(
      table([
        [0, 2, 0.93],
        [1, 2, 0.99],
        [1, -3, 0.02],
        [0, -2, 0.05],
      ]),
      0.9,
    );
    expect(found.map((f) => [f.row, f.label, Number(f.probability.toFixed(2))])).toEqual([
      [102, 1, 0.98],
      [100, 0, 0.93],
    ]);
  });

  it("takes the threshold itself, although float32 holds 0.9 as a little less", () => {
    expect(findDisagreements(table([[0, 1, 0.9]]), 0.9)).toHaveLength(1);
    expect(findDisagreements(table([[0, 1, 0.89]]), 0.9)).toHaveLength(0);
  });

  it("leaves out what was not scored, and what the score itself does not put on the other side", () => {
    expect(
      findDisagreements(
        table([
          [0, Number.NaN, 0.99],
          [0, 1, Number.NaN],
          [0, -0.1, 0.95],
        ]),
        0.5,
      ),
    ).toEqual([]);
  });
});
