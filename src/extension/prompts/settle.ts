import type { FoundPrompt } from "../../protocol/index.js";
import { hashOf } from "./hash.js";
import type { PromptAt, Standing } from "./state.js";

/** Shapes and names tell which prompt of the former reading a changed one was. */
const nameOf = ({ shape, name, role }: FoundPrompt): string => `${shape}|${name ?? ""}|${role}`;

/**
 * Prompts of a new reading with what is known of the former one: the same text keeps its score; a changed text keeps the former
 * score of the prompt that stood in its place, marked stale.
 */
export function settle(before: readonly PromptAt[], found: readonly FoundPrompt[], standing: Standing): PromptAt[] {
  const byHash = new Map<string, PromptAt[]>();
  for (const prompt of before) byHash.set(prompt.hash, [...(byHash.get(prompt.hash) ?? []), prompt]);
  const left = new Set(before);
  const kept = found.map((one) => {
    const hash = hashOf(one.role, one.text);
    // A text that was touched has the hash of what it was: only what still stands as it was read is the same.
    const same = byHash.get(hash)?.find((prompt) => left.has(prompt) && (prompt.standing === "fresh" || prompt.standing === "failed"));
    if (same) left.delete(same);
    return { one, hash, same };
  });
  return kept.map(({ one, hash, same }) => {
    // Left alone by a comment: nobody asks for its score.
    if (one.ignored) return { found: one, hash, standing: standing === "untrusted" || standing === "no-profile" ? standing : "unscored" };
    if (same && standing !== "untrusted" && standing !== "no-profile") return { ...same, found: one };
    const former = same ?? [...left].find((prompt) => nameOf(prompt.found) === nameOf(one) && Math.abs(prompt.found.start - one.start) < 200);
    if (former) left.delete(former);
    const score = former?.score;
    return { found: one, hash, standing: score && standing === "scoring" ? "stale" : standing, ...(score && standing === "scoring" && { score }) };
  });
}
