import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PromptFinder } from "../../src/protocol/index.js";
import { corpus, type Sample, unmark } from "./corpus.js";
import { finderHere } from "./wasm.js";

const samples = corpus();
let finder: PromptFinder;
let close: () => void;
beforeAll(async () => ({ finder, close } = await finderHere()));
afterAll(() => close());

const key = ({ start, end }: { start: number; end: number }) => `${start}-${end}`;

/** What was found and should not have been, and what was missed, as the texts themselves. */
function judge(sample: Sample) {
  const { prompts } = finder.find(sample.source, { fileName: sample.fileName });
  const wanted = new Set(sample.prompts.map(key));
  const found = new Set(prompts.map(key));
  const show = (p: { start: number; end: number }) => `${sample.name}: ${sample.source.slice(p.start, p.end)}`;
  return {
    right: prompts.filter((p) => wanted.has(key(p))).length,
    wrong: prompts.filter((p) => !wanted.has(key(p))).map((p) => `${show(p)} [${p.shape}]`),
    missed: sample.prompts.filter((p) => !found.has(key(p))).map(show),
  };
}

describe("the corpus", () => {
  it("has three prompts and three near-misses of every shape at least", () => {
    for (const shape of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "15", "16", "17", "18", "19", "20", "F"]) {
      expect(samples.flatMap(({ prompts }) => prompts).filter((p) => p.shape === shape).length, `prompts of shape ${shape}`).toBeGreaterThanOrEqual(3);
      expect(samples.flatMap(({ misses }) => misses).filter((p) => p.shape === shape).length, `near-misses of shape ${shape}`).toBeGreaterThanOrEqual(3);
    }
  });

  it("is found with precision and recall of 0.95 or better, every range exact", () => {
    const judged = samples.map(judge);
    const right = judged.reduce((n, { right }) => n + right, 0);
    const wrong = judged.flatMap(({ wrong }) => wrong);
    const missed = judged.flatMap(({ missed }) => missed);
    expect({ wrong, missed }).toEqual({ wrong: [], missed: [] });
    expect(right / (right + wrong.length)).toBeGreaterThanOrEqual(0.95);
    expect(right / (right + missed.length)).toBeGreaterThanOrEqual(0.95);
  });

  it("would notice a prompt too few and one too many", () => {
    const sample = unmark("a.py.txt", 'x = ⟦13:"no prompt at all"⟧\nclient.responses.create(input="a prompt without a mark")\n');
    expect(judge({ ...sample, fileName: "a.py" })).toMatchObject({ right: 0, wrong: [expect.anything()], missed: [expect.anything()] });
  });

  it("has a text for every piece that stands one for one", () => {
    for (const { fileName, source } of samples)
      for (const prompt of finder.find(source, { fileName }).prompts) {
        let at = 0;
        let from = prompt.start;
        for (const piece of prompt.pieces) {
          expect(piece.at).toBe(at);
          expect(piece.from).toBeGreaterThanOrEqual(from);
          expect(piece.to).toBeLessThanOrEqual(prompt.end);
          if (!piece.hole && piece.length === piece.to - piece.from) expect(source.slice(piece.from, piece.to)).toBe(prompt.text.slice(at, at + piece.length));
          at += piece.length;
          from = piece.to;
        }
        expect(at).toBe(prompt.text.length);
      }
  });
});
