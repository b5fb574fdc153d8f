import { Random } from "../stats/random.js";
import type { View } from "./readings.js";
import { encodeRows, type ShownRows } from "./shown.js";
import type { Encoded, Tokenizer } from "./tokenizer.js";

/** Prompt of the one-word reading (Jiang et al. 2023, Scaling Sentence Embeddings with Large Language Models). */
const PROMPT = (text: string) => `This sentence: “${text}” means in one word:`;
/** Share of letters that are replaced. */
const CHANGED = 0.05;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * Token ids of rows under a view.
 * - `echo`: the row's ids twice between the special tokens, the second copy pooled (Springer et al. 2024, Repetition Improves
 *   Language Model Embeddings); the row is cut to half when both do not fit.
 * - `prompted`: the row inside a prompt that asks for one word; a long row is cut, never the prompt.
 * - `noise-prefix`: aaa or bbb in front, drawn by row (the perturbation of Jin et al. 2024's code).
 * - `noise-characters`: one letter in twenty replaced by another, drawn by row.
 * @param base the rows as the audit encodes them @param text the text of a row
 */
export async function encodeView(
  view: View,
  rows: readonly number[],
  base: (rows: readonly number[]) => Promise<readonly Encoded[]>,
  text: (row: number) => string,
  tools: { tokenizer: Tokenizer; shown: ShownRows; maxTokens: number; most: number; seed: number; signal?: AbortSignal },
): Promise<readonly Encoded[]> {
  const { tokenizer, shown, maxTokens, most, seed, signal } = tools;
  switch (view) {
    case "plain":
    case "int8":
    case "int4":
      return base(rows);
    case "echo":
      return echoed(await base(rows), await emptyIds(tokenizer), most);
    case "prompted":
      return prompted(rows.map(text), tokenizer, Math.min(most, maxTokens + 32), signal);
    case "noise-prefix":
      return encodeRows(tokenizer, shown, rows, maxTokens, signal, (words, row) => `${new Random(seed, 9000 + row).uniform() < 0.5 ? "aaa" : "bbb"} ${words}`);
    case "noise-characters":
      return encodeRows(tokenizer, shown, rows, maxTokens, signal, (words, row) => misspelt(words, new Random(seed, 9000 + row)));
    default:
      return view satisfies never;
  }
}

/** The special tokens alone. */
async function emptyIds(tokenizer: Tokenizer): Promise<readonly number[]> {
  const [nothing] = await tokenizer.encode([""], 16);
  return nothing?.ids ?? [];
}

export function echoed(encoded: readonly Encoded[], special: readonly number[], most: number): Encoded[] {
  return encoded.map(({ ids, truncated, problem }) => {
    if (problem) return { ids, truncated, problem };
    let before = 0;
    while (before < special.length && ids[before] === special[before]) before++;
    const after = special.length - before;
    const inner = ids.slice(before, ids.length - after);
    const fits = Math.max(1, Math.floor((most - special.length) / 2));
    const once = inner.slice(0, fits);
    // A row of special tokens only: there is nothing to repeat.
    if (once.length === 0) return { ids, truncated };
    return {
      ids: [...ids.slice(0, before), ...once, ...once, ...ids.slice(ids.length - after)],
      truncated: truncated || once.length < inner.length,
      span: [before + once.length, before + 2 * once.length],
    };
  });
}

async function prompted(texts: readonly string[], tokenizer: Tokenizer, most: number, signal?: AbortSignal): Promise<readonly Encoded[]> {
  let cut = texts;
  let out = await tokenizer.encode(cut.map(PROMPT), most, signal);
  // A cut takes the end away, which is the prompt: the row is shortened until the prompt fits.
  for (let tries = 0; tries < 12; tries++) {
    const long = out.flatMap((one, i) => (one.truncated ? [i] : []));
    if (long.length === 0) return out;
    const next = [...cut];
    for (const i of long) next[i] = next[i].slice(0, Math.floor(Math.min(next[i].length, most * 8) * 0.7));
    cut = next;
    const again = await tokenizer.encode(
      long.map((i) => PROMPT(cut[i])),
      most,
      signal,
    );
    const kept = [...out];
    for (const [k, i] of long.entries()) kept[i] = again[k];
    out = kept;
  }
  return out;
}

export function misspelt(text: string, random: Random): string {
  return Array.from(text, (c) => {
    if (!/\p{L}/u.test(c) || random.uniform() >= CHANGED) return c;
    const other = LETTERS[random.below(LETTERS.length)];
    return c === c.toLowerCase() ? other : other.toUpperCase();
  }).join("");
}
