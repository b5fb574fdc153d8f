import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extractToFile } from "../../../src/engine/audit/extraction.js";
import type { Pooling } from "../../../src/protocol/index.js";

export interface RealStates {
  readonly layers: number;
  readonly rows: number;
  readonly width: number;
  /** By pooling, then layer: [rows, width]. */
  readonly of: Readonly<Record<string, readonly Float32Array[]>>;
}

/** States of a file's rows through a real model, read back from what `extract` writes. */
export async function realStates(model: string, path: string, poolings: readonly Pooling[]): Promise<RealStates> {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-states-"));
  try {
    const out = join(folder, "states.safetensors");
    const source = { path, options: {} };
    await extractToFile({ source, model, poolings: [...poolings], out, maxTokens: 512, provider: "cpu", threads: 2, seed: 0 }, () => {}, undefined);
    const bytes = readFileSync(out);
    const head = Number(bytes.readBigUInt64LE(0));
    const index = JSON.parse(bytes.toString("utf8", 8, 8 + head)) as Record<string, { shape: number[]; data_offsets: number[] }>;
    const [layers, rows, width] = index[poolings[0]!]!.shape as [number, number, number];
    const of = Object.fromEntries(
      poolings.map((pooling) => {
        const from = 8 + head + index[pooling]!.data_offsets[0]!;
        const all = new Float32Array(Uint8Array.from(bytes.subarray(from, from + 4 * layers * rows * width)).buffer);
        return [pooling, Array.from({ length: layers }, (_, l) => all.subarray(l * rows * width, (l + 1) * rows * width))];
      }),
    );
    return { layers, rows, width, of };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
