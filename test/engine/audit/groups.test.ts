import { describe, expect, it } from "vitest";
import { groupRows } from "../../../src/engine/audit/groups.js";

const label = (...values: number[]) => Uint8Array.from(values);
const same = (group: Int32Array, ...rows: number[]) => rows.every((row) => group[row] === group[rows[0]]);

describe("groups of rows that must share a fold", () => {
  it("join the rows of a pair or group column", () => {
    const { group, paired } = groupRows(
      ["red apples on a table", "how to fly a kite", "cold soup in winter", "the sea at night"],
      ["a", "b", "a", "b"],
      label(0, 0, 1, 1),
      0,
    );
    expect(same(group, 0, 2)).toBe(true);
    expect(same(group, 1, 3)).toBe(true);
    expect(group[0]).not.toBe(group[1]);
    expect(paired).toBe(true);
  });

  it("join near-duplicates, and through them whole groups", () => {
    const long = "please tell me how I can bake a loaf of bread with a crisp crust at home";
    const { group, nearDuplicates } = groupRows(
      [long, `${long}!`, "what is the tallest mountain", "who wrote the first novel"],
      [undefined, "g", "g", undefined],
      label(0, 1, 0, 1),
      0,
    );
    expect(same(group, 0, 1, 2)).toBe(true);
    expect(group[3]).not.toBe(group[0]);
    expect(nearDuplicates).toBe(1);
  });

  it("are not pairs when a value has one row, or two of a class", () => {
    const texts = ["one thing here", "another thing there", "a third matter", "a fourth idea"];
    expect(groupRows(texts, ["a", "a", "b", undefined], label(0, 1, 0, 1), 0).paired).toBe(false);
    expect(groupRows(texts, ["a", "a", "b", "b"], label(0, 0, 1, 1), 0).paired).toBe(false);
  });
});
