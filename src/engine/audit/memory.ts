import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Gives back what nobody holds any longer. The collector counts little of typed arrays, so that layers of many rows would pile up; a call takes
 * about 20 ms, and is worth it before as large an array is made.
 */
export function releaseMemory(): void {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
    collect = typeof found === "function" ? (found as () => void) : () => {};
  }
  collect();
}

/** What may pile up between two collections, and the least time between them: a collection takes 20 to 50 ms. */
const GARBAGE_BYTES = 24e6;
const APART_MS = 300;

/** Keeps garbage low while many rows are read again and again: left alone, the collector lets texts and scores of them grow by hundreds of megabytes. */
export class LowMemory {
  private after = 0;
  private last = Number.NEGATIVE_INFINITY;

  /** @param held bytes that are in use @param release gives back what is not */
  constructor(
    private readonly held: () => number = heldBytes,
    private readonly release: () => void = releaseMemory,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Called often; collects when enough has piled up since the last time. */
  look(): void {
    const held = this.held();
    // What others have collected since is not counted as piled up. At the first look all of it may be garbage.
    this.after = Math.min(this.after, held);
    if (held - this.after < GARBAGE_BYTES || this.now() - this.last < APART_MS) return;
    this.release();
    this.after = this.held();
    this.last = this.now();
  }
}

function heldBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
