import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import { flag } from "../../../src/engine/data/say.js";
import { normalValue } from "../../../src/engine/data/words.js";
import { card, jsonl, outcome, prompts, question, refusal, scratch } from "./files.js";
import { answersLead, readsAgain } from "./reads-again.js";

const files = scratch();
const P = prompts(40);
let n = 0;

function labelled(column: string, value: (unsafe: boolean, i: number) => unknown): string {
  return files.write(`values-${n++}.jsonl`, jsonl(P.map((p, i) => ({ text: p.text, [column]: value(p.unsafe, i) }))));
}

const codes = (found: { notices: readonly { code: string }[] }) => found.notices.map((notice) => notice.code);

describe("label values are compared whole", () => {
  it.each([
    ["-1", "1"],
    ["-1", "+1"],
    ["a-", "a+"],
    ["a-", "a"],
    ["c", "c#"],
    ["no", "no?"],
    ["no", "-no"],
    ["\u5b89\u5168", "\u4e0d\u5b89\u5168"],
    ["s\u00fbr", "sur"],
    ["a_b", "a b"],
    ["-", "_"],
    ["1", "1.5"],
    ["12345678901234567890", "12345678901234567891"],
  ])("%j is not %j", (a, b) => {
    expect(normalValue(a)).not.toBe(normalValue(b));
  });

  it.each([
    ["1", "1.0"],
    ["1", "+1"],
    ["-1", "-1.00"],
    ["0", "-0"],
    ["0.5", ".5"],
    [" Safe", "SAFE"],
    ["caf\u00e9", "cafe\u0301"],
  ])("%j is %j", (a, b) => {
    expect(normalValue(a)).toBe(normalValue(b));
  });

  it.each([
    ["-1", "1"],
    ["A-", "A+"],
    ["c", "c#"],
    ["no", "no?"],
    ["\u5e78\u798f", "\u4e0d\u5e78\u798f"],
  ])("%j and %j divide a file", async (safe, unsafe) => {
    for (const column of ["label", "class"]) {
      const path = files.write(`pair-${n++}.csv`, `text,${column}\n${P.map((p) => `"${p.text}",${p.unsafe ? unsafe : safe}`).join("\n")}\n`);
      const { rows, card: found } = await openDataset(path, { safe: [safe], unsafe: [unsafe] });
      expect(rows.map((row) => row.label === 1)).toEqual(P.map((p) => p.unsafe));
      expect(found.classes.map((c) => c.values)).toEqual([[safe], [unsafe]]);
      await readsAgain(path, { safe: [safe], unsafe: [unsafe] });
    }
  });

  it("-1 and 1 are asked about, with each reading", async () => {
    const path = labelled("label", (is) => (is ? "1" : "-1"));
    const asked = await question(path);
    expect(asked.message).toMatch(/-1: 20 rows.*1: 20 rows|1: 20 rows.*-1: 20 rows/);
    expect(asked.choices.map((c) => c.flags)).toEqual(["--unsafe 1 --safe=-1", "--unsafe=-1 --safe 1", "--unsafe 1 --safe=-1 --concept"]);
    await answersLead(path);
  });
});

describe("flags of a choice", () => {
  it("are words of a POSIX shell that say what was meant, one flag a value", () => {
    const values = [
      "-1",
      "fine, ok",
      "it's",
      "--safe",
      "a b",
      '$HOME `id` "x"',
      "=safe",
      "back\\slash 100%",
      "bell\u0007 it's \\ 50% $x \u00e9",
      "~",
      "*",
      "-a b",
      "\u5b89\u5168",
      "#2",
    ];
    for (const value of values) {
      const said = execFileSync("sh", ["-c", `for word in ${flag("safe", value)}; do printf '%s\\n' "$word"; done`], { encoding: "utf8" });
      expect(said, flag("safe", value)).toBe(value.startsWith("-") ? `--safe=${value}\n` : `--safe\n${value}\n`);
    }
    expect([flag("safe", "-1"), flag("safe", "fine, ok"), flag("safe", "good"), flag("threshold", -0.5)]).toEqual([
      "--safe=-1",
      "--safe 'fine, ok'",
      "--safe good",
      "--threshold=-0.5",
    ]);
  });

  it("give every value one of their own", async () => {
    const asked = await question(labelled("label", (is, i) => (i % 4 === 0 ? "fine, ok" : is ? "unsafe" : "safe")));
    expect(asked.choices.map((c) => c.flags)).toContain("--unsafe unsafe --safe safe --safe 'fine, ok'");
  });
});

describe("a class", () => {
  it("lists every spelling in the file, at most twenty", async () => {
    const path = labelled("label", (is, i) => (is ? "unsafe" : (["safe", "SAFE", " Safe"][(i >> 1) % 3] as string)));
    expect((await card(path)).classes.map((c) => c.values)).toEqual([["safe", "SAFE", " Safe"], ["unsafe"]]);
    await readsAgain(path);
    const many = labelled("label", (is, i) => (is ? "unsafe" : `safe${" ".repeat(i)}`));
    const wide = files.write("wide.jsonl", jsonl(prompts(80).map((p, i) => ({ text: p.text, label: p.unsafe ? "unsafe" : `safe${" ".repeat(i)}` }))));
    expect((await card(many)).classes[0].values).toHaveLength(20);
    expect((await card(wide)).classes[0]).toMatchObject({ rows: 40 });
    expect((await card(wide)).classes[0].values).toHaveLength(20);
  });

  it("of a concept keeps the file's own spelling", async () => {
    const path = labelled("label", (is) => (is ? "Joy" : "Fear-of Spiders"));
    expect((await card(path)).classes.map((c) => c.name)).toEqual(["Fear-of Spiders", "Joy"]);
    const grades = labelled("label", (is) => (is ? "A+" : "A-"));
    expect((await card(grades)).classes.map((c) => c.name)).toEqual(["A+", "A-"]);
    const other = labelled("label", (is) => (is ? "JOY" : "fear-of spiders"));
    expect((await card(path, { contrast: other })).classes.map((c) => [c.name, c.rows])).toEqual([
      ["Fear-of Spiders", 40],
      ["Joy", 40],
    ]);
  });
});

describe("two values that may judge safety", () => {
  it.each([
    ["label", "pos", "neg"],
    ["label", "positive", "negative"],
    ["class", "compliant", "refusal"],
    ["label", "allowed", "blocked"],
    ["label", "accept", "reject"],
    ["label", "ok", "bad"],
    ["label", "compliant", "non-compliant"],
    ["label", "Good", "Bad"],
    ["label", "sfw", "nsfw"],
    ["label", "pass", "FAIL"],
    ["label", "sicher", "unsicher"],
    ["label", "seguro", "inseguro"],
    ["label", "\u0e1b\u0e25\u0e2d\u0e14\u0e20\u0e31\u0e22", "\u0e44\u0e21\u0e48\u0e1b\u0e25\u0e2d\u0e14\u0e20\u0e31\u0e22"],
    ["safety", "green", "red"],
    ["safety_label", "A", "B"],
  ])("of %s, %j and %j, are asked about", async (column, safe, unsafe) => {
    const path = labelled(column, (is) => (is ? unsafe : safe));
    const asked = await question(path);
    expect(asked.choices.map((c) => [c.options.unsafe, c.options.safe, c.options.concept ?? false])).toEqual(
      expect.arrayContaining([
        [[unsafe], [safe], false],
        [[safe], [unsafe], false],
        [expect.anything(), expect.anything(), true],
      ]),
    );
    expect(asked.choices.at(-1)?.flags).toMatch(/ --concept$/);
    await answersLead(path);
  });

  it.each([
    ["label", "\u5b89\u5168", "\u4e0d\u5b89\u5168"],
    ["label", "\u65e0\u5bb3", "\u6709\u5bb3"],
    ["\u6807\u7b7e", "\u5b89\u5168", "\u4e0d\u5b89\u5168"],
    ["label", "s\u00fbr", "dangereux"],
    ["label", "seguro", "peligroso"],
    ["label", "Harmlos", "Sch\u00e4dlich"],
    ["label", "\u0431\u0435\u0437\u043e\u043f\u0430\u0441\u043d\u044b\u0439", "\u043e\u043f\u0430\u0441\u043d\u044b\u0439"],
  ])("of %s, %j and %j, are known, and said", async (column, safe, unsafe) => {
    const path = labelled(column, (is) => (is ? unsafe : safe));
    const { rows, card: found } = await openDataset(path, {});
    expect(found.kind).toBe("safety");
    expect(rows.map((row) => row.label === 1)).toEqual(P.map((p) => p.unsafe));
    expect(found.notices.find((notice) => notice.code === "data/label-words")?.message).toContain(`"${unsafe}" is read as unsafe, "${safe}" as safe`);
    await readsAgain(path);
  });

  it("are a concept without a question where they are none", async () => {
    for (const [a, b] of [
      ["happiness", "sadness"],
      ["sarcastic", "not sarcastic"],
      ["formal", "informal"],
      ["no", "yes"],
      ["cat", "dog"],
    ] as const) {
      const result = await outcome(labelled("label", (is) => (is ? a : b)));
      expect(result.kind === "card" && result.card.kind, `${a}/${b}`).toBe("concept");
    }
    const named = files.write("concept.jsonl", jsonl(P.map((p) => ({ text: p.text, label: p.unsafe ? "negative" : "positive", concept: "sentiment" }))));
    expect((await card(named)).kind).toBe("concept");
  });
});

describe("a signed score", () => {
  const score = (_: boolean, i: number) => (i - 20) / 25;

  it.each(["label", "score", "harm_score", "toxicity"])("in %s asks for its threshold and takes one", async (column) => {
    for (const text of [false, true]) {
      const path = labelled(column, (is, i) => (text ? `${i >= 20 ? "+" : ""}${score(is, i)}` : score(is, i)));
      const asked = await question(path);
      expect(asked.code).toBe("data/threshold");
      expect(asked.choices.map((c) => c.options.threshold)).toEqual([-0.02, 0]);
      expect(asked.choices.map((c) => c.flags)).toEqual(["--threshold=-0.02", "--threshold 0"]);
      expect((await card(path, { threshold: 0 })).classes.map((c) => c.rows)).toEqual([20, 20]);
      await answersLead(path);
    }
  });

  it("in a column of any name is taken with a threshold, and offered without", async () => {
    const path = labelled("grade_of_it", score);
    expect((await card(path, { threshold: 0 })).options.label).toBe("grade_of_it");
    const asked = await question(path);
    expect(asked.choices.find((c) => c.options.label === "grade_of_it")?.detail).toBe("Numbers from -0.8 to 0.76");
    await readsAgain(path, { threshold: 0 });
  });

  it("is passed over where the file is set against another", async () => {
    const own = files.write("unsafe_scored.jsonl", jsonl(P.filter((p) => p.unsafe).map((p, i) => ({ text: p.text, score: i / 7 }))));
    const other = files.write("safe_scored.jsonl", jsonl(P.filter((p) => !p.unsafe).map((p, i) => ({ text: p.text, score: i / 7 }))));
    expect((await card(own, { contrast: other })).classes.map((c) => c.rows)).toEqual([20, 20]);
  });

  it("is preferred to words when a threshold is given", async () => {
    const path = files.write("both.jsonl", jsonl(P.map((p, i) => ({ text: p.text, label: p.unsafe ? "b" : "a", toxicity: i / 40 }))));
    expect((await card(path, { threshold: 0.25 })).classes.map((c) => c.rows)).toEqual([10, 30]);
  });
});

describe("a class left empty", () => {
  const words = () => labelled("label", (is) => (is ? "b" : "a"));

  it("by a threshold is refused with it", async () => {
    const path = labelled("toxicity", (_, i) => 0.1 + (0.8 * i) / 39);
    expect((await refusal(path, { threshold: 5 })).message).toBe("All 40 scores are below the threshold 5; they go from 0.1 to 0.9.");
    expect((await refusal(path, { threshold: 0 })).message).toBe("All 40 scores are at or above the threshold 0; they go from 0.1 to 0.9.");
    expect((await refusal(words(), { label: "label", threshold: 0.5 })).message).toMatch(/threshold 0\.5 needs numbers.*"label".*"a", "b"/);
  });

  it("by a value is refused with it", async () => {
    for (const options of [{ unsafe: ["nope"] }, { safe: ["a"], unsafe: ["nope"] }, { safe: ["a", "b"], unsafe: ["nope"] }])
      expect((await refusal(words(), options)).message).toBe('No row has the label "nope", which --unsafe names; the file has: "a", "b".');
    expect((await refusal(words(), { safe: ["nope"], unsafe: ["b"] })).message).toBe(
      'No row has the label "nope", which --safe names; the file has: "a", "b".',
    );
    expect((await refusal(words(), { safe: ["x"], unsafe: ["y"] })).message).toMatch(
      /"x", which --safe names or "y", which --unsafe names; the file has: "a", "b"/,
    );
    expect((await refusal(words(), { safe: ["a", "b"] })).message).toBe('All 40 rows have a label that --safe names ("a", "b"); none is left to be unsafe.');
    const three = labelled("label", (is, i) => (i % 3 === 0 ? "c" : is ? "b" : "a"));
    expect((await refusal(three, { safe: ["a"] })).message).toMatch(/^Only "a" has a meaning, which --safe gives; what "c", "b" mean is not said/);
    expect(codes(await card(words(), { safe: ["a"], unsafe: ["b", "nope"] }))).toContain("data/no-such-value");
    expect(codes(await card(words(), { safe: ["a"], unsafe: ["b"] }))).not.toContain("data/no-such-value");
  });

  it("by one value on both sides is refused with it", async () => {
    const found = await refusal(words(), { safe: ["a", "B "], unsafe: ["b"] });
    expect(found.code).toBe("data/same-value");
    expect(found.message).toMatch(/--safe and --unsafe name "b"/);
  });
});

describe("sentences", () => {
  it("count one as one, and begin with a capital letter or a number", async () => {
    const rows = P.map((p) => ({ text: p.text, label: p.unsafe ? "unsafe" : "safe" }));
    const twice = await card(files.write("twice.jsonl", jsonl([...rows, rows[0]])));
    expect(twice.notices.find((notice) => notice.code === "data/duplicates")?.message).toMatch(/^1 row repeats an earlier text exactly/);
    expect((await refusal(files.write("one.jsonl", jsonl([rows[1]])))).message).toMatch(/1 unsafe row, no safe ones/);
    const said: string[] = [];
    const paths = [
      labelled("label", (is) => (is ? "1" : "0")),
      labelled("label", (is) => (is ? "bad" : "ok")),
      labelled("toxicity", (_, i) => i / 40),
      labelled("label", () => "unsafe"),
      labelled("note", (_, i) => `kind ${i}`),
      files.write("bad.json", "{"),
      files.write("empty.txt", ""),
      files.write("list.json", JSON.stringify({ a: 1 })),
      files.write("zip.csv", Buffer.from("504b030400000000", "hex")),
    ];
    for (const path of paths) {
      const result = await outcome(path);
      if (result.kind === "question") said.push(result.question.message);
      else if (result.kind === "refused") said.push(result.problem.message);
      else said.push(...result.card.notices.map((notice) => notice.message));
    }
    expect(said.length).toBeGreaterThanOrEqual(paths.length);
    for (const sentence of said) expect(sentence).toMatch(/^[A-Z0-9]/);
  });
});
