import type { RowText } from "../protocol/index.js";

/** What the protocol lets the panel ask for at once. */
const MOST_WORDS = 8;
const LONGEST_WORD = 200;
/** Words whose rows are remembered. */
const MOST_KEPT = 64;
/** A word is asked for when typing has paused. */
const PAUSE_MS = 200;

export type Find = (words: string[], signal: AbortSignal) => Promise<Uint32Array[]>;

/** Which rows hold a word of the filter: asked of the engine, for the panel holds few texts; a later wish ends an earlier one. */
export class Finder {
  private readonly known = new Map<string, ReadonlySet<number>>();
  private wanted: string[] = [];
  private running: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Why nothing can be searched; said in place of the result. */
  trouble: string | undefined;
  /** Raised with every answer, so that a list knows when to filter again. */
  version = 0;

  constructor(
    private readonly find: Find | undefined,
    private readonly arrived: () => void,
  ) {}

  /** True when a word that is wished for is still being looked for. */
  get busy(): boolean {
    return this.running !== undefined || this.timer !== undefined;
  }

  /** True when all texts are searched, not only those at hand. */
  get searchesAll(): boolean {
    return this.find !== undefined && this.trouble === undefined;
  }

  /** undefined: not known (yet). */
  holds(word: string, id: RowText["row"]): boolean | undefined {
    return this.known.get(word)?.has(id);
  }

  /** @param words of the filter, in lower case */
  want(words: readonly string[]): void {
    const missing = [...new Set(words)].filter((word) => word.length <= LONGEST_WORD && !this.known.has(word)).slice(0, MOST_WORDS);
    if (missing.join("\n") === this.wanted.join("\n")) return;
    this.wanted = missing;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running?.abort();
    this.running = undefined;
    if (missing.length > 0 && this.searchesAll) this.timer = setTimeout(() => void this.ask(missing), PAUSE_MS);
  }

  clear(): void {
    this.want([]);
    this.known.clear();
    this.trouble = undefined;
    this.version++;
  }

  private async ask(words: string[]): Promise<void> {
    this.timer = undefined;
    const control = new AbortController();
    this.running = control;
    try {
      const found = (await this.find?.(words, control.signal)) ?? [];
      if (this.running !== control) return;
      words.forEach((word, i) => {
        this.known.set(word, new Set(found[i] ?? []));
      });
      for (const word of this.known.keys()) {
        if (this.known.size <= MOST_KEPT) break;
        if (!words.includes(word)) this.known.delete(word);
      }
    } catch (error) {
      if (this.running !== control) return;
      this.trouble = error instanceof Error ? error.message : String(error);
    }
    this.running = undefined;
    this.wanted = [];
    this.version++;
    this.arrived();
  }
}
