import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Batch } from "../../../src/engine/model/index.js";

/** A folder that is gone after the test file. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-model-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Mean and last token of every row. */
export function meanAndLast(ids: number[][]): Batch {
  return {
    ids,
    weights: ids.map((row) => [new Float32Array(row.length).fill(1 / row.length), Float32Array.from(row, (_, t) => (t === row.length - 1 ? 1 : 0))]),
  };
}

/** Euclidean distance relative to the wanted vector's length. */
export function relativeError(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < wanted.length; i++) {
    difference += (got[i]! - wanted[i]!) ** 2;
    norm += wanted[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** Largest error of pooled states [layers, rows, 2, width] against whatever `wanted` gives (undefined = not compared). */
export function worstError(
  got: Float32Array,
  layers: number,
  rows: number,
  width: number,
  wanted: (layer: number, row: number, pooling: 0 | 1) => ArrayLike<number> | undefined,
): number {
  let worst = 0;
  for (let layer = 0; layer < layers; layer++)
    for (let row = 0; row < rows; row++)
      for (const pooling of [0, 1] as const) {
        const vector = wanted(layer, row, pooling);
        if (!vector) continue;
        const at = ((layer * rows + row) * 2 + pooling) * width;
        const error = relativeError(got.subarray(at, at + width), vector);
        worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
      }
  return worst;
}
