import { quantile } from "../../stats/bootstrap.js";
import type { Study } from "../lens.js";

/** A question about the text's surface with two answers; what a probe is asked to read off the states. */
export interface SurfaceTarget {
  readonly id: string;
  readonly name: string;
  /** [count] 0 or 1. */
  readonly label: Uint8Array;
}

/** The rarer answer needs this share of the rows, or there is nothing to read. */
const LEAST_SHARE = 0.08;

/** Numbers of a text; each becomes a target by its median, unless it has two values only. */
const MEASURES: readonly { id: string; name: (cut: string) => string; of: (text: string, tokens: number) => number }[] = [
  { id: "length", name: (cut) => `longer than ${cut} tokens`, of: (_, tokens) => tokens },
  { id: "word-length", name: (cut) => `words longer than ${cut} letters`, of: (text) => meanOf(wordsOf(text).map((word) => [...word].length)) },
  { id: "capitals", name: () => "many capitals", of: (text) => share(text, /\p{Lu}/gu) },
  { id: "digits", name: () => "digits", of: (text) => share(text, /\p{Nd}/gu) },
  { id: "punctuation", name: () => "much punctuation", of: (text) => share(text, /\p{P}/gu) },
  { id: "script", name: () => "letters beyond ASCII", of: (text) => share(text, /[^\0-\x7f]/g) },
  { id: "lines", name: () => "several lines", of: (text) => (text.match(/\n/g) ?? []).length },
  { id: "markers", name: () => "chat template markers", of: (text) => (text.match(/<\|?[a-z_/]+\|?>|\[\/?INST\]/gi) ?? []).length },
  { id: "first-case", name: () => "begins with a capital", of: (text) => (/^\s*\p{Lu}/u.test(text) ? 1 : 0) },
  { id: "first-letter", name: () => "begins with a letter after M", of: (text) => ((/\p{L}/u.exec(text)?.[0] ?? "a").toLowerCase() > "m" ? 1 : 0) },
  { id: "last-letter", name: () => "last letter after M", of: (text) => ((text.match(/\p{L}/gu)?.at(-1) ?? "a").toLowerCase() > "m" ? 1 : 0) },
  { id: "question", name: () => "ends with a question mark", of: (text) => (/\?\s*$/.test(text) ? 1 : 0) },
  { id: "stop", name: () => "ends with a full stop", of: (text) => (/\.\s*$/.test(text) ? 1 : 0) },
];

/** The targets that vary enough on these rows. */
export function surfaceTargets(study: Study): SurfaceTarget[] {
  return MEASURES.flatMap(({ id, name, of }) => {
    const values = Float64Array.from({ length: study.count }, (_, i) => of(study.text(i), study.tokens[i]!));
    const cut = quantile(values, 0.5);
    // Where half of the rows or more have the least or the largest value, having that is the question.
    const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const at = cut < most ? cut : values.reduce((a, b) => (b < most ? Math.max(a, b) : a), least);
    const label = Uint8Array.from(values, (v) => (v > at ? 1 : 0));
    const ones = label.reduce((s, y) => s + y, 0);
    if (Math.min(ones, study.count - ones) < Math.max(8, LEAST_SHARE * study.count)) return [];
    return [{ id, name: name(Number(at.toFixed(1)).toString()), label }];
  });
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}_]+/gu) ?? [];
const share = (text: string, pattern: RegExp): number => (text.match(pattern)?.length ?? 0) / Math.max(1, text.length);
const meanOf = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((s, v) => s + v, 0) / values.length);
