import { describe, expect, it } from "vitest";
import { type BaselineEntry, parseBaseline, withEntries } from "../../src/protocol/index.js";

const entry = (digit: string, file: string): BaselineEntry => ({ sha256: digit.repeat(64), file });

describe("the baseline of accepted prompts", () => {
  it("is written one line an entry, sorted, each once, and read again", () => {
    const first = withEntries(undefined, [entry("b", "src/b.py"), entry("a", "src/a.ts")]);
    const again = withEntries(parseBaseline(first, "f"), [entry("b", "src/b.py"), entry("c", "src/a.ts")]);
    expect(again.split("\n").filter((line) => line.startsWith('{"file"'))).toHaveLength(3);
    expect(parseBaseline(again, "f").prompts.map(({ sha256 }) => sha256[0])).toEqual(["a", "c", "b"]);
    expect(withEntries(undefined, [])).toBe('{"layerscopeBaseline": 1, "prompts": []}\n');
  });

  it("says what is wrong with a file that is none", () => {
    const codeOf = (json: string) => {
      try {
        parseBaseline(json, "baseline.json");
      } catch (error) {
        return (error as { problem: { code: string } }).problem.code;
      }
      return "read";
    };
    expect(codeOf("{")).toBe("baseline/unreadable");
    expect(codeOf("[]")).toBe("baseline/unreadable");
    expect(codeOf('{"layerscopeBaseline": 2, "prompts": []}')).toBe("baseline/version");
    expect(codeOf('{"layerscopeBaseline": 1, "prompts": [{"sha256": "no"}]}')).toBe("baseline/unreadable");
  });
});
