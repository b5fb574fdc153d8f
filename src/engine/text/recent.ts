import { CHARACTERS_PER_TOKEN } from "./limits.js";
import type { Encoded } from "./tokenizer.js";

/** Texts asked for together that are worth remembering: a prompt is cut into windows by its tokens and then run by them, rows of a dataset are not. */
export const FEW = 32;
const MOST = 2 * FEW;
const MOST_CHARACTERS = 20_000;

/** Whole texts that were tokenised last, so that asking twice costs once. */
export class Recent {
  private readonly ids = new Map<string, readonly number[]>();

  /** @returns undefined where one of the texts is not known, or has more tokens than `most` */
  all(texts: readonly (string | undefined)[], most: number): Encoded[] | undefined {
    const found: Encoded[] = [];
    for (const text of texts) {
      const ids = text === undefined ? undefined : this.ids.get(text);
      if (text === undefined || !ids || ids.length > most || text.length > most * CHARACTERS_PER_TOKEN) return undefined;
      found.push({ ids, truncated: false });
    }
    return found;
  }

  keep(texts: readonly (string | undefined)[], encoded: readonly Encoded[]): void {
    texts.forEach((text, i) => {
      const { ids, truncated, problem } = encoded[i]!;
      if (text === undefined || text.length > MOST_CHARACTERS || truncated || problem) return;
      this.ids.delete(text);
      this.ids.set(text, ids);
    });
    for (const text of this.ids.keys()) {
      if (this.ids.size <= MOST) return;
      this.ids.delete(text);
    }
  }
}
