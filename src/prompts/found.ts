import { type FoundPrompt, PROMPT_RANKS } from "../protocol/index.js";
import type { Want } from "./code/collector.js";
import type { Marks } from "./code/comments.js";
import type { Spelled } from "./text/spelled.js";

/** The finds of a document as they are reported: each place once, by its best rank, in the order of the text. */
export function reported(finds: readonly (Want & { readonly spelled: Spelled })[], marks: Marks): FoundPrompt[] {
  const best = new Map<number, FoundPrompt>();
  for (const find of finds) {
    const { start, end, text, pieces } = find.spelled;
    // Both offsets in one number: files are far smaller than 2^26.
    const key = start * 67_108_864 + end;
    const known = best.get(key);
    if (known && PROMPT_RANKS.indexOf(known.rank) <= PROMPT_RANKS.indexOf(find.rank)) continue;
    best.set(key, {
      shape: find.shape,
      rank: find.rank,
      role: find.role,
      text,
      start,
      end,
      pieces,
      name: find.name ?? known?.name,
      holes: holesIn(pieces),
      ...(marks.some && marks.isIgnored(start, find.anchor ?? start) ? { ignored: true } : {}),
    });
  }
  const sorted = [...best.values()].sort((a, b) => a.start - b.start || b.end - a.end);
  // A literal inside a join that is reported whole is no prompt of its own.
  const kept: FoundPrompt[] = [];
  let end = -1;
  for (const prompt of sorted) {
    if (prompt.end <= end) continue;
    kept.push(prompt);
    end = Math.max(end, prompt.end);
  }
  return kept;
}

function holesIn(pieces: FoundPrompt["pieces"]): number {
  let count = 0;
  for (const piece of pieces) if (piece.hole) count++;
  return count;
}
