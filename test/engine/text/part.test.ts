import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodePart } from "../../../src/engine/text/part.js";
import { spanWeights } from "../../../src/engine/text/pooling.js";
import type { Shown } from "../../../src/engine/text/shown.js";
import { openTokenizer } from "../../../src/engine/text/tokenizer.js";
import { random } from "../data/files.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-part-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SMOLLM2 = resolve(import.meta.dirname, "../../../../shared/models/SmolLM2-135M-Instruct/tokenizer.json");

const added = (id: number, content: string) => ({ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false });
const write = (name: string, json: object) => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(json));
  return path;
};

/** Pieces with ▁ for a blank, the likeliest way through (SentencePiece's unigram model), <s> in front. */
const PIECES = ["▁", "▁the", "▁cat", "▁sat", "▁on", "▁mat", "s", "t", "c", "a", "h", "e", "o", "n", "m", "▁s", "at", "▁catsat", ".", "\n"];
const sentencePiece = () =>
  openTokenizer(
    write("unigram.json", {
      version: "1.0",
      added_tokens: [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>")],
      normalizer: null,
      pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: false },
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
        pair: [],
        special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
      },
      decoder: null,
      model: { type: "Unigram", unk_id: 0, vocab: [["<unk>", 0], ["<s>", 0], ["</s>", 0], ...PIECES.map((piece) => [piece, piece.length > 1 ? -1 : -4])] },
    }),
  );
const piece = (text: string) => PIECES.indexOf(text) + 3;

/** One id a character, so that positions can be read off; special tokens outside of 0..9999. */
const letters = (text: string, special: boolean) => (special ? [10_001] : []).concat(Array.from(text, (c) => c.codePointAt(0) as number));
const BOS = 10_001;
const row = (text: string, from: number, to = text.length, special = true): Shown => ({ text, special, pooled: [from, to] });
const shown = (ids: readonly number[]) => ids.map((id) => (id === BOS ? "^" : String.fromCodePoint(id))).join("");
const marked = ({ ids, span }: { ids: readonly number[]; span?: readonly [number, number] }) => span && shown(ids.slice(...span));

describe("the tokens of a part", () => {
  it("begin where the ids of the front end", async () => {
    const tokenizer = await sentencePiece();
    const [plain] = await tokenizer.encodeShown([row("the cat sat on the mat", 8)], 64);
    expect(plain?.ids).toEqual([1, ...["▁the", "▁cat", "▁sat", "▁on", "▁the", "▁mat"].map(piece)]);
    expect(plain?.span).toEqual([3, 7]);
  });

  it("hold a token that straddles the border", async () => {
    const tokenizer = await sentencePiece();
    const [straddling] = await tokenizer.encodeShown([row("the catsat on", 7)], 64);
    expect(straddling?.ids).toEqual([1, ...["▁the", "▁catsat", "▁on"].map(piece)]);
    expect(straddling?.span).toEqual([2, 4]);
  });

  it("end before what a template writes behind them", async () => {
    const tokenizer = await sentencePiece();
    const [inside] = await tokenizer.encodeShown([{ text: "<s>the cat</s> sat on</s>", special: false, pooled: [14, 21] }], 64);
    expect(inside?.ids[0]).toBe(1);
    expect(inside?.ids.filter((id) => id === 1)).toHaveLength(1);
    expect(inside?.ids.slice(...(inside?.span ?? []))).not.toContain(2);
    expect(inside?.ids.at(-1)).toBe(2);
  });

  it("are none where the part has none", () => {
    expect(encodePart(letters, new Set([BOS]), row("abc", 3), 10)).toMatchObject({ problem: "no-tokens" });
    expect(encodePart(() => [], new Set(), row("abc", 1), 10)).toMatchObject({ problem: "no-tokens" });
  });

  it("stay when the row is too long: the head of the front goes first", () => {
    const cut = encodePart(letters, new Set([BOS]), row("0123456789answer", 10), 10);
    expect([shown(cut.ids), marked(cut), cut.truncated]).toEqual(["^789answer", "answer", true]);
  });

  it("lose their end only when they do not fit, and leave the front a quarter", () => {
    const cut = encodePart(letters, new Set([BOS]), row("0123456789abcdefghijklmnop", 10), 9);
    expect([shown(cut.ids), marked(cut)]).toEqual(["^89abcdef", "abcdef"]);
    const short = encodePart(letters, new Set([BOS]), row("0abcdefghijklmnop", 1), 9);
    expect([shown(short.ids), marked(short)]).toEqual(["^0abcdefg", "abcdefg"]);
  });

  it("keep a rendered row's first token, and drop what stands behind before anything else", () => {
    const bare = (text: string) => Array.from(text, (c) => (c === "^" ? BOS : (c.codePointAt(0) as number)));
    const tail = encodePart(bare, new Set([BOS]), row("^0123answer$$$$", 5, 11, false), 12);
    expect([shown(tail.ids), marked(tail)]).toEqual(["^0123answer$", "answer"]);
    const head = encodePart(bare, new Set([BOS]), row("^0123456789answer$$", 11, 17, false), 10);
    expect([shown(head.ids), marked(head)]).toEqual(["^789answer", "answer"]);
  });

  it("are found in a text that is cut before it is tokenised", () => {
    const seen: number[] = [];
    const watched = (text: string, special: boolean) => {
      seen.push(text.length);
      return letters(text, special);
    };
    const front = "x".repeat(1_000_000);
    const cut = encodePart(watched, new Set([BOS]), row(`${front}answer${front}`, front.length, front.length + 6), 10);
    expect([shown(cut.ids), marked(cut)]).toEqual(["^xxxanswer", "answer"]);
    expect(Math.max(...seen)).toBeLessThan(2_000);
  });

  it("are the whole where nothing is asked for", () => {
    const whole = encodePart(letters, new Set([BOS]), { text: "abc", special: false }, 10);
    expect([shown(whole.ids), whole.span, whole.truncated]).toEqual(["abc", undefined, false]);
    const cut = encodePart(letters, new Set([BOS]), { text: "abcdefgh", special: false }, 4);
    expect([shown(cut.ids), cut.truncated]).toEqual(["abcd", true]);
  });
});

describe("pooling over a part", () => {
  const sum = (weights: Float32Array | undefined) => weights && [...weights].map((w) => Math.round(w * 100) / 100);
  it("is over its tokens only; the first token left out is the sink's, not the answer's", () => {
    expect(sum(spanWeights("mean", 5, [3, 5]))).toEqual([0, 0, 0, 0.5, 0.5]);
    expect(sum(spanWeights("mean-skip-first", 5, [3, 5]))).toEqual([0, 0, 0, 0.5, 0.5]);
    expect(sum(spanWeights("mean-skip-first", 4, [0, 4]))).toEqual([0, 0.33, 0.33, 0.33]);
    expect(sum(spanWeights("last", 5, [1, 3]))).toEqual([0, 0, 1, 0, 0]);
    expect(sum(spanWeights("first", 5, [3, 5]))).toEqual([1, 0, 0, 0, 0]);
  });
});

describe.skipIf(!existsSync(SMOLLM2))("SmolLM2's byte-level tokens", () => {
  const vocabulary = () => {
    const { model, added_tokens } = JSON.parse(readFileSync(SMOLLM2, "utf8"));
    const bytes = new Map<number, number>(Object.entries(model.vocab as Record<string, number>).map(([token, id]) => [id, [...token].length]));
    for (const { id, content } of added_tokens as { id: number; content: string }[]) bytes.set(id, Buffer.byteLength(content));
    return bytes;
  };
  /** By the bytes of the tokens: the first that reaches beyond `at` bytes. */
  const startOf = (ids: readonly number[], bytes: Map<number, number>, at: number) => {
    let end = 0;
    return ids.findIndex((id) => {
      end += bytes.get(id) ?? 0;
      return end > at;
    });
  };

  it("are told apart at the border of prompt and answer as their bytes tell", async () => {
    const tokenizer = await openTokenizer(SMOLLM2);
    const bytes = vocabulary();
    const prompts = ["How do I bake bread?", "Say “yes” — 黒パン!", "x = [1, 2,\n  3]", "I am", "naïve café 😀"];
    const answers = ["No.", "Sure, here is how:\n1. Mix", " leading blank", "说好", "😀😀", "'s fine", "</s>"];
    for (const between of ["\n\n", "<|im_end|>\n<|im_start|>assistant\n", "\nAssistant: "]) {
      for (const prompt of prompts)
        for (const answer of answers) {
          const front = prompt + between;
          const [got] = await tokenizer.encodeShown([{ text: front + answer, special: false, pooled: [front.length, front.length + answer.length] }], 512);
          const exact = startOf(got?.ids ?? [], bytes, Buffer.byteLength(front));
          expect(got?.span?.[0], JSON.stringify(front + answer)).toBe(exact);
        }
    }
  });

  it("never begin late, and at most two tokens early, at any place", async () => {
    const tokenizer = await openTokenizer(SMOLLM2);
    const bytes = vocabulary();
    const next = random(7);
    const text = "Understanding counterproductive reinterpretations isn't straightforward: 12345 reasons, naïvely put — 説明は長い。\n\n  return x**2;";
    let early = 0;
    for (let k = 0; k < 60; k++) {
      const at = 1 + Math.floor(next() * (text.length - 2));
      const [got] = await tokenizer.encodeShown([{ text, special: true, pooled: [at, text.length] }], 512);
      const exact = startOf(got?.ids ?? [], bytes, Buffer.byteLength(text.slice(0, at)));
      const start = got?.span?.[0] ?? -1;
      expect(start).toBeLessThanOrEqual(exact);
      expect(exact - start).toBeLessThanOrEqual(2);
      if (start < exact) early++;
    }
    expect(early).toBeLessThan(20);
  });
});
