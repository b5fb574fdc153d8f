import type { TapEntry } from "../../../protocol/index.js";
import { problem } from "../../errors.js";

/** Patterns that one request may hold; more is a mistake (CWE-400). */
const MOST = 256;

/**
 * Taps whose names match, in the order of the model; `*` stands for anything, `?` for one character: `blocks.*.attn_out`.
 * @throws Problem `model/no-such-tap` for a pattern without a match, `model/tap-missing` when all of its matches are missing
 */
export function choosePlaces<T extends TapEntry>(file: string, places: readonly T[], patterns: readonly string[]): { found: T[]; missing: T[] } {
  if (patterns.length > MOST) throw problem("model/no-such-tap", `More than ${MOST} patterns of taps were given.`);
  const chosen = new Set<T>();
  for (const pattern of patterns) {
    const matcher = matcherOf(pattern);
    const matches = places.filter((place) => matcher(place.name));
    if (matches.length === 0)
      throw problem("model/no-such-tap", `No tap of ${file} is called ${JSON.stringify(pattern.slice(0, 200))}.`, {
        hint: `There are ${namesOf(places)}.`,
        where: { file },
      });
    const [first] = matches;
    if (matches.every((place) => place.missing))
      throw problem("model/tap-missing", `${first!.name} is ${first!.missing}.`, {
        hint: `Found in this export: ${namesOf(places.filter((place) => !place.missing))}.`,
        where: { file },
      });
    for (const match of matches) chosen.add(match);
  }
  const all = places.filter((place) => chosen.has(place));
  return { found: all.filter((place) => !place.missing), missing: all.filter((place) => place.missing) };
}

/** Without regular expressions, so that no pattern can take long. */
function matcherOf(pattern: string): (name: string) => boolean {
  const parts = pattern.trim().split("*");
  const fits = (name: string, at: number, part: string) => at + part.length <= name.length && [...part].every((c, i) => c === "?" || c === name[at + i]);
  return (name) => {
    if (parts.length === 1) return name.length === parts[0]!.length && fits(name, 0, parts[0]!);
    const [head, tail] = [parts[0]!, parts[parts.length - 1]!];
    if (!fits(name, 0, head)) return false;
    let at = head.length;
    for (const part of parts.slice(1, -1)) {
      while (at <= name.length && !fits(name, at, part)) at++;
      if (at > name.length) return false;
      at += part.length;
    }
    return name.length - tail.length >= at && fits(name, name.length - tail.length, tail);
  };
}

/** Names with their block numbers folded: `embed, blocks.N.attn_out (N from 0 to 29), logits`. */
export function namesOf(places: readonly TapEntry[]): string {
  const blocks = new Map<string, number[]>();
  for (const { name } of places) {
    const parts = /^blocks\.(\d+)\.(.+)$/.exec(name);
    const key = parts ? `blocks.N.${parts[2]}` : name;
    blocks.set(key, [...(blocks.get(key) ?? []), ...(parts ? [Number(parts[1])] : [])]);
  }
  const most = Math.max(0, ...[...blocks.values()].map((list) => list.length));
  const names = [...blocks].map(([name, list]) => (list.length > 0 && list.length < most ? `${name} (N = ${shortened(list)})` : name));
  return `${names.join(", ")}${most > 0 ? ` (N from 0 to ${Math.max(...[...blocks.values()].flat())})` : ""}`;
}

const shortened = (list: readonly number[]): string => (list.length > 8 ? `${list.slice(0, 8).join(", ")} …` : list.join(", "));
