import { isBlank, type Profile } from "./profile.js";
import { normalValue } from "./words.js";

/** Two answers to one prompt, and what the file says of them. */
export interface AnswerPair {
  /** `preference`: chosen/rejected. `flagged`: each answer has a label of its own. `ranked`: only which of the two is preferred. */
  readonly kind: "preference" | "flagged" | "ranked";
  readonly columns: readonly [Profile, Profile];
  /** One for each answer, where `flagged`. */
  readonly labels: readonly Profile[];
  /** What the names of the two columns end in: 0/1, 1/2, a/b. */
  readonly suffixes: readonly [string, string];
  /** Columns that name the preferred answer. */
  readonly preferences: readonly Profile[];
}

const ANSWERS = ["response", "answer", "completion", "output", "reply", "conversation"];
const SUFFIXES = [
  ["0", "1"],
  ["1", "2"],
  ["a", "b"],
] as const;
const PREFERENCE = /^((safer|better|preferred|chosen|best)_(response|answer|completion|output)?_?(id|index|idx)?|preferred|preference|winner|choice)$/;

const byNormal = (profiles: readonly Profile[], name: string) => profiles.find((p) => p.normal === name && p.filled > 0);

/** The pair of answers in a file's columns; undefined when it has none. */
export function pairedAnswers(profiles: readonly Profile[]): AnswerPair | undefined {
  const chosen = byNormal(profiles, "chosen");
  const rejected = byNormal(profiles, "rejected");
  if (chosen && rejected && chosen.kind !== "number" && chosen.kind !== "boolean")
    return { kind: "preference", columns: [chosen, rejected], labels: [], suffixes: ["chosen", "rejected"], preferences: [] };
  for (const name of ANSWERS) {
    for (const suffixes of SUFFIXES) {
      const [first, second] = suffixes.map((suffix) => byNormal(profiles, `${name}_${suffix}`));
      if (!first || !second || first.numeric || second.numeric) continue;
      const labels = suffixes.flatMap((suffix) => byNormal(profiles, `is_${name}_${suffix}_safe`) ?? []);
      const preferences = profiles.filter((p) => p.filled > 0 && PREFERENCE.test(p.normal) && names(p, suffixes));
      const rest = { columns: [first, second] as const, suffixes, preferences };
      if (labels.length === 2) return { kind: "flagged", labels, ...rest };
      if (preferences.length > 0) return { kind: "ranked", labels: [], ...rest };
    }
  }
  return undefined;
}

/** Most values of the column name one of the two. */
function names(p: Profile, suffixes: readonly [string, string]): boolean {
  const values = [...(p.values ?? [])];
  const total = values.reduce((sum, [, { count }]) => sum + count, 0);
  const known = values.reduce((sum, [word, { count }]) => sum + (indexOf(word, suffixes) === undefined ? 0 : count), 0);
  return total > 0 && known * 2 > total;
}

/** Which of the two answers a cell names: `0`, `b`, `response_1`, `model_a`; undefined for a tie or anything else. */
export function preferredIndex(cell: unknown, suffixes: readonly [string, string]): 0 | 1 | undefined {
  return isBlank(cell) ? undefined : indexOf(normalValue(cell), suffixes);
}

function indexOf(word: string, suffixes: readonly [string, string]): 0 | 1 | undefined {
  const tail = word.replace(/^(model|response|answer|completion|output|reply|assistant|conversation)[\s_-]*/, "");
  const at = suffixes.indexOf(tail);
  return at === 0 || at === 1 ? at : undefined;
}

/** What the two answers are called when a column names the preferred one: safer and other, better and other. */
export const preferenceWords = (column: Profile): readonly [string, string] => [/^(safer|better|best|chosen)/.exec(column.normal)?.[1] ?? "preferred", "other"];
