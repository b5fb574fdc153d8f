import { describe, expect, it } from "vitest";
import { findWords } from "../../src/engine/find.js";

const rows = ["Bread and BUTTER", "butter only", "İstanbul", "nothing"].map((text, i) => ({ id: 10 + i, text }));

describe("words in the texts of rows", () => {
  it("are found whatever their case, one list a word", async () => {
    const found = await findWords(rows, ["Butter", "bread", "missing"]);
    expect(found.map((ids) => [...ids])).toEqual([[10, 11], [10], []]);
  });

  it("are looked for until a cancel", async () => {
    const stop = new AbortController();
    const long = Array.from({ length: 40 }, (_, id) => ({ id, text: "x".repeat(500_000) }));
    setImmediate(() => stop.abort());
    await expect(findWords(long, ["y"], stop.signal)).rejects.toMatchObject({ problem: { code: "run/cancelled" } });
  });
});
