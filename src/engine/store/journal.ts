import { join } from "node:path";
import { crc32, hex } from "./crc.js";
import { type Disk, writeFully } from "./disk.js";

/**
 * What a run notes while it goes, one line each, in `log.jsonl`: `{"crc":"…","e":{…}}`, the CRC being that of the text of `e`. Rows are
 * named by their position; no text, no hash of a text. `done` of `of` rows had arrived then.
 */
export type Entry =
  | { readonly kind: "begin"; readonly version: 1 }
  /** Positions [from, to, from, to, …) within a chunk whose states came from the store. */
  | {
      readonly kind: "stored";
      readonly pass: string;
      readonly chunk: number;
      readonly rows: readonly number[];
      readonly sum: string;
      readonly done: number;
      readonly of: number;
    }
  /** Positions within a chunk that no model sees, with the reason. */
  | { readonly kind: "skipped"; readonly pass: string; readonly chunk: number; readonly rows: readonly (readonly [number, string])[] }
  | {
      readonly kind: "batch";
      readonly pass: string;
      readonly chunk: number;
      readonly batch: number;
      readonly sum: string;
      readonly done: number;
      readonly of: number;
    }
  /** Every row of a chunk is in; the sum is that of its rows in order. */
  | { readonly kind: "chunk"; readonly pass: string; readonly chunk: number; readonly sum: string };

export const LOG = "log.jsonl";
const SYNC_MS = 1000;
const LINE = /^\{"crc":"([0-9a-f]{8})","e":(\{.*\})\}$/;

export interface ReadLog {
  readonly entries: readonly Entry[];
  /** Lines that are not what was written. */
  readonly bad: number;
  /** Made by a version that writes what this one does not know. */
  readonly newer: boolean;
  /** Bytes up to the end of the last line. */
  readonly bytes: number;
}

/** Good lines are kept, bad ones counted; what is behind the last line break was cut off. */
export function readLog(folder: string, disk: Disk): ReadLog {
  const none: ReadLog = { entries: [], bad: 0, newer: false, bytes: 0 };
  let all: Buffer;
  try {
    all = disk.readFileSync(join(folder, LOG));
  } catch {
    return none;
  }
  const bytes = all.lastIndexOf(10) + 1;
  const entries: Entry[] = [];
  let bad = bytes < all.length ? 1 : 0;
  let newer = false;
  for (const line of all.subarray(0, bytes).toString("utf8").split("\n").slice(0, -1)) {
    const [, sum, text] = LINE.exec(line) ?? [];
    if (text === undefined || hex(crc32(Buffer.from(text))) !== sum) {
      bad++;
      continue;
    }
    const entry = JSON.parse(text) as Entry;
    if (entry.kind === "begin" && entry.version > 1) newer = true;
    entries.push(entry);
  }
  return { entries, bad, newer, bytes };
}

/** The log of a run that is under way. Lines are flushed as they come, the disk is told at most once a second. */
export class Journal {
  private file: number | undefined;
  private synced = 0;

  /**
   * @param keep bytes of a former part that stay; 0 begins anew
   * @throws the file system's error
   */
  constructor(
    private readonly disk: Disk,
    folder: string,
    keep: number,
  ) {
    this.file = disk.openSync(join(folder, LOG), "a", 0o600);
    disk.ftruncateSync(this.file, keep);
    if (keep === 0) this.add({ kind: "begin", version: 1 });
  }

  /** @throws the file system's error */
  add(entry: Entry): void {
    if (this.file === undefined) return;
    const text = JSON.stringify(entry);
    writeFully(this.disk, this.file, Buffer.from(`{"crc":"${hex(crc32(Buffer.from(text)))}","e":${text}}\n`));
    if (Date.now() - this.synced < SYNC_MS) return;
    this.synced = Date.now();
    this.disk.fsyncSync(this.file);
  }

  close(): void {
    if (this.file !== undefined) this.disk.closeSync(this.file);
    this.file = undefined;
  }
}
