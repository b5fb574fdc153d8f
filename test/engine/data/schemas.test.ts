import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { DataOptions } from "../../../src/protocol/index.js";
import { jsonl, outcome, prompts, scratch } from "./files.js";
import { answersLead, readsAgain } from "./reads-again.js";

const files = scratch();
const P = prompts(40);
const unsafe = P.filter((p) => p.unsafe).map((p) => p.text);
const safe = P.filter((p) => !p.unsafe).map((p) => p.text);

function csv(header: readonly string[], rows: readonly (readonly (string | number | boolean)[])[], delimiter = ","): string {
  const cell = (value: string | number | boolean) => (/[",;\t\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return `${[header, ...rows].map((row) => row.map(cell).join(delimiter)).join("\n")}\n`;
}

const LONG = "A very long answer that goes on and on, well past the length of any prompt, to see whether it is mistaken for one. ".repeat(3);
const facts = (i: number) => `The ${["river", "town", "hill", "road"][i % 4]} number ${i} is ${i % 2 ? "longer" : "shorter"} than it was.`;

interface Shape {
  readonly n: string;
  readonly what: string;
  readonly file: string;
  readonly content: string | Uint8Array;
  readonly expect: "safety" | "concept" | "ask" | "refuse";
  /** Question or problem code, or what the columns must be. */
  readonly code?: string;
  readonly text?: string;
  readonly label?: string;
  readonly category?: string;
  readonly group?: string;
  readonly classes?: readonly [string, string];
  readonly used?: number;
  /** An answer to the question, and what it must then be. */
  readonly answer?: {
    readonly options: DataOptions;
    readonly kind: "safety" | "concept";
    readonly classes?: readonly [string, string];
    readonly used?: number;
    readonly text?: string;
  };
  /** Second file, set as contrast in the answer. */
  readonly contrast?: { readonly file: string; readonly content: string };
}

const SHAPES: readonly Shape[] = [
  {
    n: "1",
    what: "AdvBench",
    file: "harmful_behaviors.csv",
    content: csv(
      ["goal", "target"],
      unsafe.map((t) => [t, `Sure, here is ${LONG}`]),
    ),
    expect: "ask",
    code: "data/no-labels",
    contrast: {
      file: "harmless_behaviors.csv",
      content: csv(
        ["goal", "target"],
        safe.map((t) => [t, LONG]),
      ),
    },
    answer: { options: {}, kind: "safety", used: 40, text: "goal" },
  },
  {
    n: "2",
    what: "JailbreakBench",
    file: "harmful-behaviors.csv",
    content: csv(
      ["Index", "Goal", "Target", "Behavior", "Category", "Source"],
      unsafe.map((t, i) => [i, t, `Sure, ${LONG}`, `Kind ${i}`, `Category ${i % 4}`, "Original"]),
    ),
    expect: "ask",
    code: "data/no-labels",
    contrast: {
      file: "benign-behaviors.csv",
      content: csv(
        ["Index", "Goal", "Target", "Behavior", "Category", "Source"],
        safe.map((t, i) => [i, t, `Sure, ${LONG}`, `Kind ${i}`, `Category ${i % 4}`, "Original"]),
      ),
    },
    answer: { options: {}, kind: "safety", used: 40, text: "Goal" },
  },
  {
    n: "3",
    what: "XSTest v2",
    file: "xstest_v2.csv",
    content: csv(
      ["id", "prompt", "type", "label", "focus", "note"],
      P.map((p, i) => [i, p.text, p.unsafe ? `contrast_kind ${i % 3}` : `kind ${i % 3}`, p.unsafe ? "unsafe" : "safe", "kill", ""]),
    ),
    expect: "safety",
    text: "prompt",
    label: "label",
    category: "type",
  },
  {
    n: "4",
    what: "HarmBench",
    file: "harmbench_behaviors.csv",
    content: csv(
      ["Behavior", "FunctionalCategory", "SemanticCategory", "Tags", "ContextString", "BehaviorID"],
      unsafe.map((t, i) => [t, i % 2 ? "contextual" : "standard", `area ${i % 3}`, "", i % 2 ? "Some context to come first, in words." : "", `id_${i}`]),
    ),
    expect: "ask",
    code: "data/no-labels",
    contrast: { file: "plain_safe.txt", content: safe.join("\n") },
    answer: { options: { all: "unsafe" }, kind: "safety", used: 40, text: "ContextString+Behavior" },
  },
  {
    n: "5",
    what: "StrongREJECT",
    file: "strongreject.csv",
    content: csv(
      ["category", "source", "forbidden_prompt"],
      unsafe.map((t, i) => [`c${i % 3}`, "custom", t]),
    ),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "6",
    what: "do-not-answer",
    file: "do_not_answer.csv",
    content: csv(
      ["id", "risk_area", "types_of_harm", "specific_harms", "question"],
      unsafe.map((t, i) => [i, `area ${i % 3}`, `harm ${i % 5}`, `A longer description of what the harm may be, number ${i % 7}`, t]),
    ),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "7",
    what: "do-not-answer reviews",
    file: "reviews.csv",
    content: csv(
      ["id", "question", "response", "harmful", "action"],
      P.map((p, i) => [i, p.text, LONG + i, p.unsafe ? 1 : 0, i % 6]),
    ),
    expect: "ask",
    code: "data/label-subject",
    answer: { options: { label: "harmful", expandAnswers: true, unsafe: ["1"], safe: ["0"] }, kind: "safety", used: 40 },
  },
  {
    n: "8",
    what: "SimpleSafetyTests",
    file: "Simple Safety Tests v 1.csv",
    content: csv(
      ["id", "harm_area", "counter", "category", "prompts_final"],
      unsafe.map((t, i) => [`SST${i}`, `area ${i % 5}`, i, i % 2 ? "advice" : "information", t]),
    ),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "9a",
    what: "cities",
    file: "cities.csv",
    content: csv(
      ["statement", "label", "city", "country", "correct_country"],
      Array.from({ length: 40 }, (_, i) => [facts(i), i % 2, `City ${i >> 1}`, "X", "Y"]),
    ),
    expect: "concept",
    text: "statement",
    label: "label",
    group: "city",
    classes: ["false", "true"],
  },
  {
    n: "9b",
    what: "larger than",
    file: "larger_than.csv",
    content: csv(
      ["statement", "label", "n1", "n2", "diff", "abs_diff"],
      Array.from({ length: 40 }, (_, i) => [facts(i), i % 2, i, i + 1, -1, 1]),
    ),
    expect: "concept",
    text: "statement",
    classes: ["false", "true"],
  },
  {
    n: "9c",
    what: "conjunctions",
    file: "conj.csv",
    content: csv(
      ["statement", "label", "statement1", "label1", "statement2", "label2"],
      Array.from({ length: 40 }, (_, i) => [`${facts(i)} And ${facts(i + 1)}`, i % 2, facts(i), 1, facts(i + 1), i % 2]),
    ),
    expect: "concept",
    text: "statement",
    label: "label",
    classes: ["false", "true"],
  },
  {
    n: "10",
    what: "common_claim",
    file: "common_claim.csv",
    content: csv(
      ["", "examples", "label", "agreement"],
      Array.from({ length: 40 }, (_, i) => [i, facts(i), i % 2 ? "True" : "False", 0.9]),
    ),
    expect: "concept",
    text: "examples",
    label: "label",
    classes: ["false", "true"],
  },
  {
    n: "10b",
    what: "common_claim with Neither",
    file: "common_claim_3.csv",
    content: csv(
      ["", "examples", "label", "agreement"],
      Array.from({ length: 42 }, (_, i) => [i, facts(i), ["True", "False", "Neither"][i % 3] as string, 0.9]),
    ),
    expect: "ask",
    code: "data/unknown-values",
  },
  {
    n: "11a",
    what: "PyRIT refusal",
    file: "refusal.csv",
    content: `# dataset_version=1\n${csv(
      ["objective", "assistant_response", "human_score", "data_type"],
      P.map((p, i) => [p.text, LONG, i % 2, "text"]),
    )}`,
    expect: "ask",
    code: "data/label-subject",
  },
  {
    n: "11b",
    what: "PyRIT likert",
    file: "likert.csv",
    content: `# dataset_version=1\n${csv(
      ["objective", "assistant_response", "human_score_1", "harm_category"],
      P.map((p, i) => [p.text, LONG + i, (i % 5) / 4, "x"]),
    )}`,
    expect: "ask",
    code: "data/label-subject",
  },
  {
    n: "12",
    what: "AQI-EVAL utils",
    file: "preferred_data.csv",
    content: csv(
      ["instruction", "response"],
      safe.map((t, i) => [t, `${LONG} good ${i}`]),
    ),
    expect: "ask",
    code: "data/no-labels",
    contrast: {
      file: "non_preferred_data.csv",
      content: csv(
        ["instruction", "response"],
        safe.map((t, i) => [t, `${LONG} bad ${i}`]),
      ),
    },
    answer: { options: { expandAnswers: true }, kind: "safety", used: 40 },
  },
  {
    n: "13",
    what: "HateEval",
    file: "hateval.tsv",
    content: csv(
      ["id", "text", "HS", "TR", "AG"],
      P.map((p, i) => [i, p.text, i % 2, i % 3 ? 1 : 0, i % 5 ? 1 : 0]),
      "\t",
    ),
    expect: "ask",
    code: "data/which-label",
  },
  {
    n: "14",
    what: "list of strings",
    file: "happiness.json",
    content: JSON.stringify(safe),
    expect: "ask",
    code: "data/no-labels",
    contrast: { file: "sadness.json", content: JSON.stringify(unsafe, null, 1) },
    answer: { options: { concept: true }, kind: "concept", classes: ["happiness", "sadness"], used: 40 },
  },
  {
    n: "15",
    what: "refusal_direction",
    file: "harmful_train.json",
    content: JSON.stringify(unsafe.map((t, i) => ({ instruction: t, category: i % 2 ? "fraud" : "malware" }))),
    expect: "ask",
    code: "data/no-labels",
    contrast: { file: "harmless_train.json", content: JSON.stringify(safe.map((t) => ({ instruction: t, category: null }))) },
    answer: { options: {}, kind: "safety", used: 40, text: "instruction" },
  },
  {
    n: "16",
    what: "BeaverTails-Evaluation",
    file: "beaver_eval.json",
    content: JSON.stringify(unsafe.map((t, i) => ({ prompt: t, category: `c${i % 4}`, category_id: i % 4 }))),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "17",
    what: "StrategyQA",
    file: "strategyqa.json",
    content: JSON.stringify(
      safe.map((t, i) => ({
        qid: `q${i}`,
        term: "bread",
        description: LONG,
        question: t,
        answer: i % 2 === 0,
        facts: ["a fact in words", "b"],
        decomposition: ["x y"],
        evidence: [[["e-1"]]],
      })),
    ),
    expect: "concept",
    text: "question",
    label: "answer",
    classes: ["false", "true"],
    used: 20,
  },
  {
    n: "18",
    what: "safety-tuned-llamas",
    file: "I-MaliciousInstructions.json",
    content: JSON.stringify({ instructions: unsafe }),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "19a",
    what: "BIG-bench",
    file: "task.json",
    content: JSON.stringify({
      canary: "x",
      name: "strategyqa",
      keywords: ["common sense", "logic of it"],
      metrics: ["exact_str_match"],
      examples: safe.map((t, i) => ({
        input: t,
        target_scores: { Yes: i % 2, No: 1 - (i % 2) },
        target: i % 2 ? "Yes. Because of it." : "No. Because of that.",
      })),
    }),
    expect: "ask",
    code: "data/which-label",
    answer: { options: { label: "target_scores" }, kind: "concept", classes: ["no", "yes"], used: 20 },
  },
  {
    n: "19b",
    what: "coin_flip",
    file: "coin_flip.json",
    content: JSON.stringify({ examples: safe.map((t, i) => ({ question: t, answer: i % 2 ? "yes" : "no" })) }),
    expect: "concept",
    text: "question",
    label: "answer",
    classes: ["no", "yes"],
    used: 20,
  },
  {
    n: "20",
    what: "CatQA",
    file: "catqa.json",
    content: JSON.stringify({ "Illegal Activity:": { "Theft:": unsafe.slice(0, 10), "Other things": unsafe.slice(10) }, Fraud: { Scams: safe } }),
    expect: "refuse",
    code: "data/one-class",
  },
  {
    n: "21",
    what: "JailbreakBench artifacts",
    file: "PAIR.json",
    content: JSON.stringify({
      parameters: { model: "x", judge: "y" },
      jailbreaks: P.map((p, i) => ({
        index: i,
        goal: p.text,
        behavior: `b${i}`,
        category: `c${i % 3}`,
        prompt: i % 4 ? `Please do this: ${p.text}` : null,
        response: LONG,
        jailbroken: p.unsafe,
        number_of_queries: i,
      })),
    }),
    expect: "ask",
    code: "data/label-subject",
  },
  {
    n: "22",
    what: "MT-bench",
    file: "question.jsonl",
    content: jsonl(safe.map((t, i) => ({ question_id: i, category: `c${i % 4}`, turns: [t, "And then, what comes next?"], reference: [LONG] }))),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "23",
    what: "persona evals",
    file: "persona.jsonl",
    content: jsonl(
      safe.map((t, i) => ({
        question: `Is the following statement something you would say?\n"${t}"`,
        statement: t,
        label_confidence: 0.98,
        answer_matching_behavior: i % 2 ? " Yes" : " No",
        answer_not_matching_behavior: i % 2 ? " No" : " Yes",
      })),
    ),
    expect: "concept",
    text: "question",
    label: "answer_matching_behavior",
    classes: ["no", "yes"],
    used: 20,
  },
  {
    n: "24a",
    what: "hh-rlhf, gzip",
    file: "train.jsonl.gz",
    content: gzipSync(Buffer.from(jsonl([{ chosen: "a", rejected: "b" }]))),
    expect: "refuse",
    code: "data/format",
  },
  {
    n: "24b",
    what: "hh-rlhf",
    file: "train.jsonl",
    content: jsonl(unsafe.map((t) => ({ chosen: `\n\nHuman: ${t}\n\nAssistant: No, sorry.`, rejected: `\n\nHuman: ${t}\n\nAssistant: Yes, like this.` }))),
    expect: "ask",
    code: "data/answers",
    answer: { options: { expandAnswers: true }, kind: "safety", used: 40 },
  },
  {
    n: "25",
    what: "PyRIT YAML",
    file: "advbench.prompt",
    content: `dataset_name: x\nseeds:\n${unsafe.map((t) => `  - value: ${t}\n    harm_categories: [a]`).join("\n")}\n`,
    expect: "refuse",
    code: "data/format",
  },
  { n: "26", what: "MaliciousInstruct", file: "MaliciousInstruct.txt", content: unsafe.join("\n"), expect: "ask", code: "data/no-labels" },
  {
    n: "27",
    what: "STSA",
    file: "stsa.txt",
    content: P.map((p) => `${p.unsafe ? 1 : 0} ${p.text}`).join("\n"),
    expect: "ask",
    code: "data/label-meaning",
    answer: { options: { unsafe: ["1"], safe: ["0"] }, kind: "safety", used: 40 },
  },
  {
    n: "28",
    what: "sarcasm",
    file: "Sarcasm_Headlines.json",
    content: jsonl(
      P.map((p, i) => ({
        article_link: `https://example.org/a/very/long/address/that/is/longer/than/the/headline/itself/of/the/article/${i}`,
        headline: p.text,
        is_sarcastic: p.unsafe ? 1 : 0,
      })),
    ),
    expect: "concept",
    text: "headline",
    label: "is_sarcastic",
    classes: ["not sarcastic", "sarcastic"],
  },
  {
    n: "29",
    what: "LITMUS",
    file: "litmus.csv",
    content: csv(
      ["prompt_id", "axiom", "safety_label", "input", "source"],
      P.map((p, i) => [i, `Axiom ${i % 7}`, p.unsafe ? "unsafe" : "safe", p.text, "a"]),
    ),
    expect: "safety",
    text: "input",
    label: "safety_label",
    category: "axiom",
  },
  {
    n: "30",
    what: "BeaverTails",
    file: "beavertails.jsonl",
    content: jsonl(P.map((p) => ({ prompt: p.text, response: LONG, category: { animal_abuse: p.unsafe, fraud: false }, is_safe: !p.unsafe }))),
    expect: "ask",
    code: "data/label-subject",
    answer: { options: { label: "is_safe", expandAnswers: true }, kind: "safety", used: 40 },
  },
  {
    n: "31",
    what: "PKU-SafeRLHF",
    file: "pku.jsonl",
    content: jsonl(
      unsafe.map((t, i) => ({
        prompt: t,
        response_0: `${LONG}0`,
        response_1: `${LONG}1`,
        is_response_0_safe: i % 2 === 0,
        is_response_1_safe: true,
        better_response_id: 0,
        safer_response_id: 0,
      })),
    ),
    expect: "ask",
    code: "data/answers",
    answer: { options: { expandAnswers: true }, kind: "safety", used: 40 },
  },
  {
    n: "32",
    what: "ToxicChat",
    file: "toxicchat.csv",
    content: csv(
      ["conv_id", "user_input", "model_output", "human_annotation", "toxicity", "jailbreaking", "openai_moderation"],
      P.map((p, i) => [`c${i}`, p.text, LONG, i % 3 ? "True" : "False", p.unsafe ? 1 : 0, i % 7 ? 0 : 1, '[["sexual", 0.001]]']),
    ),
    expect: "ask",
    code: "data/which-label",
    answer: { options: { label: "toxicity" }, kind: "safety", text: "user_input", used: 40 },
  },
  {
    n: "33",
    what: "WildGuardMix",
    file: "wildguard.jsonl",
    content: jsonl(
      P.map((p, i) => ({
        prompt: p.text,
        adversarial: i % 3 === 0,
        response: LONG,
        prompt_harm_label: i === 0 ? null : p.unsafe ? "harmful" : "unharmful",
        response_harm_label: i % 2 ? "harmful" : null,
        response_refusal_label: i % 3 ? "refusal" : "compliance",
        subcategory: `s${i % 4}`,
      })),
    ),
    expect: "safety",
    text: "prompt",
    label: "prompt_harm_label",
    category: "subcategory",
    used: 39,
  },
  {
    n: "34a",
    what: "OpenAI chat",
    file: "chat.jsonl",
    content: jsonl(
      P.map((p) => ({
        messages: [
          { role: "system", content: "Be kind." },
          { role: "user", content: "Hello there." },
          { role: "assistant", content: "Hi." },
          { role: "user", content: [{ type: "text", text: p.text }] },
        ],
        label: p.unsafe ? "unsafe" : "safe",
      })),
    ),
    expect: "safety",
    text: "messages",
  },
  {
    n: "34b",
    what: "ShareGPT",
    file: "sharegpt.json",
    content: JSON.stringify(
      P.map((p, i) => ({
        id: `c${i}`,
        conversations: [
          { from: "human", value: p.text },
          { from: "gpt", value: LONG },
          { from: "human", value: "And?" },
        ],
      })),
    ),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "34c",
    what: "OpenAI batch",
    file: "batch.jsonl",
    content: jsonl(
      P.map((p, i) => ({
        custom_id: `r${i}`,
        method: "POST",
        url: "/v1/chat/completions",
        body: { model: "m", messages: [{ role: "user", content: p.text }] },
      })),
    ),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "35",
    what: "Alpaca",
    file: "alpaca.json",
    content: JSON.stringify(
      P.map((p, i) => ({ instruction: i % 2 ? "Answer the question in plain words." : p.text, input: i % 2 ? p.text : "", output: LONG })),
    ),
    expect: "ask",
    code: "data/no-labels",
  },
  {
    n: "36a",
    what: "DPO",
    file: "dpo.jsonl",
    content: jsonl(unsafe.map((t) => ({ prompt: t, chosen: "No, sorry.", rejected: "Yes, like this." }))),
    expect: "ask",
    code: "data/answers",
    answer: { options: { expandAnswers: true }, kind: "safety", used: 40, text: "prompt" },
  },
  {
    n: "36b",
    what: "DPO, messages",
    file: "dpo-messages.jsonl",
    content: jsonl(
      unsafe.map((t) => ({
        chosen: [
          { role: "user", content: t },
          { role: "assistant", content: "No." },
        ],
        rejected: [
          { role: "user", content: t },
          { role: "assistant", content: "Yes." },
        ],
      })),
    ),
    expect: "ask",
    code: "data/answers",
    answer: { options: { expandAnswers: true }, kind: "safety", used: 40 },
  },
  {
    n: "36c",
    what: "KTO",
    file: "kto.jsonl",
    content: jsonl(P.map((p) => ({ prompt: p.text, completion: "Here you are, as asked.", label: !p.unsafe }))),
    expect: "ask",
    code: "data/label-subject",
  },
];

describe("the shapes of real datasets", () => {
  it.each(SHAPES)("$n: $what", async (shape) => {
    const path = files.write(shape.file, shape.content);
    const result = await outcome(path);
    const sentence = JSON.stringify(result);
    expect(result.kind, sentence).toBe(shape.expect === "ask" ? "question" : shape.expect === "refuse" ? "refused" : "card");
    if (result.kind === "card") {
      const { card } = result;
      const { text, label, category, group } = card.options;
      expect(card.kind).toBe(shape.expect);
      for (const [name, found] of Object.entries({ text, label, category, group })) {
        const wanted = shape[name as "text" | "label" | "category" | "group"];
        if (wanted !== undefined) expect(found, name).toBe(wanted);
      }
      if (shape.classes) expect(card.classes.map((c) => c.name)).toEqual(shape.classes);
      expect(card.used).toBe(shape.used ?? 40);
      if (card.kind === "concept") expect(card.notices.map((n) => n.code)).toContain("data/concept");
      await readsAgain(path);
    }
    if (result.kind === "refused") expect(result.problem.code).toBe(shape.code);
    if (result.kind === "question") {
      expect(result.question.code, sentence).toBe(shape.code);
      await answersLead(path);
    }
    for (const words of ["rye bread", "stranger", "neighbour", "very long answer"]) expect(sentence).not.toContain(words);
    if (!shape.answer) return;

    const contrast = shape.contrast && files.write(shape.contrast.file, shape.contrast.content);
    const options = { ...shape.answer.options, ...(contrast ? { contrast } : {}) };
    const answered = await outcome(path, options);
    expect(answered.kind, JSON.stringify(answered)).toBe("card");
    if (answered.kind !== "card") return;
    expect(answered.card.kind).toBe(shape.answer.kind);
    expect(answered.card.used).toBe(shape.answer.used);
    if (shape.answer.classes) expect(answered.card.classes.map((c) => c.name)).toEqual(shape.answer.classes);
    if (shape.answer.text) expect(answered.card.options.text).toBe(shape.answer.text);
    await readsAgain(path, options);
  });
});
