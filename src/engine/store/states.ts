import { createHash, createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { DISK, type Disk, makeFolder, reasonOf, replaceFile } from "./disk.js";
import { isHeld, takeLock } from "./lock.js";
import { KEY_BYTES, LOCK, type Shape } from "./segment.js";
import { namesIn, SEGMENT_BYTES, Space } from "./space.js";

/** Raised when files of the former kind can no longer be read; both kinds may lie beside each other. */
const FORMAT = "states-1";
/** What is appended between two looks at the bound. */
const LOOK_EVERY = 32 * 1024 * 1024;

export const DEFAULT_GIGABYTES = 4;

export interface StoreInfo {
  readonly folder: string;
  readonly bytes: number;
  readonly rows: number;
  /** A kind of states each: which model's, how they were made. No path, no text. */
  readonly spaces: readonly {
    readonly model: string;
    readonly reading: string;
    readonly layers: number;
    readonly width: number;
    readonly rows: number;
    readonly bytes: number;
  }[];
}

/** What makes states of one kind: everything but the text. Plain JSON; `label` is for people. */
export interface SpaceIdentity {
  readonly shape: Shape;
  readonly of: Readonly<Record<string, unknown>>;
  readonly label: { readonly model: string; readonly reading: string };
}

/**
 * Pooled states of texts that went through a model before, on disk. Shared by lenses, runs and windows, and bounded: what was
 * least recently used goes first. Keys are keyed hashes with a salt that lies in the store: without the folder they say nothing,
 * but states tell about their texts, so the folder is as private as the data.
 */
export class StateStore {
  private readonly root: string;
  private readonly salt: Buffer;
  private readonly spaces: Space[] = [];
  private grown = 0;

  /** @throws the file system's error when the folder cannot be made or read */
  constructor(
    readonly folder: string,
    private readonly bytes = DEFAULT_GIGABYTES * 1e9,
    private readonly disk: Disk = DISK,
  ) {
    this.root = join(folder, FORMAT);
    makeFolder(disk, this.root, 0o700);
    this.salt = saltOf(disk, this.root);
    this.shrink();
  }

  space({ shape, of, label }: SpaceIdentity): Space {
    const name = createHash("sha256")
      .update(JSON.stringify([shape.layers, shape.width, of]))
      .digest("hex")
      .slice(0, 32);
    const folder = join(this.root, name);
    makeFolder(this.disk, folder, 0o700);
    try {
      this.disk.statSync(join(folder, "space.json"));
    } catch {
      replaceFile(this.disk, join(folder, "space.json"), JSON.stringify({ ...shape, ...label }));
    }
    const space = new Space(this.disk, folder, shape, Math.min(SEGMENT_BYTES, this.bytes / 4));
    this.spaces.push(space);
    return space;
  }

  /** @param parts what a row's states depend on beside the space */
  key(...parts: (string | Uint8Array)[]): string {
    const hash = createHmac("sha256", this.salt);
    for (const part of parts) hash.update(`${typeof part === "string" ? Buffer.byteLength(part) : part.byteLength}:`).update(part);
    return hash.digest().toString("latin1", 0, KEY_BYTES);
  }

  /** Called after each append. @throws the file system's error */
  appended(bytes: number): void {
    this.grown += bytes;
    if (this.grown < Math.min(LOOK_EVERY, this.bytes / 8)) return;
    this.grown = 0;
    this.shrink();
  }

  /** Takes away what was least recently used until the store is within its bound. */
  private shrink(): void {
    const all = [...segmentsIn(this.disk, this.root), ...notesIn(this.disk, this.folder)];
    let total = all.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.bytes) return;
    const lock = takeLock(join(this.root, "shrinking"), this.disk);
    if (!lock) return;
    try {
      for (const { folder, bytes } of all.sort((a, b) => a.used - b.used)) {
        if (total <= this.bytes) break;
        if (isHeld(join(folder, LOCK), this.disk)) continue;
        this.disk.rmSync(folder, { recursive: true, force: true });
        for (const space of this.spaces) space.forget(folder);
        total -= bytes;
      }
    } finally {
      lock.release();
    }
  }

  close(): void {
    for (const space of this.spaces) space.close();
  }
}

/** What lies in a store; nothing where there is none. */
export function storeInfo(folder: string, disk: Disk = DISK): StoreInfo {
  const root = join(folder, FORMAT);
  const spaces = foldersIn(disk, root).flatMap((name) => {
    try {
      const { layers, width, model, reading } = JSON.parse(disk.readFileSync(join(root, name, "space.json"), "utf8")) as Record<string, unknown>;
      if (!Number.isSafeInteger(layers) || !Number.isSafeInteger(width)) return [];
      const shape = { layers: layers as number, width: width as number };
      const segments = segmentsIn(disk, root).filter((one) => one.space === name);
      const record = KEY_BYTES + 12 + 4 * shape.layers;
      const rows = segments.reduce((sum, one) => sum + Math.floor(one.index / record), 0);
      return [{ model: String(model), reading: String(reading), ...shape, rows, bytes: segments.reduce((sum, one) => sum + one.bytes, 0) }];
    } catch {
      return [];
    }
  });
  const sum = (pick: (one: (typeof spaces)[number]) => number) => spaces.reduce((total, one) => total + pick(one), 0);
  const notes = notesIn(disk, folder).reduce((total, one) => total + one.bytes, 0);
  return { folder, bytes: notes + sum(({ bytes }) => bytes), rows: sum(({ rows }) => rows), spaces };
}

/** Deletes every stored state, and what is remembered of models and of their tempo. A run that is writing meanwhile goes on, and keeps nothing. @returns bytes that were freed */
export function clearStore(folder: string, disk: Disk = DISK): number {
  const { bytes } = storeInfo(folder, disk);
  for (const name of [...foldersIn(disk, folder)].filter((one) => /^states-\d+$/.test(one) || NOTES.includes(one)))
    disk.rmSync(join(folder, name), { recursive: true, force: true });
  return bytes;
}

/** Small files about models: their cards (`remembered.ts`) and how many tokens a batch are fastest (`tempo.ts`). */
const NOTES: readonly string[] = ["models", "tempo"];

function notesIn(disk: Disk, root: string): Pick<Segment, "folder" | "bytes" | "used">[] {
  return NOTES.flatMap((name) =>
    foldersIn(disk, join(root, name)).flatMap((file) => {
      const folder = join(root, name, file);
      try {
        const { size, mtimeMs } = disk.statSync(folder);
        return [{ folder, bytes: size, used: mtimeMs }];
      } catch {
        return []; // Taken away between the two looks.
      }
    }),
  );
}

interface Segment {
  readonly space: string;
  readonly folder: string;
  readonly bytes: number;
  /** Bytes of its index. */
  readonly index: number;
  /** ms since 1970. */
  readonly used: number;
}

function segmentsIn(disk: Disk, root: string): Segment[] {
  return foldersIn(disk, root).flatMap((space) =>
    namesIn(disk, join(root, space)).map((name): Segment => {
      const folder = join(root, space, name);
      let [bytes, index, used] = [0, 0, 0];
      for (const file of foldersIn(disk, folder)) {
        try {
          const { size, mtimeMs } = disk.statSync(join(folder, file));
          bytes += size;
          if (file === "rows.idx") [index, used] = [size, mtimeMs];
        } catch {
          // Taken away between the two looks.
        }
      }
      return { space, folder, bytes, index, used };
    }),
  );
}

function foldersIn(disk: Disk, folder: string): string[] {
  try {
    return disk.readdirSync(folder);
  } catch {
    return [];
  }
}

/** Made once by whoever comes first. */
function saltOf(disk: Disk, root: string): Buffer {
  const path = join(root, "salt");
  for (let tries = 0; tries < 20; tries++) {
    try {
      const salt = disk.readFileSync(path);
      if (salt.length === 32) return salt;
      disk.rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    // Written whole under another name and linked: nobody sees half of it, and the first one wins.
    const own = join(root, `salt.${process.pid}.incomplete`);
    replaceFile(disk, own, randomBytes(32));
    try {
      disk.linkSync(own, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") disk.renameSync(own, path);
    }
    disk.rmSync(own, { force: true });
  }
  throw new Error("the store's salt cannot be read");
}

/** Sentence for a store that failed; the run goes on without it. */
export const storeFailed = (error: unknown): string => `States are not kept for the next run: ${reasonOf(error)}.`;
