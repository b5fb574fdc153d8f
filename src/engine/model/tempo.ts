import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, join } from "node:path";
import { DISK, replaceFile } from "../store/disk.js";
import type { Batch } from "./tapped.js";

/** A row to measure with; an image's tokens are all there or none. */
export interface Sample {
  readonly ids: readonly number[];
  readonly image?: Float32Array;
}

/** How a model is best run on this machine; measured once and remembered, so that every later run plans the same batches. */
export interface Tempo {
  /** Padded tokens a batch may hold. */
  readonly tokensPerBatch?: number;
  /** Intra-op threads; 0 = the runtime's default, the physical cores. */
  readonly threads?: number;
}

/** A batch is to answer a cancel: 50 to 100 ms (the largest step that stays below is taken, if it pays). */
const MOST_MS = 100;
/** What all steps together may cost, since the first picture waits for them. */
const LADDER_MS = 300;
export const LADDER = [64, 128, 256, 512, 1024, 2048, 4096] as const;
/** A larger batch is worth its coarser cancel and its padding from this gain in tokens a second. */
const GAIN = 1.05;
/** Tokens of a row of the ladder, where rows may have any length. */
export const LADDER_ROW = 32;

/**
 * Real batches of growing size: the one with the most tokens a second among those that take at most 100 ms; where even the
 * smallest takes longer, that one.
 * @param run runs a batch through the model @param now milliseconds
 */
export async function measureTokensPerBatch(run: (batch: Batch) => Promise<unknown>, sample: Sample, now = () => performance.now()): Promise<number> {
  const { ids } = sample;
  const weights = [new Float32Array(ids.length).fill(1 / ids.length)];
  const batchOf = (rows: number): Batch => ({
    ids: new Array(rows).fill(ids),
    weights: new Array(rows).fill(weights),
    ...(sample.image ? { images: new Array(rows).fill(sample.image) } : {}),
  });
  // The first run pays for the runtime's own preparation.
  await run(batchOf(1));
  const begun = now();
  let best: number = LADDER[0];
  let speed = 0;
  let last = 0;
  for (const step of LADDER) {
    const rows = Math.max(1, Math.floor(step / ids.length));
    if (rows === last) continue;
    last = rows;
    const from = now();
    await run(batchOf(rows));
    const ms = now() - from;
    if (ms > MOST_MS) break;
    const perMs = (rows * ids.length) / Math.max(ms, 1e-3);
    if (perMs > speed * GAIN) {
      best = step;
      speed = perMs;
    }
    // The next step takes about twice as long.
    if (2 * ms > MOST_MS * 1.2 || now() - begun + 2 * ms > LADDER_MS) break;
  }
  return best;
}

/** Seconds of the same batch with one number of threads and with the other, in turn; the other one is taken when it is clearly faster. */
export async function fasterThreads(one: () => Promise<unknown>, other: () => Promise<unknown>, now = () => performance.now()): Promise<boolean> {
  const ratios: number[] = [];
  const time = async (go: () => Promise<unknown>) => {
    const from = now();
    await go();
    return now() - from;
  };
  for (let round = 0; round < 5; round++) {
    const first = await time(one);
    ratios.push((await time(other)) / Math.max(first, 1e-6));
  }
  return ratios.sort((a, b) => a - b)[2]! * GAIN < 1;
}

/** @returns all threads, where they are more than the physical cores; 0 where they are not, or where that cannot be told */
export function threadsToTry(all = availableParallelism(), physical = physicalCores()): number {
  return physical > 0 && physical < all ? all : 0;
}

/** Cores as Linux lists them; 0 elsewhere. */
function physicalCores(): number {
  try {
    const cores = new Set<string>();
    for (const part of readFileSync("/proc/cpuinfo", "utf8").split("\n\n")) {
      const core = /^core id\s*:\s*(\d+)/m.exec(part)?.[1];
      if (core !== undefined) cores.add(`${/^physical id\s*:\s*(\d+)/m.exec(part)?.[1] ?? 0} ${core}`);
    }
    return cores.size;
  } catch {
    return 0;
  }
}

/** What the machine is, as far as speed goes. */
export const machine = (): string => `${process.platform} ${process.arch} ${availableParallelism()} x ${cpus()[0]?.model.trim() ?? "?"}`;

/** One small file for each model, provider, number of threads, runtime and machine. */
export class TempoFile {
  private readonly path: string;

  /** @param key everything that the measure depends on */
  constructor(folder: string, key: readonly unknown[]) {
    const name = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 32);
    this.path = join(folder, "tempo", `${name}.json`);
  }

  read(): Tempo {
    try {
      const { tokensPerBatch, threads } = JSON.parse(readFileSync(this.path, "utf8")) as Tempo;
      return {
        ...(LADDER.includes(tokensPerBatch as 64) ? { tokensPerBatch } : {}),
        ...(Number.isInteger(threads) && threads! >= 0 && threads! <= availableParallelism() ? { threads } : {}),
      };
    } catch {
      return {}; // absent or damaged: measured again
    }
  }

  write(tempo: Tempo): void {
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      replaceFile(DISK, this.path, JSON.stringify(tempo));
    } catch {
      // The next run measures again.
    }
  }
}
