import type { RowText } from "../protocol/index.js";

/** Most texts asked for at once (the protocol's bound) and kept in memory. */
const MOST_ASKED = 200;
const MOST_KEPT = 4_000;

/** Texts of rows, read only when a row comes into sight; in memory only, the oldest go first. */
export class Texts {
  private readonly known = new Map<number, string>();
  private readonly asked = new Set<number>();
  private wanted: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Set when the texts cannot be read: said once, in place of the texts. */
  trouble: string | undefined;

  constructor(
    private readonly read: (rows: number[]) => Promise<RowText[]>,
    private readonly arrived: () => void,
    /** Texts that the page carries; with them nothing is ever read. */
    private readonly carried: ReadonlyMap<number, string> = new Map(),
  ) {}

  get(id: number): string | undefined {
    return this.carried.get(id) ?? this.known.get(id);
  }

  /** Rows whose text is at hand. */
  get size(): number {
    return this.carried.size || this.known.size;
  }

  /** Asks for what is in sight and not known; a later wish replaces one that has not gone out, so fast scrolling asks for little. */
  want(ids: readonly number[]): void {
    const missing = ids.filter((id) => this.get(id) === undefined && !this.asked.has(id)).slice(0, MOST_ASKED);
    if (missing.length === 0 || this.trouble) return;
    this.wanted = missing;
    this.timer ??= setTimeout(() => void this.fetch(), 40);
  }

  /** One text more, beside what is in sight: for a tooltip. */
  async one(id: number): Promise<string | undefined> {
    if (this.get(id) === undefined && !this.trouble) await this.ask([id]);
    return this.get(id);
  }

  clear(): void {
    this.known.clear();
    this.asked.clear();
    this.trouble = undefined;
  }

  private async fetch(): Promise<void> {
    this.timer = undefined;
    const ids = this.wanted;
    this.wanted = [];
    await this.ask(ids);
    this.arrived();
  }

  private async ask(ids: number[]): Promise<void> {
    for (const id of ids) this.asked.add(id);
    try {
      for (const { row, text } of await this.read(ids)) this.known.set(row, text);
      for (const id of this.known.keys()) {
        if (this.known.size <= MOST_KEPT) break;
        this.known.delete(id);
      }
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    } finally {
      for (const id of ids) this.asked.delete(id);
    }
  }
}
