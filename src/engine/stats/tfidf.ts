import { drain } from "./lbfgs.js";
import type { Design } from "./logistic.js";

/** Rows of a sparse matrix: entries of row i lie at from[i]..from[i+1]. */
export interface Sparse {
  readonly rows: number;
  readonly columns: number;
  readonly from: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
}

/** Words as scikit-learn's default pattern `\b\w\w+\b` finds them in lower case. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? [];
}

/** Words and pairs of neighbouring words. */
export function oneAndTwoGrams(text: string): string[] {
  const list = words(text);
  const out = list.slice();
  for (let i = 0; i + 1 < list.length; i++) out.push(`${list[i]} ${list[i + 1]}`);
  return out;
}

/** Terms of each text by number, with the counts: what every vectoriser below starts from. */
export interface Terms {
  readonly rows: number;
  readonly vocabulary: number;
  readonly from: Int32Array;
  readonly term: Int32Array;
  readonly count: Int32Array;
}

export function countTerms(rows: number, text: (row: number) => string): Terms {
  return drain(countingTerms(rows, text));
}

/** The same, stopping now and then between rows. */
export function* countingTerms(rows: number, text: (row: number) => string): Generator<void, Terms> {
  const numbers = new Map<string, number>();
  const from = new Int32Array(rows + 1);
  const term: number[] = [];
  const count: number[] = [];
  for (let i = 0; i < rows; i++) {
    if (i % 256 === 255) yield;
    const here = new Map<number, number>();
    for (const gram of oneAndTwoGrams(text(i))) {
      let id = numbers.get(gram);
      if (id === undefined) {
        id = numbers.size;
        numbers.set(gram, id);
      }
      here.set(id, (here.get(id) ?? 0) + 1);
    }
    for (const [id, c] of here) {
      term.push(id);
      count.push(c);
    }
    from[i + 1] = term.length;
  }
  return { rows, vocabulary: numbers.size, from, term: Int32Array.from(term), count: Int32Array.from(count) };
}

/**
 * scikit-learn's TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True) fitted on the training rows: smooth idf, rows of
 * norm 1, terms that no training row has are left out. Returns all rows asked for.
 */
export function tfidf(terms: Terms, train: ArrayLike<number>, rows: ArrayLike<number>): Sparse {
  return drain(weighingTerms(terms, train, rows));
}

/** The same, stopping now and then between rows. */
export function* weighingTerms(terms: Terms, train: ArrayLike<number>, rows: ArrayLike<number>): Generator<void, Sparse> {
  const frequency = new Int32Array(terms.vocabulary);
  for (let k = 0; k < train.length; k++) for (let at = terms.from[train[k]!]!; at < terms.from[train[k]! + 1]!; at++) frequency[terms.term[at]!]!++;
  const place = new Int32Array(terms.vocabulary).fill(-1);
  let columns = 0;
  for (let t = 0; t < terms.vocabulary; t++) if (frequency[t]! > 0) place[t] = columns++;
  const from = new Int32Array(rows.length + 1);
  const column: number[] = [];
  const value: number[] = [];
  for (let k = 0; k < rows.length; k++) {
    if (k % 1024 === 1023) yield;
    const start = value.length;
    let square = 0;
    for (let at = terms.from[rows[k]!]!; at < terms.from[rows[k]! + 1]!; at++) {
      const t = terms.term[at]!;
      if (place[t]! < 0) continue;
      const v = (1 + Math.log(terms.count[at]!)) * (1 + Math.log((1 + train.length) / (1 + frequency[t]!)));
      column.push(place[t]!);
      value.push(v);
      square += v * v;
    }
    const norm = Math.sqrt(square);
    for (let i = start; i < value.length; i++) value[i]! /= norm;
    from[k + 1] = value.length;
  }
  return { rows: rows.length, columns, from, column: Int32Array.from(column), value: Float64Array.from(value) };
}

export function sparseDesign(x: Sparse): Design {
  return {
    rows: x.rows,
    columns: x.columns,
    times: (w, out) => {
      for (let i = 0; i < x.rows; i++) {
        let s = 0;
        for (let at = x.from[i]!; at < x.from[i + 1]!; at++) s += x.value[at]! * w[x.column[at]!]!;
        out[i] = s;
      }
    },
    transposed: (r, out) => {
      out.fill(0);
      for (let i = 0; i < x.rows; i++) for (let at = x.from[i]!; at < x.from[i + 1]!; at++) out[x.column[at]!]! += r[i]! * x.value[at]!;
    },
  };
}
