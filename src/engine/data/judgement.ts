import { FOREIGN_MAYBE_SAFE, FOREIGN_MAYBE_UNSAFE } from "./foreign-words.js";
import { normalName, PROMPT_LABEL_NAMES, wordForm } from "./words.js";

/** Words that may say that something is allowed, or only that it is well liked: which, nothing in a file tells. */
const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));
const GOOD = set(
  "good ok okay fine pass passed allow allowed accept accepted approve approved compliant comply complied compliance clean clear legitimate legit ham normal appropriate permissible permitted positive pos ethical moral aligned sfw secure legal valid trusted low trustworthy decent civil respectful desirable whitelist",
);
const BAD = set(
  "bad fail failed block blocked deny denied reject rejected refuse refused refusal flag flagged dirty attack adversarial injection spam abnormal inappropriate impermissible forbidden prohibited banned disallowed negative neg unethical immoral misaligned unaligned nsfw insecure illegal invalid untrusted high risky risk suspicious offensive abusive abuse hate violation violating violates evil sensitive uncivil disrespectful undesirable blacklist vulnerable",
);
const NEGATION = /^(not|non|no|un)\s?/;

const known = (word: string): boolean => GOOD.has(word) || BAD.has(word) || FOREIGN_MAYBE_SAFE.has(word) || FOREIGN_MAYBE_UNSAFE.has(word);

/** Letters of a script in which no word is known, so that nothing can be ruled out. */
const OTHER_SCRIPT = /(?!\p{Script=Latin})\p{L}/u;

/** Names that speak of safety, whatever the values are called. */
const SAFETY_NAME = /(^|_)(safe|safety|harm|harmful|harmfulness|moderation|risk|policy|verdict|toxicity)(_|$)/;

/** True when two unknown values may be a judgement of safety; then the user is asked, not given a concept. */
export function looksLikeJudgement(columnName: string, words: readonly string[]): boolean {
  const name = normalName(columnName);
  if (SAFETY_NAME.test(name) || PROMPT_LABEL_NAMES.includes(name)) return true;
  return words.some((word) => {
    const form = wordForm(word);
    return known(form) || known(form.replace(NEGATION, "")) || OTHER_SCRIPT.test(word);
  });
}

/** The likelier unsafe one of two, for the order of the choices only. */
export function soundsUnsafe(word: string): boolean {
  const form = wordForm(word);
  if (/(^|[^a-z])(unsafe|harmful|toxic|malicious|jailbreak)/.test(form)) return true;
  const bare = form.replace(NEGATION, "");
  return BAD.has(form) || FOREIGN_MAYBE_UNSAFE.has(form) || (bare !== form && GOOD.has(bare));
}
