import { describe, expect, it } from "vitest";
import { fitDomain, MARKS, marksOf, quantileOf } from "../../../src/engine/prompts/domain.js";
import { calibrationError } from "../../../src/engine/prompts/ece.js";
import { fitFrame, placeOf } from "../../../src/engine/prompts/frame.js";
import { aurocDifference, chooseLayer } from "../../../src/engine/prompts/layer.js";
import { emergenceOf } from "../../../src/engine/prompts/score.js";
import { cutSpans } from "../../../src/engine/prompts/spans.js";
import { cutWindows, MOST_WINDOWS, windowSize } from "../../../src/engine/prompts/windows.js";
import { asOfOne, normalQuantile, usualSpans } from "../../../src/engine/prompts/worst.js";
import { auroc } from "../../../src/engine/stats/auc.js";
import { normalTail } from "../../../src/engine/stats/normal.js";
import { Random } from "../../../src/engine/stats/random.js";
import { plainBlas } from "../stats/plain.js";

const breathe = async () => {};

describe("calibration error", () => {
  it("is none for what comes as often as said, and the distance where it does not", () => {
    const random = new Random(1);
    const said = Float64Array.from({ length: 20_000 }, () => random.uniform());
    const came = said.map((p) => (random.uniform() < p ? 1 : 0));
    expect(calibrationError(said, came)).toBeLessThan(0.02);
    expect(calibrationError([0.9, 0.9, 0.9, 0.9], [1, 0, 0, 0])).toBeCloseTo(0.65, 12);
    expect(calibrationError([], [])).toBeNull();
    expect(calibrationError([Number.NaN, 1], [0, 1])).toBe(0);
  });
});

describe("the layer of a profile", () => {
  const random = new Random(2);
  const label = Uint8Array.from({ length: 300 }, (_, i) => i % 2);
  const group = label.map((_, i) => i);
  const layer = (shift: number) => Float64Array.from(label, (y) => y * shift + random.normal());
  const scores = [layer(0), layer(1), layer(2), layer(2), layer(2.02)];
  const areas = scores.map((s) => auroc(s, label));

  it("is the earliest that is as good as the best", () => {
    const chosen = chooseLayer(scores, areas, label, group)!;
    expect(chosen).toBeGreaterThanOrEqual(2);
    expect(chooseLayer([scores[0], scores[1], scores[4], scores[4]!.slice()], [areas[0]!, areas[1]!, areas[4]!, areas[4]!], label, group)).toBe(2);
    expect(chooseLayer([undefined, scores[1]], [null, areas[1]!], label, group)).toBe(1);
    expect(chooseLayer([undefined], [null], label, group)).toBeUndefined();
  });

  it("goes by the AUROCs' own difference, with an error that the bootstrap agrees with", () => {
    const { difference, error } = aurocDifference(scores[4]!, scores[1]!, label, group);
    expect(difference).toBeCloseTo(areas[4]! - areas[1]!, 10);
    const drawn: number[] = [];
    for (let b = 0; b < 300; b++) {
      const pick = Int32Array.from({ length: 300 }, () => random.below(300));
      const of = (s: Float64Array) => Float64Array.from(pick, (i) => s[i]!);
      const y = Uint8Array.from(pick, (i) => label[i]!);
      drawn.push(auroc(of(scores[4]!), y)! - auroc(of(scores[1]!), y)!);
    }
    const mean = drawn.reduce((a, b) => a + b) / drawn.length;
    const deviation = Math.sqrt(drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / drawn.length);
    expect(error / deviation).toBeGreaterThan(0.8);
    expect(error / deviation).toBeLessThan(1.25);
  });
});

describe("the frame and the domain", () => {
  const [n, d] = [240, 12];
  const random = new Random(3);
  const lengths = Array.from({ length: n }, () => 6 + random.below(30));
  const row = (tokens: number, far = 0) =>
    Float32Array.from({ length: d }, (_, j) => (j < 3 ? 3 : 1) * (random.normal() + far) * (4 / Math.sqrt(tokens)) + 5 * j);
  const data = new Float32Array(n * d);
  lengths.forEach((tokens, i) => {
    data.set(row(tokens), i * d);
  });
  const read = (tokens: number) => ({ text: "abcd ".repeat(tokens).trim(), tokens, truncated: false });

  it("keeps lengths: coordinates and rest together are the standardised state", async () => {
    const frame = await fitFrame(
      { data, n, d },
      Int32Array.from({ length: n }, (_, i) => i),
      0,
      plainBlas,
      breathe,
    );
    const { coordinates, rest } = placeOf(frame, data, 7 * d);
    const whole = Array.from({ length: d }, (_, j) => ((data[7 * d + j]! - frame.mean[j]!) * frame.inverse[j]!) ** 2).reduce((a, b) => a + b);
    expect(coordinates.reduce((s, c) => s + c * c, rest)).toBeCloseTo(whole, 3);
    for (let k = 1; k < frame.dims; k++) expect(frame.variance[k]!).toBeLessThanOrEqual(frame.variance[k - 1]! + 1e-6);
    const again = await fitFrame(
      { data, n, d },
      Int32Array.from({ length: n }, (_, i) => i),
      0,
      plainBlas,
      breathe,
    );
    expect(again).toEqual(frame);
  });

  it("calls one held-out row in twenty-five or so far, whatever its length, and what lies elsewhere always", async () => {
    const half = Int32Array.from({ length: n / 2 }, (_, i) => i);
    const frame = await fitFrame({ data, n, d }, half, 0, plainBlas, breathe);
    const marks = new Float64Array((n / 2) * MARKS);
    for (let i = n / 2; i < n; i++) marks.set(marksOf(frame, data, i * d, read(lengths[i]!)), (i - n / 2) * MARKS);
    const domain = fitDomain(frame, marks, lengths.slice(n / 2));
    const far = (shift: number) => {
      let out = 0;
      for (let k = 0; k < 400; k++) {
        const tokens = 6 + random.below(30);
        if (quantileOf(domain, row(tokens, shift), 0, read(tokens)) > domain.limit) out++;
      }
      return out / 400;
    };
    expect(far(0)).toBeLessThan(0.12);
    expect(far(6)).toBeGreaterThan(0.95);
    expect(quantileOf(domain, row(12).fill(Number.NaN), 0, read(12))).toBe(1);
    // Of symbols alone, where the rows had none.
    expect(quantileOf(domain, row(12), 0, { text: "{}();=>[]".repeat(6), tokens: 12, truncated: false })).toBe(1);
  });
});

describe("windows", () => {
  const words = (n: number, each = 10) => Array.from({ length: n }, (_, i) => `word${i}${(i + 1) % each === 0 ? "." : ""}`).join(" ");
  const ranges = (text: string) => [...text.matchAll(/\s*\S+/g)].map((m) => [m.index, m.index + m[0].length] as const);

  it("cover the text, are no longer than asked, overlap, and end where sentences do", () => {
    const text = words(200);
    const tokens = ranges(text);
    const { windows, cut } = cutWindows(text, tokens, 32);
    expect(cut).toBe(false);
    expect(windows[0]![0]).toBe(0);
    expect(windows.at(-1)![1]).toBe(text.length);
    windows.forEach(([from, to], i) => {
      expect(ranges(text.slice(from, to)).length).toBeLessThanOrEqual(33);
      if (i > 0) expect(from).toBeLessThan(windows[i - 1]![1]);
    });
    const ends = windows.slice(0, -1).filter(([, to]) => /\.\s*$/.test(text.slice(0, to)));
    expect(ends.length).toBe(windows.length - 1);
  });

  it("are one where the text is short, and end where there are too many", () => {
    const short = words(38);
    expect(cutWindows(short, ranges(short), 32).windows).toEqual([[0, short.length]]);
    expect(cutWindows(short, ranges(short), 32, 33).windows.length).toBe(2);
    const long = words(MOST_WINDOWS * 40);
    const { windows, cut } = cutWindows(long, ranges(long), 32);
    expect(windows.length).toBe(MOST_WINDOWS);
    expect(cut).toBe(true);
    expect(windowSize(12, 512)).toBe(16);
    expect(windowSize(200, 64)).toBe(64);
  });

  it("are sentences and lines where a long text has them, without marks of lists", () => {
    const text =
      "You answer questions about books.\n\n- Keep every reply short and kind.\n- Ask.\nNever make up a price. Say so when a book is out of print, and offer another one.";
    const { windows, cut } = cutSpans(text, ranges(text), 16);
    expect(cut).toBe(false);
    expect(windows.map(([from, to]) => text.slice(from, to))).toEqual([
      "You answer questions about books.",
      "Keep every reply short and kind.",
      "Ask.",
      "Never make up a price. Say so when a book is out of print, and offer another one.",
    ]);
    const short = "One. Two.\nThree.";
    expect(cutSpans(short, ranges(short), 16).windows).toEqual([[0, short.length]]);
    const long = Array.from({ length: MOST_WINDOWS + 1 }, () => "One two three.").join("\n");
    expect(cutSpans(long, ranges(long), 16).windows.length).toBeLessThanOrEqual(MOST_WINDOWS);
    const unbroken = words(100, 1000);
    expect(cutSpans(unbroken, ranges(unbroken), 16).windows).toEqual(
      cutWindows(unbroken, ranges(unbroken), 16).windows.map(([a, b]) => [b - unbroken.slice(a, b).trimStart().length, unbroken.slice(0, b).trimEnd().length]),
    );
  });

  it("are held against what the prompt's own are like, never against less harmless ones than safe rows", () => {
    const safe = { mean: -1, deviation: 1 };
    const dull = [-4, -4, -4, -4, -4, -4, -4, -4, 1.5];
    expect(asOfOne(1.5, 9, safe, usualSpans(dull, safe))).toBeGreaterThan(asOfOne(1.5, 9, safe));
    expect(usualSpans([3, 3, 3], safe)).toEqual(safe);
    expect(asOfOne(1.5, 9, safe, usualSpans(dull, safe))).toBeLessThanOrEqual(1.5);
    const random = new Random(5);
    let told = 0;
    for (let k = 0; k < 2000; k++) {
      const harmless = Array.from({ length: 12 }, () => -1 + random.normal());
      if (asOfOne(Math.max(...harmless), 12, safe, usualSpans(harmless, safe)) > -1 + 1.2816) told++;
    }
    expect(told / 2000).toBeLessThan(0.15);
  });

  it("count the looks: the worst of eight safe windows is as rarely high as one", () => {
    const random = new Random(4);
    const safe = { mean: -3, deviation: 2 };
    const line = -3 + 2 * 1.2816;
    let [raw, judged] = [0, 0];
    for (let k = 0; k < 4000; k++) {
      const worst = Math.max(...Array.from({ length: 8 }, () => -3 + 2 * random.normal()));
      if (worst > line) raw++;
      if (asOfOne(worst, 8, safe) > line) judged++;
    }
    expect(raw / 4000).toBeGreaterThan(0.5);
    expect(judged / 4000).toBeGreaterThan(0.08);
    expect(judged / 4000).toBeLessThan(0.12);
    expect(asOfOne(1.5, 1, safe)).toBe(1.5);
    for (const x of [-2, 0, 1.3, 4]) expect(normalQuantile(normalTail(x))).toBeCloseTo(x, 5);
  });
});

describe("emergence", () => {
  it("is the first layer from which the curve stays on its side", () => {
    expect(emergenceOf([0.1, 0.6, 0.4, 0.7, 0.9])).toBe(3);
    expect(emergenceOf([0.7, null, 0.9])).toBe(0);
    expect(emergenceOf([0.9, 0.1])).toBe(1);
    expect(emergenceOf([])).toBeNull();
  });
});
