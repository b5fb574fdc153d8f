import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/engine/stats/random.js";
import { alignTokens } from "../../../src/engine/text/align.js";
import { openTokenizer } from "../../../src/engine/text/tokenizer.js";

const SHARED = resolve(import.meta.dirname, "../../../../shared/models");

const ODD = [
  "a",
  "Z",
  "é",
  "e\u0301",
  "😀",
  "👩‍👩‍👧",
  "ß",
  "ﬁ",
  "中",
  "文",
  "ئ",
  " ",
  "  ",
  "\n",
  "\r\n",
  "\t",
  "’",
  "…",
  "½",
  "I",
  "İ",
  "the ",
  "running ",
  "un",
  "1984",
  "\u00a0",
  "{}",
  "\\",
];
const TOKENIZERS = [
  ["embedded, byte level", resolve(import.meta.dirname, "../../../media/model/tokenizer.json")],
  ["SmolLM2, byte level", join(SHARED, "SmolLM2-135M-Instruct", "tokenizer.json")],
  ["MiniLM, word pieces", join(SHARED, "all-MiniLM-L6-v2", "tokenizer.json")],
] as const;

const bytes = (text: string) => new TextEncoder().encode(text);

describe("where tokens stand in a text", () => {
  it("is exact where the pieces are the text's own", () => {
    expect(alignTokens("ab cd", [bytes("ab"), bytes(" cd")])).toEqual([
      [0, 2],
      [2, 5],
    ]);
  });

  it("gives special tokens no place, and unknown ones what lies between their neighbours", () => {
    expect(alignTokens("ab ?? cd", [undefined, bytes("ab"), new Uint8Array(), bytes("cd"), undefined])).toEqual([
      [0, 0],
      [0, 2],
      [2, 6],
      [6, 8],
      [8, 8],
    ]);
  });

  it("gives a character that two tokens share to the first", () => {
    const [one, two] = [bytes("😀").slice(0, 2), bytes("😀").slice(2)];
    expect(alignTokens("a😀b", [bytes("a"), one, two, bytes("b")])).toEqual([
      [0, 1],
      [1, 3],
      [3, 3],
      [3, 4],
    ]);
  });

  it("sees through lower case, marks that are dropped, and added spaces", () => {
    const text = "Ünïcode TEXT";
    expect(alignTokens(text, [bytes("uni"), bytes("code"), bytes(" text")]).map(([a, b]) => text.slice(a, b))).toEqual(["Ünï", "code", " TEXT"]);
    expect(alignTokens("hi you", [bytes(" hi"), bytes(" you")])).toEqual([
      [0, 2],
      [2, 6],
    ]);
  });

  for (const [name, path] of TOKENIZERS)
    it.skipIf(!existsSync(path))(`ascends, stays inside and covers every word: ${name}`, async () => {
      const tokenizer = await openTokenizer(path);
      const random = new Random(11);
      for (let k = 0; k < 120; k++) {
        const text = Array.from({ length: 1 + random.below(24) }, () => ODD[random.below(ODD.length)]).join("");
        const ids = (await tokenizer.encode([text], 512))[0]!.ids;
        const ranges = alignTokens(
          text,
          ids.map((id) => tokenizer.bytesOf!(id)),
        );
        let at = 0;
        const covered = new Uint8Array(text.length);
        for (const [from, to] of ranges) {
          expect(from).toBeGreaterThanOrEqual(at);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(to).toBeLessThanOrEqual(text.length);
          at = to;
          covered.fill(1, from, to);
        }
        if (name.includes("byte level")) for (const m of text.matchAll(/[^\s]/gu)) expect(covered[m.index]).toBe(1);
        // Plain words are found to the letter.
        const plain = ranges.map(([from, to]) => text.slice(from, to)).join("");
        expect(plain.replace(/\s/g, "").length).toBeGreaterThan(0.5 * text.replace(/[^a-z0-9]/gi, "").length);
      }
    });
});
