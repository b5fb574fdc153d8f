import { Random } from "./random.js";

const BANDS = 16;
const ROWS = 4;

/** Near-duplicates share this much of their word shingles (Jaccard, estimated from 64 hashes). */
export const NEAR = 0.7;

/**
 * Groups of rows that say the same: equal after trimming, case folding and joining of white space, or near-duplicates by
 * MinHash over word pairs (Broder 1997; 16 bands of 4 hashes, then the estimate must reach `NEAR`). Joined transitively.
 * @returns [texts.length] group numbers from 0, in order of first appearance
 */
export function nearDuplicateGroups(texts: readonly string[] | { readonly length: number; at(i: number): string | undefined }, seed: number): Int32Array {
  const n = texts.length;
  const parent = new Int32Array(n);
  for (let i = 0; i < n; i++) parent[i] = i;
  const random = new Random(seed, 7);
  const multipliers = Int32Array.from({ length: BANDS * ROWS }, () => random.bits() | 1);
  const offsets = Int32Array.from({ length: BANDS * ROWS }, () => random.bits() | 0);
  const signature = new Uint32Array(n * BANDS * ROWS);
  const exact = new Map<string, number>();
  const buckets = Array.from({ length: BANDS }, () => new Map<number, number>());
  for (let i = 0; i < n; i++) {
    const text = normalise(texts.at(i) ?? "");
    const same = exact.get(text);
    if (same !== undefined) {
      join(parent, i, same);
      continue;
    }
    exact.set(text, i);
    const at = i * BANDS * ROWS;
    sign(text, multipliers, offsets, signature.subarray(at, at + BANDS * ROWS));
    for (let b = 0; b < BANDS; b++) {
      let key = b;
      for (let r = 0; r < ROWS; r++) key = Math.imul(key ^ signature[at + b * ROWS + r]!, 0x01000193) + (key >>> 15);
      const other = buckets[b]!.get(key);
      if (other === undefined) buckets[b]!.set(key, i);
      else if (root(parent, other) !== root(parent, i) && agreement(signature, other, i) >= NEAR) join(parent, i, other);
    }
  }
  return numbered(parent);
}

function normalise(text: string): string {
  return text.normalize("NFKC").trim().toLowerCase().replace(/\s+/g, " ");
}

function sign(text: string, multipliers: Int32Array, offsets: Int32Array, out: Uint32Array): void {
  out.fill(0xffffffff);
  const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [text];
  const take = (hash: number) => {
    for (let k = 0; k < out.length; k++) {
      let h = (Math.imul(hash, multipliers[k]!) + offsets[k]!) >>> 0;
      h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0;
      h = (h ^ (h >>> 13)) >>> 0;
      if (h < out[k]!) out[k] = h;
    }
  };
  let before = hashText("");
  for (const word of words) {
    const h = hashText(word);
    take(Math.imul(before, 31) ^ h);
    before = h;
  }
  take(Math.imul(before, 31));
}

/** FNV-1a with a final mix, 32 bits. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

function agreement(signature: Uint32Array, a: number, b: number): number {
  const m = BANDS * ROWS;
  let same = 0;
  for (let k = 0; k < m; k++) if (signature[a * m + k] === signature[b * m + k]) same++;
  return same / m;
}

function root(parent: Int32Array, i: number): number {
  let r = i;
  while (parent[r] !== r) r = parent[r]!;
  for (let k = i; k !== r; ) {
    const next = parent[k]!;
    parent[k] = r;
    k = next;
  }
  return r;
}

function join(parent: Int32Array, a: number, b: number): void {
  const x = root(parent, a);
  const y = root(parent, b);
  if (x !== y) parent[Math.max(x, y)] = Math.min(x, y);
}

function numbered(parent: Int32Array): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(parent, (_, i) => {
    const r = root(parent, i);
    const known = numbers.get(r);
    if (known !== undefined) return known;
    numbers.set(r, numbers.size);
    return numbers.size - 1;
  });
}
