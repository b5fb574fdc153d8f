import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { jsonl } from "./files.js";
import { csv, LONG, P, type Shape, unsafe } from "./shape.js";

/** Shapes 24 to 36: answers, chats, preference pairs and the rest. */
export const ANSWERS: readonly Shape[] = [
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
    answer: { options: { expandAnswers: true, safe: ["chosen"], unsafe: ["rejected"] }, kind: "safety", used: 40 },
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
    answer: { options: { expandAnswers: true, safe: ["chosen"], unsafe: ["rejected"] }, kind: "safety", used: 40, text: "prompt" },
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
    answer: { options: { expandAnswers: true, safe: ["chosen"], unsafe: ["rejected"] }, kind: "safety", used: 40 },
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
