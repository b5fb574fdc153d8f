import { describe, expect, it } from "vitest";
import { groupRows } from "../../../src/engine/audit/groups.js";
import { findLeaks, wrongWay } from "../../../src/engine/audit/leaks.js";

const NAMES = ["safe", "unsafe"] as const;
const text = (i: number) => `${["apples", "kites", "soup", "rivers", "stones"][i % 5]} number${i} ${["red", "cold", "tall"][i % 3]} and${i * 31} so on`;
const leaks = (texts: string[], column: (string | undefined)[], label: number[], files = label.map(() => 0)) => {
  const labels = Uint8Array.from(label);
  return findLeaks(groupRows(texts, column, labels, 0), labels, NAMES, files);
};
const many = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i));
const codes = (found: ReturnType<typeof leaks>) => found.notices.map((n) => n.code);

describe("what may tell a label without having to do with it", () => {
  it("is nothing in plain rows", () => {
    const found = leaks(
      many(40, text),
      many(40, () => undefined),
      many(40, (i) => i % 2),
    );
    expect(found).toEqual({ groups: { count: 40, largest: 1, nearDuplicates: 0, templated: 0 }, notices: [] });
  });

  it("is copies that share their text's label", () => {
    const found = leaks(
      many(60, (i) => text(i % 12)),
      many(60, () => undefined),
      many(60, (i) => (i % 12) % 2),
    );
    expect(found.groups).toMatchObject({ count: 12, largest: 5, nearDuplicates: 48 });
    expect(codes(found)).toEqual(["audit/near-duplicates", "audit/label-of-groups"]);
    expect(found.notices[1]?.message).toBe(
      "60 of 60 rows lie in 12 groups that are safe or unsafe as a whole: what is measured rests on 12 groups, not on so many rows.",
    );
  });

  it("is not a pair, which holds both classes", () => {
    expect(
      codes(
        leaks(
          many(40, text),
          many(40, (i) => `p${i >> 1}`),
          many(40, (i) => i % 2),
        ),
      ),
    ).toEqual([]);
  });

  it("is a group that decides the label, said but not refused", () => {
    const found = leaks(
      many(40, text),
      many(40, (i) => `g${i % 10}`),
      many(40, (i) => (i % 10 < 5 ? 0 : 1)),
    );
    expect(codes(found)).toEqual(["audit/label-of-groups"]);
  });

  it("is fewer groups than folds", () => {
    const found = leaks(
      many(40, text),
      many(40, (i) => `g${i % 6}`),
      many(40, (i) => (i % 6 < 4 ? 0 : 1)),
    );
    expect(found.notices.filter((n) => n.code === "audit/few-groups").map((n) => n.message)).toEqual([
      "The safe rows lie in 4 groups only, so there can be no more than 4 folds that hold them.",
      "The unsafe rows lie in 2 groups only, so there can be no more than 2 folds that hold them.",
    ]);
  });

  it("is a group that holds most of a class", () => {
    const found = leaks(
      many(40, text),
      many(40, (i) => (i % 2 && i < 30 ? "all" : undefined)),
      many(40, (i) => i % 2),
    );
    expect(found.notices.find((n) => n.code === "audit/large-group")?.message).toContain("One group holds 15 of the 20 unsafe rows");
  });

  it("is one class after the other in one file, as where two sources were joined", () => {
    const label = many(40, (i) => (i < 25 ? 1 : 0));
    const found = leaks(
      many(40, text),
      many(40, () => undefined),
      label,
    );
    expect(found.notices[0]?.message).toMatch(/^The file holds all unsafe rows, then all safe ones\./);
    expect(
      codes(
        leaks(
          many(40, text),
          many(40, () => undefined),
          label,
          label,
        ),
      ),
    ).toEqual([]);
    expect(
      codes(
        leaks(
          many(10, text),
          many(10, () => undefined),
          many(10, (i) => (i < 5 ? 1 : 0)),
        ),
      ),
    ).toEqual([]);
  });

  it("is a template, counted, its rows left apart", () => {
    const filled = many(60, (i) => `Please write a short and friendly note to my neighbour about the matter of the thing${i} at the end of our street`);
    const found = leaks(
      [...filled, ...many(20, text)],
      many(80, () => undefined),
      many(80, (i) => i % 2),
    );
    expect(found.groups).toEqual({ count: 80, largest: 1, nearDuplicates: 0, templated: 60 });
    expect(codes(found)).toEqual(["audit/template"]);
  });
});

describe("words on the wrong side of chance", () => {
  const controls = (words: number | null, ci: [number, number] | null) =>
    ({ words, wordsCi95: ci, length: null, shuffled: null, shuffledCi95: null, residualised: null }) as const;

  it("say that pairs lie in different folds, and name the way out", () => {
    expect(wrongWay(controls(0.14, [0.06, 0.25]), undefined)).toMatchObject([{ code: "audit/unbound-pairs" }]);
    expect(wrongWay(controls(0.14, [0.06, 0.25]), undefined)[0]?.message).toContain("name their column with --group");
    expect(wrongWay(controls(0.14, [0.06, 0.25]), "story")[0]?.message).toContain("the group column does not bind them");
  });

  it("say nothing where chance is possible", () => {
    expect(wrongWay(controls(0.44, [0.3, 0.58]), undefined)).toEqual([]);
    expect(wrongWay(controls(null, null), undefined)).toEqual([]);
  });
});
