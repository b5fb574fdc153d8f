import { Random } from "../../../src/engine/stats/random.js";

const THINGS = ["lamp", "chair", "river", "garden", "letter", "window", "bridge", "market", "violin", "basket", "ladder", "mirror"];
const VERBS = ["stands near", "was moved to", "looks smaller than", "was painted beside", "fell behind", "belongs to"];
/** The only difference between the classes: which of two lists one word comes from. */
const WORDS = [
  ["blue", "green", "white"],
  ["red", "black", "grey"],
] as const;

/** Rows of two classes that differ in one word and in nothing else; JSON lines. */
export function wordsOnly(count: number, seed: number): string {
  const random = new Random(seed, 9);
  const pick = (list: readonly string[]) => list[random.below(list.length)]!;
  const line = (i: number) => {
    const [a, b, c] = [pick(THINGS), pick(THINGS), pick(THINGS)];
    return JSON.stringify({ text: `The ${pick(WORDS[i % 2 ? 1 : 0])} ${a} ${pick(VERBS)} the ${b} and the ${c}.`, label: i % 2 ? "unsafe" : "safe" });
  };
  return `${Array.from({ length: count }, (_, i) => line(i)).join("\n")}\n`;
}
