import { Random } from "./random.js";
import { jaccard, normalText, wordPairs } from "./shingles.js";
import { wordEdits } from "./word-edits.js";

export { hashText } from "./shingles.js";

const BANDS = 16;
const ROWS = 4;
/** Rows of one bucket, and of all buckets together, that a new one is held against. */
const MOST_IN_BUCKET = 8;
const MOST_CANDIDATES = 48;

/** Near-duplicates share this much of their word pairs (Jaccard). */
export const NEAR = 0.7;
/** Where a cluster is too large to be copies of a text, only rows as alike as this stay together. */
export const NEARLY_EQUAL = 0.9;
/** A cluster of near-duplicates above this many rows, and this share of all, is a template that many texts fill, not one text. */
const TEMPLATE_ROWS = 10;
const TEMPLATE_SHARE = 0.1;

export interface NearDuplicates {
  /** [texts] group numbers from 0, in order of first appearance. */
  readonly group: Int32Array;
  /** Rows of templates: alike, and not kept together for that. */
  readonly templated: number;
}

type Texts = readonly string[] | { readonly length: number; at(i: number): string | undefined };

/**
 * Rows that say the same: equal after trimming, case folding and joining of white space, near-duplicates, or of eight words and
 * more and different in one or two of them. Candidates of near-duplicates come from MinHash over word pairs (Broder 1997; 16 bands
 * of 4 hashes find 98.7% of the pairs at 0.7), and are then counted exactly; joined transitively. A cluster that grows into a
 * template ("The city of … is in India.") is taken apart again, so that no class can be swallowed by one group.
 */
export function nearDuplicates(texts: Texts, seed: number): NearDuplicates {
  const n = texts.length;
  const exact = new Forest(n);
  const { links, known } = candidates(texts, seed, exact);
  links.push(...wordEdits(known).map(([a, b]): Link => [a, b, 0]));
  const most = Math.max(TEMPLATE_ROWS, n * TEMPLATE_SHARE);
  // Inside a template only near rows stay together; where even they are too many, nearly equal ones, and at last equal ones.
  const bounds = [0, NEAR, NEARLY_EQUAL, Number.POSITIVE_INFINITY];
  const bound = new Float64Array(n);
  const templated = new Uint8Array(n);
  let forest = exact;
  for (const [step, least] of bounds.entries()) {
    forest = exact.copy();
    for (const [a, b, share] of links) if (share >= Math.max(bound[a]!, bound[b]!)) forest.join(a, b);
    if (step === bounds.length - 1) break;
    const sizes = forest.sizes();
    const linked = new Set(links.map(([a]) => forest.root(a)));
    for (let i = 0; i < n; i++) {
      if (bound[i]! < least || sizes.get(forest.root(i))! <= most || !linked.has(forest.root(i))) continue;
      bound[i] = bounds[step + 1]!;
      templated[i] = 1;
    }
  }
  return { group: forest.numbered(), templated: templated.reduce((sum, one) => sum + one, 0) };
}

/** As `nearDuplicates`, groups only. */
export const nearDuplicateGroups = (texts: Texts, seed: number): Int32Array => nearDuplicates(texts, seed).group;

type Link = readonly [a: number, b: number, share: number];

/** Joins equal texts in `exact`; returns the pairs of different texts that are near, and each text once, by its first row. */
function candidates(texts: Texts, seed: number, exact: Forest): { links: Link[]; known: ReadonlyMap<number, string> } {
  const random = new Random(seed, 7);
  const multipliers = Int32Array.from({ length: BANDS * ROWS }, () => random.bits() | 1);
  const offsets = Int32Array.from({ length: BANDS * ROWS }, () => random.bits() | 0);
  const known = new Map<string, number>();
  const pairs = new Map<number, Uint32Array>();
  const buckets = Array.from({ length: BANDS }, () => new Map<number, number[]>());
  const signature = new Uint32Array(BANDS * ROWS);
  const links: Link[] = [];
  for (let i = 0; i < texts.length; i++) {
    const text = normalText(texts.at(i) ?? "");
    const same = known.get(text);
    if (same !== undefined) {
      exact.join(i, same);
      continue;
    }
    known.set(text, i);
    const own = wordPairs(text);
    pairs.set(i, own);
    sign(own, multipliers, offsets, signature);
    const held = new Set<number>();
    for (let b = 0; b < BANDS; b++) {
      let key = b;
      for (let r = 0; r < ROWS; r++) key = Math.imul(key ^ signature[b * ROWS + r]!, 0x01000193) + (key >>> 15);
      const bucket = buckets[b]!.get(key);
      if (!bucket) {
        buckets[b]!.set(key, [i]);
        continue;
      }
      for (const other of bucket) {
        if (held.size >= MOST_CANDIDATES || held.has(other)) continue;
        held.add(other);
        const share = jaccard(own, pairs.get(other)!);
        if (share >= NEAR) links.push([other, i, share]);
      }
      if (bucket.length < MOST_IN_BUCKET) bucket.push(i);
    }
  }
  return { links, known: new Map([...known].map(([text, row]) => [row, text])) };
}

function sign(hashes: Uint32Array, multipliers: Int32Array, offsets: Int32Array, out: Uint32Array): void {
  out.fill(0xffffffff);
  for (const hash of hashes)
    for (let k = 0; k < out.length; k++) {
      let h = (Math.imul(hash, multipliers[k]!) + offsets[k]!) >>> 0;
      h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0;
      h = (h ^ (h >>> 13)) >>> 0;
      if (h < out[k]!) out[k] = h;
    }
}

/** Sets of rows that are joined one after another (union-find); the smallest row stands for its set. */
class Forest {
  private readonly parent: Int32Array;

  constructor(n: number, parent?: Int32Array) {
    this.parent = parent ?? Int32Array.from({ length: n }, (_, i) => i);
  }

  copy(): Forest {
    return new Forest(this.parent.length, this.parent.slice());
  }

  root(i: number): number {
    let r = i;
    while (this.parent[r] !== r) r = this.parent[r]!;
    for (let k = i; k !== r; ) {
      const next = this.parent[k]!;
      this.parent[k] = r;
      k = next;
    }
    return r;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.root(a), this.root(b)];
    if (x !== y) this.parent[Math.max(x, y)] = Math.min(x, y);
  }

  sizes(): Map<number, number> {
    const sizes = new Map<number, number>();
    for (let i = 0; i < this.parent.length; i++) sizes.set(this.root(i), (sizes.get(this.root(i)) ?? 0) + 1);
    return sizes;
  }

  numbered(): Int32Array {
    const numbers = new Map<number, number>();
    return Int32Array.from(this.parent, (_, i) => {
      const r = this.root(i);
      const number = numbers.get(r) ?? numbers.size;
      numbers.set(r, number);
      return number;
    });
  }
}
