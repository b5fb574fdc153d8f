/** FNV-1a with a final mix, 32 bits. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Words; signs of arithmetic and emoji are words too, punctuation is none. */
const WORD = /[\p{L}\p{M}\p{N}_]+|\p{S}/gu;
/** Scripts that write no blanks between words: there each character is a word. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const APART = new RegExp(`${UNSPACED.source}|[^${UNSPACED.source.slice(1, -1)}]+`, "gu");

/** Is a part of the text written without blanks between words? */
export const isUnspaced = (text: string): boolean => UNSPACED.test(text);

/** Words of a normal text; at least one, which may be empty. */
export function wordsOf(normal: string): readonly string[] {
  const words = normal.match(WORD);
  if (!words) return [normal];
  return UNSPACED.test(normal) ? words.flatMap((word) => (UNSPACED.test(word) ? (word.match(APART) ?? []) : word)) : words;
}

/** Pairs of one text that are looked at; of a longer one those of smallest hash (a fair sample). */
const MOST = 4_096;

/** One form for texts that differ in case, blanks and compatibility characters only. */
export const normalText = (text: string): string => text.normalize("NFKC").trim().toLowerCase().replace(/\s+/g, " ");

/** Hashes of a normal text's pairs of neighbouring words, its begin and end included; sorted, each once. */
export function wordPairs(normal: string): Uint32Array {
  const words = wordsOf(normal);
  const pairs = new Uint32Array(words.length + 1);
  let before = hashText("");
  words.forEach((word, i) => {
    const h = hashText(word);
    pairs[i] = mix(Math.imul(before, 31) ^ h);
    before = h;
  });
  pairs[words.length] = mix(Math.imul(before, 31));
  pairs.sort();
  let kept = 0;
  for (let i = 0; i < pairs.length; i++) if (i === 0 || pairs[i] !== pairs[i - 1]) pairs[kept++] = pairs[i]!;
  return pairs.slice(0, Math.min(kept, MOST));
}

function mix(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Share of common entries of two sorted sets, 0..1. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      common++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  return common / (a.length + b.length - common);
}
