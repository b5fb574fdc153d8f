import { breathe } from "./breathe.js";
import type { Row } from "./data/dataset.js";

/** Characters searched before the engine listens for a cancel. */
const BREATH = 4_000_000;

/**
 * Rows whose text holds a word, whatever its case; one list of row ids for each word.
 * @throws Problem `run/cancelled`
 */
export async function findWords(rows: readonly Pick<Row, "id" | "text">[], words: readonly string[], signal?: AbortSignal): Promise<Uint32Array[]> {
  const wanted = words.map((word) => word.toLowerCase());
  const found: number[][] = words.map(() => []);
  let searched = 0;
  for (const { id, text } of rows) {
    const lower = text.toLowerCase();
    wanted.forEach((word, w) => {
      if (lower.includes(word)) found[w]!.push(id);
    });
    searched += lower.length;
    if (searched < BREATH) continue;
    searched = 0;
    await breathe(signal);
  }
  return found.map((ids) => Uint32Array.from(ids));
}
