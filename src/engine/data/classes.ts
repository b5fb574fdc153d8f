import { basename, extname } from "node:path";

const SAFE_WORDS =
  "safe|harmless|benign|good|innocuous|nontoxic|non_toxic|non_harmful|nonharmful|unharmful|not_harmful|not_toxic|preferred|chosen|accepted|normal|clean|negative_class";
const UNSAFE_WORDS =
  "unsafe|harmful|bad|malicious|dangerous|toxic|jailbreak|jailbreaks|non_preferred|nonpreferred|rejected|not_safe|adversarial|attack|attacks|harm|evil|forbidden";

/** `non-preferred` before `preferred`: a longer word wins over the one it ends with. */
const ANY = new RegExp(`(^|_)(${[...UNSAFE_WORDS.split("|"), ...SAFE_WORDS.split("|")].sort((a, b) => b.length - a.length).join("|")})(?=_|$)`);
const SAFE = new Set(SAFE_WORDS.split("|"));

/** `Harmful-Behaviors v2.csv` -> `harmful_behaviors_v2`. */
export function stemOf(path: string): string {
  return basename(path, extname(path))
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "_");
}

export interface NamedClass {
  readonly class: "safe" | "unsafe";
  /** The stem without the class word: equal for the two files of a pair. */
  readonly rest: string;
}

/** The class that a file's name tells, compared by whole words. */
export function classOfName(path: string): NamedClass | undefined {
  const stem = stemOf(path);
  const found = ANY.exec(stem);
  if (!found) return undefined;
  const word = found[2] as string;
  return {
    class: SAFE.has(word) ? "safe" : "unsafe",
    rest: `${stem.slice(0, found.index)}_${stem.slice(found.index + found[0].length)}`.replace(/^_+|_+$/g, "").replace(/_+/g, "_"),
  };
}
