import { hashText, isUnspaced, wordsOf } from "./shingles.js";

/** Texts that differ in so many words (replaced, left out, put in) say the same. */
const EDITS = 2;
/** A shorter text may be another one after two words; of scripts without blanks a word is a character here. */
const LEAST_WORDS = 8;
const LEAST_CHARACTERS = 14;
/** Of longer texts the share of common word pairs finds two edits by itself. */
const MOST_WORDS = 23;
/** Rows before it, of one key, that a row is held against; more than one because keys may collide. */
const LOOK_BACK = 4;
const BASE = 0x01000193;
/** Above any row number; with 32 bits of hash still exact in a float64. */
const SHIFT = 2 ** 20;

/**
 * Pairs of texts that differ in one or two words, as edits of one text do among each other, so many that they connect all that
 * are connected. Found by what is left of a text after up to two words were taken out, then counted exactly.
 * @param normal text by row (below 2^20), each text once
 */
export function wordEdits(normal: ReadonlyMap<number, string>): [number, number][] {
  const words = new Map<number, Int32Array>();
  let total = 0;
  for (const [row, text] of normal) {
    const list = wordsOf(text);
    const w = list.length;
    if (w > MOST_WORDS || w < (isUnspaced(text) ? LEAST_CHARACTERS : LEAST_WORDS)) continue;
    words.set(
      row,
      Int32Array.from(list, (word) => hashText(word)),
    );
    total += 1 + w + (w * (w - 1)) / 2;
  }
  const keys = new Float64Array(total);
  let at = 0;
  for (const [row, own] of words) at = remains(own, row, keys, at);
  keys.sort();
  const found: [number, number][] = [];
  const seen = new Set<number>();
  for (let k = 1; k < total; k++) {
    const key = Math.floor(keys[k]! / SHIFT);
    const row = keys[k]! % SHIFT;
    for (let back = 1; back <= LOOK_BACK && k - back >= 0 && Math.floor(keys[k - back]! / SHIFT) === key; back++) {
      const other = keys[k - back]! % SHIFT;
      if (other === row) continue;
      const pair = other * SHIFT + row;
      const known = seen.has(pair);
      if (!known && !within(words.get(other)!, words.get(row)!, 0, 0, EDITS)) continue;
      if (!known) found.push([other, row]);
      seen.add(pair);
      break;
    }
  }
  return found;
}

/** Keys (hash, then row) of the text, of the text without each word and without each two. */
function remains(words: Int32Array, row: number, keys: Float64Array, from: number): number {
  const w = words.length;
  const power = new Int32Array(w + 1).fill(1);
  const prefix = new Int32Array(w + 1);
  for (let i = 0; i < w; i++) {
    power[i + 1] = Math.imul(power[i]!, BASE);
    prefix[i + 1] = (Math.imul(prefix[i]!, BASE) + words[i]!) | 0;
  }
  const then = (hash: number, a: number, b: number) => (Math.imul(hash, power[b - a]!) + prefix[b]! - Math.imul(prefix[a]!, power[b - a]!)) | 0;
  const put = (hash: number) => {
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
    keys[from++] = mixed * SHIFT + row;
  };
  put(prefix[w]!);
  for (let i = 0; i < w; i++) {
    put(then(prefix[i]!, i + 1, w));
    for (let j = i + 1; j < w; j++) put(then(then(prefix[i]!, i + 1, j), j + 1, w));
  }
  return from;
}

function within(a: Int32Array, b: Int32Array, i: number, j: number, left: number): boolean {
  while (i < a.length && j < b.length && a[i] === b[j]) {
    i++;
    j++;
  }
  if (i === a.length || j === b.length) return Math.max(a.length - i, b.length - j) <= left;
  return left > 0 && (within(a, b, i + 1, j + 1, left - 1) || within(a, b, i + 1, j, left - 1) || within(a, b, i, j + 1, left - 1));
}
