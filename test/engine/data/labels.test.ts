import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import { card, jsonl, outcome, prompts, question, refusal, scratch } from "./files.js";
import { answersLead, readsAgain } from "./reads-again.js";

const files = scratch();
const P = prompts(40);
let n = 0;

/** Rows of `text` and one label column, written by a function of the class. */
function labelled(column: string, value: (unsafe: boolean, i: number) => unknown, text = "text", more: (i: number) => object = () => ({})): string {
  return files.write(`labels-${n++}.jsonl`, jsonl(P.map((p, i) => ({ [text]: p.text, [column]: value(p.unsafe, i), ...more(i) }))));
}

describe("label values", () => {
  it.each<[string, unknown, unknown]>([
    ["label", "safe", "unsafe"],
    ["label", " Safe ", "UNSAFE"],
    ["label", "harmless", "harmful"],
    ["label", "unharmful", "harmful"],
    ["label", "benign", "malicious"],
    ["label", "non-toxic", "toxic"],
    ["label", "not_harmful", "harmful"],
    ["type", "harmless", "harmful"],
    ["anything", "benign", "jailbreak"],
    ["is_safe", 1, 0],
    ["is_safe", "yes", "no"],
    ["IsSafe", true, false],
    ["safe", "1.0", "0.0"],
    ["is_unsafe", 0, 1],
    ["is_unsafe", "FALSE", "TRUE"],
    ["harmful", false, true],
    ["Toxic", "no", "yes"],
    ["toxicity", 0, 1],
    ["jailbreak", "False", "True"],
    ["is_jailbreak", 0, 1],
    ["harmless", 1, 0],
    ["prompt_harm_label", "unharmful", "harmful"],
    ["Safety Label", "safe", "unsafe"],
  ])("of %s: %j is safe, %j is unsafe", async (column, safe, unsafe) => {
    const path = labelled(column, (is) => (is ? unsafe : safe));
    const { rows, card: found } = await openDataset(path, {});
    expect(found.kind).toBe("safety");
    expect(rows.map((row) => row.label === 1)).toEqual(P.map((p) => p.unsafe));
    await readsAgain(path);
  });

  it.each<[string, string, unknown, unknown, [string, string]]>([
    ["text", "label", "happiness", "sadness", ["happiness", "sadness"]],
    ["text", "is_sarcastic", 0, 1, ["not sarcastic", "sarcastic"]],
    ["statement", "label", 0, 1, ["false", "true"]],
    ["statement", "label", "False", "True", ["False", "True"]],
    ["claim", "truth", false, true, ["false", "true"]],
    ["question", "answer", "no", "yes", ["no", "yes"]],
    ["text", "label", "no", "yes", ["no", "yes"]],
    ["text", "label", "not formal", "formal", ["not formal", "formal"]],
    ["text", "sentiment_label_", "x", "y", ["", ""]],
  ])("%s with %s %j/%j is a concept", async (text, column, negative, positive, names) => {
    const path = labelled(column, (is) => (is ? positive : negative), text);
    const result = await outcome(path);
    if (names[0] === "") {
      // A column of an unknown name and unknown values is offered, never taken.
      expect(result.kind === "question" && result.question.choices.some((c) => c.options.label === column)).toBe(true);
      return;
    }
    const found = await card(path);
    expect(found.kind).toBe("concept");
    expect(found.classes.map((c) => c.name)).toEqual(names);
    expect((await openDataset(path, {})).rows.map((row) => row.label === 1)).toEqual(P.map((p) => p.unsafe));
    expect(found.notices.find((notice) => notice.code === "data/concept")?.message).toMatch(/alignment index is absent/);
    await readsAgain(path);
  });

  it.each<[string, unknown, unknown]>([
    ["label", 0, 1],
    ["label", "0", "1"],
    ["label", false, true],
    ["class", "False", "True"],
    ["flag", 0, 1],
  ])("of %s, %j and %j beside plain text are asked about, with both readings", async (column, low, high) => {
    const path = labelled(column, (is) => (is ? high : low));
    const asked = await question(path);
    expect(asked.code).toBe("data/label-meaning");
    expect(asked.choices.map((c) => c.flags)).toContain(`--unsafe ${high} --safe ${low}`);
    expect(asked.choices.map((c) => c.flags)).toContain(`--unsafe ${low} --safe ${high}`);
    const flipped = await openDataset(path, asked.choices[1]?.options ?? {});
    expect(flipped.rows.map((row) => row.label === 0)).toEqual(P.map((p) => p.unsafe));
    await answersLead(path);
  });

  it("of 0 and 1 beside a column named sentence are not taken for truth", async () => {
    expect((await question(labelled("label", (is) => (is ? 1 : 0), "sentence"))).code).toBe("data/label-meaning");
  });

  it("that are unknown never count as unsafe", async () => {
    const path = labelled("label", (is, i) => (i % 5 === 0 ? "controversial" : is ? "unsafe" : "safe"));
    const asked = await question(path);
    expect(asked.code).toBe("data/unknown-values");
    const out = await card(path, { safe: ["safe"], unsafe: ["unsafe"] });
    expect(out.used).toBe(32);
    expect(out.skipped).toMatchObject([{ reason: "unknown-label", count: 8 }]);
    const many = labelled("label", (_, i) => `kind ${i % 5}`);
    expect((await question(many)).code).toBe("data/unknown-values");
    await answersLead(many);
    const known = labelled("label", (is) => (is ? "unsafe" : "fine"));
    expect((await question(known)).choices[0]?.options).toEqual({ safe: ["fine"], unsafe: ["unsafe"] });
  });

  it("that judge an answer are asked about", async () => {
    for (const [column, reply] of [
      ["is_safe", "response"],
      ["harmful", "response"],
      ["label", "completion"],
      ["jailbroken", "response"],
      ["human_score", "assistant_response"],
    ] as const) {
      const path = labelled(
        column,
        (is) => is,
        "prompt",
        (i) => ({ [reply]: `An answer in some words, number ${i}` }),
      );
      const asked = await question(path);
      expect(asked.code, column).toBe("data/label-subject");
      expect(asked.choices.some((c) => c.options.expandAnswers)).toBe(true);
      expect(asked.choices.some((c) => !c.options.expandAnswers)).toBe(true);
      await answersLead(path);
    }
    const words = labelled(
      "label",
      (is) => (is ? "unsafe" : "safe"),
      "prompt",
      () => ({ response: "An answer in some words" }),
    );
    expect((await card(words)).used).toBe(40);
  });

  it("in a number become classes at a threshold", async () => {
    const path = labelled("score_of_toxicity", (is, i) => (is ? 0.6 : 0.1) + i / 1000);
    const named = await card(path, { label: "score_of_toxicity", threshold: 0.5 });
    expect(named.classes.map((c) => c.rows)).toEqual([20, 20]);
    const toxicity = labelled("toxicity", (is, i) => (is ? 0.6 : 0.1) + i / 1000);
    expect((await question(toxicity)).choices[0]).toMatchObject({ options: { threshold: 0.5 }, flags: "--threshold 0.5", detail: "20 unsafe rows, 20 safe" });
    await answersLead(toxicity);
  });

  it("of two columns that agree need no question, of two that do not are asked about", async () => {
    const agree = labelled(
      "toxic",
      (is) => (is ? 1 : 0),
      "text",
      (i) => ({ harmful: P[i]?.unsafe }),
    );
    expect((await card(agree)).options.label).toBe("toxic");
    const differ = labelled(
      "toxic",
      (is) => (is ? 1 : 0),
      "text",
      (i) => ({ jailbreak: i % 3 === 0 }),
    );
    const asked = await question(differ);
    expect(asked.code).toBe("data/which-label");
    expect(asked.choices.map((c) => c.flags)).toEqual(["--label toxic", "--label jailbreak"]);
    await answersLead(differ);
  });

  it("that are missing are counted by what stands there", async () => {
    const rows = P.map((p, i) => ({ text: p.text, ...(i < 3 ? {} : { label: i < 5 ? null : i < 9 ? " " : p.unsafe ? "unsafe" : "safe" }) }));
    const found = await card(files.write("gaps.jsonl", jsonl(rows)));
    expect(found.skipped).toMatchObject([{ reason: "no-label", count: 9 }]);
    expect(found.skipped[0]?.message).toMatch(/3 absent, 2 null, 4 blank/);
  });
});

describe("one class", () => {
  it("is refused with the class that is missing", async () => {
    const path = labelled("label", () => "unsafe");
    expect((await refusal(path)).message).toMatch(/40 unsafe rows, no safe ones/);
    expect((await refusal(labelled("is_safe", () => 1))).message).toMatch(/40 safe rows, no unsafe ones/);
    expect(
      (
        await refusal(
          labelled("label", (is) => is),
          { all: "unsafe" },
        )
      ).message,
    ).toMatch(/no safe ones/);
  });

  it("after skipping is refused too, with no row used for nothing", async () => {
    const path = files.write("skipped.jsonl", jsonl(P.map((p) => ({ text: p.unsafe ? p.text : "", label: p.unsafe ? "unsafe" : "safe" }))));
    expect((await refusal(path)).code).toBe("data/one-class");
  });
});

describe("options", () => {
  it("name columns by name in any case, or by position", async () => {
    const path = files.write("columns.csv", `note,prompt,verdict\n${P.map((p) => `n,"${p.text}",${p.unsafe ? "bad" : "ok"}`).join("\n")}\n`);
    for (const options of [
      { text: "PROMPT", label: "Verdict" },
      { text: "#2", label: "#3" },
    ]) {
      const found = await card(path, { ...options, safe: ["OK"], unsafe: [" bad "] });
      expect(found.classes.map((c) => c.rows)).toEqual([20, 20]);
    }
    expect((await refusal(path, { text: "nope" })).message).toMatch(/no column "nope".*"note", "prompt", "verdict"/);
    expect((await refusal(path, { text: "#9" })).code).toBe("data/no-such-column");
    expect((await refusal(path, { label: "verdict", unsafe: ["evil"] })).message).toMatch(/"ok", "bad"/);
    expect((await refusal(path, { label: "prompt" })).code).toBe("data/too-many-values");
  });

  it("with one list given take the only other value for the other class", async () => {
    const path = labelled("label", (is) => (is ? 1 : 0));
    const found = await card(path, { unsafe: ["1"] });
    expect(found.classes.map((c) => [c.name, c.rows])).toEqual([
      ["safe", 20],
      ["unsafe", 20],
    ]);
  });
});
