import { drain } from "../../stats/lbfgs.js";
import type { Study } from "../lens.js";

/** Names of the surface features, in the order of the columns. */
export const FEATURES = [
  "log characters",
  "log tokens",
  "characters even",
  "tokens even",
  "log words",
  "mean word length",
  "capitals",
  "digits",
  "punctuation",
  "beyond ASCII",
  "lines",
  "starts with a capital",
  "ends with a question mark",
  "ends with a full stop",
  "template markers",
] as const;

/**
 * What can be read off a text without understanding it: [count, FEATURES.length]. Of images the summary of their pixels stands in the first
 * columns; the others are zero, which a regression leaves out.
 */
export function surfaceFeatures(study: Study): Float64Array {
  return drain(readingFeatures(study));
}

/** The same, stopping now and then between rows. */
export function* readingFeatures(study: Study): Generator<void, Float64Array> {
  const p = FEATURES.length;
  const out = new Float64Array(study.count * p);
  if (study.pixels) {
    const { summary, summaryNames } = study.pixels;
    for (let i = 0; i < study.count; i++) out.set(summary.subarray(i * summaryNames.length, (i + 1) * summaryNames.length), i * p);
    return out;
  }
  for (let i = 0; i < study.count; i++) {
    if (i % 256 === 255) yield;
    const text = study.text(i);
    const characters = [...text];
    const n = Math.max(1, characters.length);
    const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
    const share = (pattern: RegExp) => (text.match(pattern)?.length ?? 0) / n;
    out.set(
      [
        Math.log1p(characters.length),
        Math.log1p(study.tokens[i]!),
        characters.length % 2,
        study.tokens[i]! % 2,
        Math.log1p(words.length),
        words.reduce((s, w) => s + w.length, 0) / Math.max(1, words.length),
        share(/\p{Lu}/gu),
        share(/\p{Nd}/gu),
        share(/\p{P}/gu),
        share(/[^\0-\x7f]/g),
        Math.log1p(text.match(/\n/g)?.length ?? 0),
        /^\s*\p{Lu}/u.test(text) ? 1 : 0,
        /\?\s*$/.test(text) ? 1 : 0,
        /\.\s*$/.test(text) ? 1 : 0,
        Math.log1p(text.match(/<\|?[a-z_/]+\|?>|\[\/?INST\]/gi)?.length ?? 0),
      ],
      i * p,
    );
  }
  return out;
}
