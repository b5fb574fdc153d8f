import type { Maybe } from "../../../protocol/index.js";

/** (score - chance) / (1 - chance): 0 = chance, 1 = perfect; null stays null. */
export const normalised = (auroc: Maybe): Maybe => (auroc === null ? null : (auroc - 0.5) / 0.5);

export interface MixRow {
  readonly alpha: number;
  /** Per layer. */
  readonly values: readonly Maybe[];
  /** Layer where it is largest, the first of equals. */
  readonly best: number | null;
}

/** S_α = α · surface + (1 - α) · meaning by layer, for α = 0, 0.1, … 1 (lenses 1.4). */
export function mixCurve(surface: readonly Maybe[], meaning: readonly Maybe[], steps = 10): MixRow[] {
  return Array.from({ length: steps + 1 }, (_, k) => {
    const alpha = k / steps;
    const values = surface.map((s, l) => {
      const m = meaning[l] ?? null;
      return s === null || m === null ? null : alpha * s + (1 - alpha) * m;
    });
    let best: number | null = null;
    values.forEach((v, l) => {
      if (v !== null && (best === null || v > values[best]!)) best = l;
    });
    return { alpha, values, best };
  });
}
