import type { FoundPrompt, PromptHeat } from "../../protocol/index.js";
import { type Span, spansOf } from "./span.js";

/** Steps of colour on either side. */
export const LEVELS = 4;

export interface HotSpan extends Span {
  /** Above 0 towards unsafe; 1 to LEVELS in size. */
  readonly level: number;
  readonly value: number;
}

/** Largest value in size, 0 when there is none. */
export const strongest = (heat: PromptHeat): number =>
  heat.tokens.reduce((most, { value }) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);

/** Where each token's share is drawn, in steps of the strongest; what is under a tenth of it stays plain. Hole characters are nobody's words and stay plain, too. */
export function hotSpans(found: FoundPrompt, heat: PromptHeat): HotSpan[] {
  const most = strongest(heat);
  if (most === 0) return [];
  const pieces = found.pieces.filter((piece) => !piece.hole);
  return heat.tokens.flatMap(({ from, to, value }) => {
    const share = Math.abs(value) / most;
    if (!(share >= 0.1)) return [];
    const level = Math.sign(value) * Math.min(LEVELS, Math.max(1, Math.ceil(share * LEVELS)));
    return spansOf({ pieces }, from, to).map((span) => ({ ...span, level, value }));
  });
}
