import { describe, expect, it } from "vitest";
import { jsonFault } from "../../../src/engine/data/json-fault.js";
import { random } from "./files.js";

const valid = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("the place of a JSON fault", () => {
  it("is found exactly when JSON.parse fails, for mutated documents", () => {
    const base = JSON.stringify([{ text: 'a "quoted" \\ text\n', n: [-1.5e3, 0, true, null], "": {} }, [], "\u2028😀"]);
    const junk = ["", ",", "}", "]", '"', "\\", "NaN", "//", " ", "\n", "1", "-", ".", "u12", "'", "t"];
    let broken = 0;
    for (let seed = 1; seed <= 4000; seed++) {
      const next = random(seed);
      const at = Math.floor(next() * base.length);
      const text = base.slice(0, at) + junk[Math.floor(next() * junk.length)] + base.slice(at + Math.floor(next() * 3));
      if (!valid(text)) broken++;
      expect(jsonFault(text) === undefined, text).toBe(valid(text));
    }
    expect(broken).toBeGreaterThan(1000);
  });

  it.each<[string, number, RegExp, boolean]>([
    ['{"a": 1,}', 8, /comma too many/, false],
    ["[1, 2,]", 6, /comma too many/, false],
    ["// c\n[1]", 0, /comment/, false],
    ['{"a" 1}', 5, /colon/, false],
    ['{"a": NaN}', 6, /neither quoted/, false],
    ['{"a": "b', 8, /no closing quote/, true],
    ['{"a": [1, 2', 11, /bracket/, true],
    ["{'a': 1}", 1, /quoted name/, false],
    ["[1] [2]", 4, /after the end/, false],
    ['["a\nb"]', 3, /line break/, false],
  ])("of %j is at %i", (text, offset, reason, cut) => {
    const fault = jsonFault(text);
    expect(fault).toMatchObject({ offset, cut });
    expect(fault?.reason).toMatch(reason);
  });

  it("does not follow nesting for ever", () => {
    expect(jsonFault("[".repeat(100_000))?.reason).toMatch(/nesting/);
  });
});
