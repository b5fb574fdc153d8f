import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import { hasShared, outcome, SHARED } from "./files.js";
import { answersLead, readsAgain } from "./reads-again.js";

const FOLDER = join(SHARED, "messy");

interface Entry {
  readonly file: string;
  readonly reaction: string;
}

/** The README's table: first column the file, last the reaction. */
function entries(): Entry[] {
  if (!hasShared) return [];
  const lines = readFileSync(join(FOLDER, "README.md"), "utf8").split("\n");
  const found = lines.flatMap((line): Entry[] => {
    const match = /^\| `([^`]+)` \|.*\| ([a-z ]+) \|$/.exec(line);
    return match ? [{ file: match[1] as string, reaction: (match[2] as string).trim() }] : [];
  });
  return found.filter(({ file }) => !file.endsWith(".py"));
}

/** What a sentence must name, by file. */
const SENTENCES: Readonly<Record<string, RegExp>> = {
  "header-only.csv": /no rows.*"text", "label"/,
  "one-row-per-class-per-category.jsonl": /7 safe, 7 unsafe/,
  "huge-line-1mb.jsonl": /1 text above .*line 11/,
  "long-texts.jsonl": /8 texts above .*4 safe, 4 unsafe/,
  "empty-texts.jsonl": /12 rows without text \(8 empty, 4 blank\), 6 safe and 6 unsafe/,
  "utf16le-bom.csv": /UTF-16 LE/,
  "utf16be-bom.tsv": /UTF-16 BE/,
  "lone-surrogate.jsonl": /1 text holds half of a surrogate pair/,
  "control-and-ansi.jsonl": /40 texts with control characters/,
  "invalid-json-line-17.jsonl": /line 17/,
  "truncated-last-line.jsonl": /line 40: incomplete/,
  "trailing-commas-comments.json": /line 1, column 1: a comment/,
  "nan-infinity.jsonl": /NaN or Infinity.*Python.*line 1/,
  "ragged.csv": /7 rows have fewer cells[\s\S]*line 2[\s\S]*6 rows have more cells[\s\S]*line 6/,
  "unbalanced-quote.csv": /line 11/,
  "comment-preamble.csv": /header is line 3/,
  "no-header.csv": /Line 1 looks like a row/,
  "duplicate-headers.csv": /2 columns named "text"[\s\S]*Column 1[\s\S]*Column 2/,
  "unnamed-index.csv": /"True", "False"/,
  "tsv-named-csv.csv": /tabs/,
  "array-named-jsonl.jsonl": /one JSON document/,
  "gzip-named-jsonl.jsonl": /gzip/,
  "not-a-dataset.json": /no list of rows/,
  "two-row-lists.json": /"train", "test"[\s\S]*joined/,
  "examples-key-target-scores.json": /target_scores/,
  "nested-categories.json": /one class only[\s\S]*--contrast/,
  "strings-array.json": /no label column/,
  "instructions-key.json": /no label column/,
  "no-labels.txt": /no label column[\s\S]*unsafe[\s\S]*safe/,
  "only-unsafe.txt": /only-safe\.txt/,
  "only-safe.txt": /only-unsafe\.txt/,
  "sarcasm-shape.json": /concept[\s\S]*alignment index is absent/,
  "one-class-only.jsonl": /40 unsafe rows, no safe ones/,
  "imbalanced-38-2.jsonl": /38 safe against 2 unsafe.*95%.*balanced sample/,
  "missing-label-some.jsonl": /20 rows without a label \(8 absent, 8 null, 4 blank\)/,
  "duplicates.jsonl": /10 rows repeat .*\(12 after/,
  "labels-01.csv": /1 = unsafe[\s\S]*1 = safe/,
  "labels-mixed-types.jsonl": /"1", "true", "unsafe" were read as unsafe, "0", "false", "safe" as safe/,
  "labels-three-classes.jsonl": /"controversial"[\s\S]*out/,
  "labels-score.csv": /0\.5 or more[\s\S]*20 unsafe rows, 20 safe/,
  "labels-refusal-not-harm.csv": /"objective".*"assistant_response"/,
  "formula-labels.csv": /"=safe".*"=unsafe"/,
  "many-columns.csv": /402 columns/,
  "openai-chat.jsonl": /last user message/,
  "openai-batch.jsonl": /no label column[\s\S]*last user message/,
  "sharegpt.json": /first human turn/,
  "mt-bench-turns.jsonl": /first turn/,
  "hh-chosen-rejected.jsonl": /chosen = safe[\s\S]*40 texts, 20 pairs/,
  "dpo.jsonl": /joined to its prompt/,
  "dpo-messages.jsonl": /40 texts, 20 pairs/,
  "kto.jsonl": /judge an answer, not the prompt/,
  "alpaca.json": /"instruction" and "input" joined/,
  "safe-rlhf-shape.jsonl": /80 texts: 60 safe, 20 unsafe/,
  "statement-label.csv": /"false" and "true".*alignment index is absent/,
  "zstd.parquet": /zstd/,
  "nulls.parquet": /5 rows without text[\s\S]*5 rows without a label/,
  "row-groups.parquet": /160 rows repeat/,
  "truncated.parquet": /incomplete Parquet.*footer/,
  "csv-named-parquet.parquet": /PAR1.*CSV/,
};

const ROWS: Readonly<Record<string, number>> = {
  "quoted-newlines.csv": 40,
  "row-groups.parquet": 200,
  "nulls.parquet": 30,
  "missing-label-some.jsonl": 20,
  "empty-texts.jsonl": 28,
  "invalid-json-line-17.jsonl": 39,
};

describe.skipIf(!hasShared)("the messy files", () => {
  const all = entries();

  it("are all in the table, and the table's files are all there", () => {
    const listed = all.map(({ file }) => file).sort();
    expect(listed).toEqual(
      readdirSync(FOLDER)
        .filter((name) => !/\.(md|py)$/.test(name))
        .sort(),
    );
  });

  it.each(all)("$file: $reaction", async ({ file, reaction }) => {
    const path = join(FOLDER, file);
    const result = await outcome(path);
    const said: string[] = [];
    if (result.kind === "card") said.push(...result.card.skipped.map((s) => s.message), ...result.card.notices.map((n) => n.message));
    else if (result.kind === "refused") said.push(result.problem.message, result.problem.hint ?? "");
    else {
      const { question, answer } = result;
      said.push(question.message, ...question.choices.flatMap((choice) => [choice.label, choice.detail ?? "", choice.flags]));
      if (answer.kind === "question") said.push(...answer.notices.map((n) => n.message));
    }
    expect(result.kind, said.join("\n")).toBe({ refuse: "refused", "ask the user": "question", accept: "card", "accept with warning": "card" }[reaction]);
    if (reaction === "accept with warning") expect(said.length).toBeGreaterThan(0);
    const sentence = SENTENCES[file];
    if (sentence) expect(said.join("\n")).toMatch(sentence);
    if (result.kind === "refused") expect(result.problem.question).toBeUndefined();
    if (result.kind === "question") expect(result.question.choices.length).toBeGreaterThan(0);
    if (result.kind === "card") {
      if (ROWS[file] !== undefined) expect(result.card.used).toBe(ROWS[file]);
      await readsAgain(path);
    }
    if (result.kind === "question") await answersLead(path);
  });

  it("hold no row text in what is said about them", async () => {
    for (const { file } of all) {
      const result = await outcome(join(FOLDER, file));
      const said = JSON.stringify(result).toLowerCase();
      for (const words of ["torture scene", "revenge porn", "human spine", "mentee", "short, helpful answer"]) expect(said, file).not.toContain(words);
    }
  });

  it("pair only-unsafe.txt with only-safe.txt", async () => {
    const { card, rows } = await openDataset(join(FOLDER, "only-unsafe.txt"), { contrast: join(FOLDER, "only-safe.txt") });
    expect(card.classes.map((c) => [c.name, c.rows])).toEqual([
      ["safe", 25],
      ["unsafe", 20],
    ]);
    expect(rows.every((row) => row.label === (row.place.file === 0 ? 1 : 0))).toBe(true);
    await readsAgain(card.path, { contrast: card.contrastPath });
  });
});

describe.skipIf(!hasShared)("the curated sets", () => {
  const sets: readonly [string, "safety" | "concept", [string, number], [string, number], Record<string, string>][] = [
    ["audit-small.jsonl", "safety", ["safe", 100], ["unsafe", 100], { text: "text", label: "label", category: "category" }],
    ["audit-matched.jsonl", "safety", ["safe", 274], ["unsafe", 274], { text: "text", label: "label", category: "category", group: "pair" }],
    ["litmus-like.jsonl", "safety", ["safe", 182], ["unsafe", 182], { text: "input", label: "safety_label", category: "axiom" }],
    ["truth-cities.jsonl", "concept", ["false", 500], ["true", 500], { text: "text", label: "label", group: "group" }],
    ["truth-facts.jsonl", "concept", ["false", 297], ["true", 297], { text: "text", label: "label" }],
    ["truth-larger-than.jsonl", "concept", ["false", 300], ["true", 300], { text: "text", label: "label", group: "group" }],
    ["truth-common-claim.jsonl", "concept", ["false", 500], ["true", 500], { text: "text", label: "label" }],
    ["concept-emotion.jsonl", "concept", ["happiness", 203], ["sadness", 203], { text: "text", label: "label" }],
    ["concept-strategyqa.jsonl", "concept", ["no", 107], ["yes", 107], { text: "text", label: "label" }],
  ];

  it.each(sets)("%s is read without a question", async (file, kind, negative, positive, columns) => {
    const path = join(SHARED, "curated", file);
    const { card, rows } = await openDataset(path, {});
    expect(card.kind).toBe(kind);
    expect(card.classes.map((c) => [c.name, c.rows])).toEqual([negative, positive]);
    const { text, label, category, group } = card.options;
    expect({ text, label, category, group }).toEqual({ text: undefined, label: undefined, category: undefined, group: undefined, ...columns });
    expect(rows.length).toBe(negative[1] + positive[1]);
    expect(rows.every((row) => (row.group !== undefined) === "group" in columns)).toBe(true);
    await readsAgain(path);
  });
});
