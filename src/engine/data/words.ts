import { FOREIGN_SAFE, FOREIGN_UNSAFE } from "./foreign-words.js";

/** Column names and label values seen in real datasets (lower case, words joined by _ in names, by a blank in values). */

/** `ContextString`, `context-string` and `context string` are one name. */
export function normalName(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, "_")
    .replace(/^_+|_+$/g, "");
}

/** Longer numerals may be ids, which a double cannot tell apart. */
const EXACT_DIGITS = 15;

/**
 * What makes two label values one: equal after trimming and case folding, or spellings of the same number (1, 1.0, +1). Nothing that tells
 * values apart is dropped: "-1" is not "1", "a-" is not "a", "unsafe" is not "safe".
 */
export function normalValue(value: unknown): string {
  const text = String(value).trim().toLowerCase().normalize("NFC");
  return text.length <= EXACT_DIGITS && /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? String(Number(text)) : text;
}

/** How a value is looked up among known words: `not_harmful` and `not-harmful` are `not harmful`. Never an identity of values. */
export const wordForm = (value: string): string => value.replace(/(?<=\p{L})[_\s-]+(?=\p{L})/gu, " ");

const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));

/** In order: an earlier name is the better guess at the prompt. */
export const TEXT_NAMES: readonly string[] = (
  "messages conversations conversation body.messages turns prompt prompts forbidden_prompt prompts_final prompt_text user_prompt adversarial_prompt instruction instructions input text texts " +
  "question questions goal goals behavior behaviour behaviors objective user_input user_message user query statement statements sentence claim proposition examples example headline request utterance tweet " +
  "comment post message content body value string line seed attack"
).split(" ");

/** Answers of a model, or what an answer is to begin with; never the prompt. */
export const ANSWER_NAMES = set(
  "response responses response_0 response_1 response_a response_b completion completions output outputs model_output assistant_response assistant model_response generation generated_text reply answer answers chosen rejected target target_str targets reference reference_answer gold_answer ideal refusal explanation rationale evidence facts decomposition term description note notes source url link article_link",
);

/** Answers that can be read together with their prompt. */
export const REPLY_NAMES = set("response completion output model_output assistant_response model_response generation generated_text reply");

/** Named for the prompt's safety: wins over every other label column. */
export const PROMPT_LABEL_NAMES: readonly string[] =
  "safety_label prompt_harm_label prompt_safety_label prompt_safety prompt_label prompt_harmful prompt_is_harmful prompt_is_safe is_prompt_safe is_prompt_harmful prompt_toxicity prompt_class".split(
    " ",
  );

export const LABEL_NAMES: readonly string[] =
  "label labels class class_label gold_label label_text label_name safety safety_class safety_category harm_label ground_truth annotation verdict rating".split(
    " ",
  );

/** 1, true and yes mean safe. */
const SAFE_POLARITY = set("is_safe safe is_harmless harmless is_benign benign prompt_is_safe is_prompt_safe");
/** 1, true and yes mean unsafe. */
const UNSAFE_POLARITY = set(
  "is_unsafe unsafe is_harmful harmful harm toxic is_toxic toxicity is_jailbreak jailbreak jailbreaking is_jailbreaking malicious is_malicious dangerous is_dangerous hateful is_hateful hate is_hate hate_speech offensive is_offensive abusive attack is_attack injection is_injection prompt_injection is_adversarial harmfulness unsafe_label prompt_harmful prompt_is_harmful is_prompt_harmful prompt_toxicity is_violation violation flagged is_flagged",
);

export function polarity(name: string): "safe" | "unsafe" | undefined {
  const normal = normalName(name);
  return SAFE_POLARITY.has(normal) ? "safe" : UNSAFE_POLARITY.has(normal) ? "unsafe" : undefined;
}

/** About an answer, whatever else the file holds. */
export const ANSWER_LABEL =
  /^(jailbroken|is_jailbroken|human_score(_\d+)?|is_response(_\d+|_[ab])?_(safe|unsafe|harmful)|response_.*(label|safe|safety|harmful|refusal|toxicity)|is_refusal|refusal|refused|answer_safety|completion_(label|safe|safety)|desirable|is_desirable)$/;

/** Classes that are a concept: truth, an attribute, an answer. */
export const CONCEPT_NAME = /^(is|has|was|does|contains|can|should)_[a-z0-9_]+$/;
export const ANSWER_CLASS_NAMES = set("answer answers target truth is_true true correct is_correct answer_matching_behavior veracity factual");
export const STATEMENT_NAMES = set("statement statements claim claims fact facts proposition propositions assertion");

/** A check by people, an opinion about the label: no class. */
export const NEVER_LABEL = set(
  "human_annotation label_confidence confidence agreement score_confidence adversarial id index split fold lang language answer_not_matching_behavior better_response_id safer_response_id preferred counter n1 n2 diff abs_diff length tokens token_count turn year age",
);

export const CATEGORY_NAMES: readonly string[] =
  "axiom category categories harm_category harm_categories risk_category prompt_type risk_area harm_area functional_category semantic_category hazard hazard_category subcategory type types_of_harm type_of_harm harm_type topic domain theme focus attack_type".split(
    " ",
  );

export const GROUP_NAMES: readonly string[] =
  "pair pair_id pairid group group_id groupid contrast_id contrast_pair family cluster template template_id prompt_id behavior_id conv_id conversation_id qid question_id city subject".split(
    " ",
  );

/** Names that say nothing but which rows belong together: such a column binds them however few values it has. */
export const SURE_GROUP_NAMES = set(
  "pair pair_id pairid group group_id groupid contrast_id contrast_pair prompt_id behavior_id conv_id conversation_id qid question_id",
);

/** A number under such a name may grade safety: from which value on, is asked. */
export const SCORE_NAME = /(^|_)(scores?|risk|severity|prob|probability|logit|harmfulness|safety|toxicity|hate|danger)(_|$)/;

export const ID_NAMES = set(
  "id index idx uid uuid prompt_id promptid row_id rowid question_id qid behavior_id behaviour_id custom_id conv_id example_id sample_id key hash name",
);

export const SPLIT_NAMES = set("train training test testing val valid validation dev eval evaluation holdout");

export const LIST_NAMES: readonly string[] =
  "data examples rows instances items records samples entries instructions prompts questions jailbreaks dataset conversations messages texts seeds behaviors goals".split(
    " ",
  );

const SAFE_VALUES: ReadonlySet<string> = new Set([
  "safe",
  "harmless",
  "benign",
  "unharmful",
  "non harmful",
  "nonharmful",
  "not harmful",
  "non toxic",
  "nontoxic",
  "not toxic",
  "innocuous",
  "not unsafe",
  "non malicious",
  "acceptable",
  "safe prompt",
  "not jailbreak",
  "non hateful",
  "not hateful",
  "harmless prompt",
  "is safe",
]);
const UNSAFE_VALUES: ReadonlySet<string> = new Set([
  "unsafe",
  "harmful",
  "toxic",
  "malicious",
  "dangerous",
  "not safe",
  "non safe",
  "jailbreak",
  "harm",
  "hateful",
  "unacceptable",
  "unsafe prompt",
  "harmful prompt",
  "is unsafe",
  "not harmless",
]);
/** Parts of a value that hint at safety without being a known whole value: `=safe`, `safe (reviewed)`. */
export const SAFETY_HINT = /(safe|harm|toxic|benign|malicious|jailbreak|^(good|bad)$)/;

export const TRUE_VALUES: ReadonlySet<string> = set("1 true yes t y");
export const FALSE_VALUES: ReadonlySet<string> = set("0 false no f n");

/** @param normal a value as `normalValue` gives it; so for the functions below. */
export const isSafeValue = (normal: string): boolean => SAFE_VALUES.has(wordForm(normal)) || FOREIGN_SAFE.has(wordForm(normal));
export const isUnsafeValue = (normal: string): boolean => UNSAFE_VALUES.has(wordForm(normal)) || FOREIGN_UNSAFE.has(wordForm(normal));
export const isSafetyValue = (normal: string): boolean => isSafeValue(normal) || isUnsafeValue(normal);
