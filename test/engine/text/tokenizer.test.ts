import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openTokenizer } from "../../../src/engine/text/tokenizer.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, json: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof json === "string" ? json : JSON.stringify(json));
  return path;
}

/** Words of a tiny vocabulary between [CLS] and [SEP]. */
const wordLevel = (pattern?: string) => ({
  version: "1.0",
  added_tokens: [0, 1, 2].map((id) => ({
    id,
    content: ["[UNK]", "[CLS]", "[SEP]"][id],
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
  normalizer: null,
  pre_tokenizer: pattern ? { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false } : { type: "WhitespaceSplit" },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "[SEP]", type_id: 0 } }],
    pair: [],
    special_tokens: { "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] }, "[SEP]": { id: "[SEP]", ids: [2], tokens: ["[SEP]"] } },
  },
  decoder: null,
  model: { type: "WordLevel", vocab: { "[UNK]": 0, "[CLS]": 1, "[SEP]": 2, red: 3, green: 4, blue: 5 }, unk_token: "[UNK]" },
});

describe("tokenizer", () => {
  it("gives a text that it remembers the ids that it would give it anew", async () => {
    const path = write("again.json", wordLevel());
    const text = "red green blue red";
    const wide = `red${" ".repeat(200)}green`;
    const [warm, cold] = [await openTokenizer(path), () => openTokenizer(path)];
    for (const most of [4096, 6, 5, 3, 4096]) {
      expect(await warm.encode([text, wide], most)).toEqual(await (await cold()).encode([text, wide], most));
      const shown = [
        { text, special: true },
        { text, special: false },
        { text: wide, special: true, pooled: [0, 3] as const },
      ];
      expect(await warm.encodeShown(shown, most)).toEqual(await (await cold()).encodeShown(shown, most));
      expect(await warm.encodeShown(shown.slice(0, 1), most)).toEqual(await (await cold()).encode([text], most));
    }
    // Whatever a hundred other texts did in between.
    for (let i = 0; i < 100; i++) await warm.encode([`red ${i}`], 64);
    expect(await warm.encode([text], 64)).toEqual(await (await cold()).encode([text], 64));
  });

  it("adds the special tokens, and keeps them when it cuts the text", async () => {
    const tokenizer = await openTokenizer(write("words.json", wordLevel()));
    const [whole, cut] = await tokenizer.encode(["red green", "red green blue red green"], 5);
    expect(whole).toEqual({ ids: [1, 3, 4, 2], truncated: false });
    expect(cut).toEqual({ ids: [1, 3, 4, 5, 2], truncated: true });
  });

  it("looks at a bounded part of a long text, and says that it was cut", async () => {
    const tokenizer = await openTokenizer(write("words.json", wordLevel()));
    const [long] = await tokenizer.encode(["blue ".repeat(400_000)], 8);
    expect(long.ids).toEqual([1, 5, 5, 5, 5, 5, 5, 2]);
    expect(long.truncated).toBe(true);
  });

  it("survives lone surrogates and empty texts", async () => {
    const tokenizer = await openTokenizer(write("words.json", wordLevel()));
    const [lone, empty] = await tokenizer.encode(["red \ud83d blue", ""], 8);
    expect(lone.ids).toEqual([1, 3, 0, 5, 2]);
    expect(empty.ids).toEqual([1, 2]);
  });

  it("gives up the row on which a pattern backtracks without end, and only that row", async () => {
    const tokenizer = await openTokenizer(write("slow.json", wordLevel("(a+)+$")));
    const [slow, fine] = await tokenizer.encode([`${"a".repeat(60)}!`, "red"], 64);
    expect(slow).toMatchObject({ ids: [], problem: "too-slow" });
    expect(fine.ids.length).toBeGreaterThan(1);
  });

  it("says in a sentence what is wrong with a file that is no tokenizer", async () => {
    await expect(openTokenizer(join(folder, "none.json"))).rejects.toMatchObject({ problem: { code: "tokenizer/unreadable" } });
    await expect(openTokenizer(write("cut.json", '{"version": "1.0", "mod'))).rejects.toMatchObject({
      problem: { message: expect.stringContaining("not valid JSON") },
    });
    await expect(openTokenizer(write("list.json", []))).rejects.toMatchObject({ problem: { code: "tokenizer/unreadable" } });
    await expect(openTokenizer(write("empty.json", {}))).rejects.toMatchObject({ problem: { code: "tokenizer/unreadable" } });
  });

  const models = resolve(import.meta.dirname, "../../../../shared/models");
  for (const name of ["SmolLM2-135M-Instruct", "all-MiniLM-L6-v2"]) {
    it.skipIf(!existsSync(join(models, name)))(`gives the ids that transformers gives (${name})`, async () => {
      const tokenizer = await openTokenizer(join(models, name, "tokenizer.json"));
      const golden = JSON.parse(readFileSync(join(models, name, "golden.json"), "utf8")) as {
        prompts: { prompt: string; text_given_to_tokenizer?: string; input_ids: number[] }[];
      };
      expect(golden.prompts.length).toBeGreaterThan(0);
      for (const { prompt, text_given_to_tokenizer, input_ids } of golden.prompts)
        expect((await tokenizer.encode([text_given_to_tokenizer ?? prompt], 512))[0].ids).toEqual(input_ids);
    });
  }
});
