import { hashText } from "../../stats/minhash.js";
import { centre, type Rows } from "../../stats/moments.js";
import { oneAndTwoGrams } from "../../stats/tfidf.js";
import type { Study } from "../lens.js";
import type { Pace } from "../pace.js";
import { FEATURES, readingFeatures } from "../surface-versus-meaning/features.js";

/** Rows of a hashed table; above `MANY_ROWS` rows a quarter of it, so that memory stays flat. */
const BUCKETS = 512;
const MANY_ROWS = 20_000;

/** Hashed counts of words and word pairs, log(1 + count), signed by a second hash so that collisions cancel on average; rows of norm 1, centred. */
export async function hashedCounts(study: Study, pace: Pace): Promise<Rows> {
  const d = study.count > MANY_ROWS ? BUCKETS / 4 : BUCKETS;
  const data = new Float32Array(study.count * d);
  const counts = new Map<string, number>();
  for (let i = 0; i < study.count; i++) {
    if (i % 256 === 255) await pace.breathe();
    counts.clear();
    for (const gram of oneAndTwoGrams(study.text(i))) counts.set(gram, (counts.get(gram) ?? 0) + 1);
    const row = data.subarray(i * d, (i + 1) * d);
    for (const [gram, count] of counts) {
      const h = hashText(gram);
      row[h % d]! += (h >>> 31 ? -1 : 1) * Math.log1p(count);
    }
    let square = 0;
    for (const v of row) square += v * v;
    if (square > 0) for (let j = 0; j < d; j++) row[j]! /= Math.sqrt(square);
  }
  const rows = { data, n: study.count, d };
  centre(rows);
  return rows;
}

/** Mean-pooled embeddings: what the model knows of a text before any block has run. */
export async function embeddingRows(study: Study): Promise<Rows> {
  const rows = { data: await study.embeddingMean(), n: study.count, d: study.width };
  centre(rows);
  return rows;
}

/** What can be read off a text without understanding it (length, casing, punctuation, …): a label that is length must not count as meaning. */
export async function surfaceRows(study: Study, pace: Pace): Promise<Rows> {
  const rows = { data: Float32Array.from(await pace.run(readingFeatures(study))), n: study.count, d: FEATURES.length };
  centre(rows);
  return rows;
}
