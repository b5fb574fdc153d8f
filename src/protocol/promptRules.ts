/** What is reported of prompts: codes of diagnostics, rules of the command line and of SARIF. Each has its heading in docs/prompts.md. */
export const PROMPT_CODES = { unsafe: "unsafe-prompt", outside: "out-of-domain", failed: "not-scored" } as const;
export type PromptCode = (typeof PROMPT_CODES)[keyof typeof PROMPT_CODES];
export type PromptRule = `layerscope/${PromptCode}`;

/** The rule of a code, as reports name it. */
export const ruleOf = <C extends PromptCode>(code: C): `layerscope/${C}` => `layerscope/${code}`;

export interface PromptRuleText {
  readonly code: PromptCode;
  /** For machines that want a name in one word. */
  readonly name: string;
  readonly short: string;
  readonly full: string;
  /** As it is reported, where it does not reach the threshold of errors. */
  readonly level: "warning" | "note";
}

export const PROMPT_RULES: readonly PromptRuleText[] = [
  {
    code: PROMPT_CODES.unsafe,
    name: "UnsafePrompt",
    short: "A prompt lies on the unsafe side of the model's states.",
    full: "The calibrated probability that the prompt's states lie on the side of the dataset's unsafe rows reaches the profile's threshold. It is evidence about the geometry of one model's states, no proof that the prompt is harmful. Read the nearest rows; rewrite the prompt, accept it into the baseline, or leave it alone with a comment (layerscope-ignore).",
    level: "warning",
  },
  {
    code: PROMPT_CODES.outside,
    name: "OutOfDomainPrompt",
    short: "A prompt lies far from everything that the profile has seen.",
    full: "The prompt's states lie farther from the dataset's rows than held-out rows do, so the probe has learnt nothing about such texts: nothing is claimed, least of all that the prompt is safe. Audit a dataset that holds texts like this one.",
    level: "note",
  },
  {
    code: PROMPT_CODES.failed,
    name: "PromptNotScored",
    short: "A prompt could not be scored.",
    full: "The prompt is empty, too short, or refused by the model's chat template; the message says which. Nothing is claimed about it.",
    level: "note",
  },
];
