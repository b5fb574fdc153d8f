import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findSibling, openDataset } from "../../../src/engine/data/index.js";
import { card, jsonl, outcome, prompts, question, refusal, scratch } from "./files.js";
import { readsAgain } from "./reads-again.js";

const files = scratch();
const P = prompts(40);
const unsafe = P.filter((p) => p.unsafe).map((p) => p.text);
const safe = P.filter((p) => !p.unsafe).map((p) => p.text);

describe("the sibling proposed by name", () => {
  it.each([
    ["only-unsafe.txt", "only-safe.txt"],
    ["harmful_behaviors.csv", "harmless_behaviors.csv"],
    ["harmful-behaviors.csv", "benign-behaviors.csv"],
    ["harmful_train.json", "harmless_train.json"],
    ["good.txt", "bad.txt"],
    ["train_unsafe.jsonl", "train_safe.jsonl"],
    ["non_preferred_data.csv", "preferred_data.csv"],
    ["Toxic Prompts.csv", "Non-toxic prompts.csv"],
    ["malicious.txt", "benign.txt"],
    ["HarmfulPrompts.json", "HarmlessPrompts.json"],
    ["unsafe.jsonl", "safe.csv"],
    ["harmful.json", "harmless_train.json"],
  ])("%s and %s are each other's", async (a, b) => {
    const folder = join(files.folder, `${a} ${b}`);
    mkdirSync(folder);
    for (const name of [a, b, "notes.md", "unsafety_report.txt", "safeguards.csv"]) writeFileSync(join(folder, name), "x");
    expect(await findSibling(join(folder, a))).toBe(join(folder, b));
    expect(await findSibling(join(folder, b))).toBe(join(folder, a));
  });

  it("is absent rather than guessed", async () => {
    const folder = join(files.folder, "several");
    mkdirSync(folder);
    for (const name of ["harmful_a.txt", "harmless_b.txt", "prompts.txt", "unsafe_train.txt", "safe_test.txt", "safe_val.txt", "safety.txt"])
      writeFileSync(join(folder, name), "x");
    expect(await findSibling(join(folder, "harmful_a.txt"))).toBeUndefined();
    expect(await findSibling(join(folder, "prompts.txt"))).toBeUndefined();
    expect(await findSibling(join(folder, "unsafe_train.txt"))).toBeUndefined();
    expect(await findSibling(join(folder, "safety.txt"))).toBeUndefined();
    expect(await findSibling(join(files.folder, "no such folder", "unsafe.txt"))).toBeUndefined();
  });
});

describe("two files", () => {
  it("without labels take their classes from their names, whichever comes first", async () => {
    const bad = files.write("unsafe_x.txt", unsafe.join("\n"));
    const good = files.write("safe_x.json", JSON.stringify({ prompts: safe.map((prompt) => ({ prompt })) }));
    for (const [path, contrast] of [
      [bad, good],
      [good, bad],
    ] as const) {
      const { rows, card: found } = await openDataset(path, { contrast });
      expect(found.classes.map((c) => c.rows)).toEqual([20, 20]);
      expect(rows.every((row) => (row.label === 1) === ((row.place.file === 0 ? path : contrast) === bad))).toBe(true);
      expect(rows.map((row) => row.id)).toEqual(Array.from({ length: 40 }, (_, i) => i));
      expect(found.contrastPath).toBe(contrast);
      await readsAgain(path, { contrast });
    }
  });

  it("whose names tell nothing are asked about; a concept is one of the answers", async () => {
    const a = files.write("first.txt", safe.join("\n"));
    const b = files.write("second.txt", unsafe.join("\n"));
    const asked = await question(a, { contrast: b });
    expect(asked.code).toBe("data/which-class");
    expect(asked.choices.map((c) => c.options)).toEqual([{ all: "unsafe", contrastAll: "safe" }, { all: "safe", contrastAll: "unsafe" }, { concept: true }]);
    for (const choice of asked.choices) {
      const options = { contrast: b, ...choice.options };
      expect((await card(a, options)).used).toBe(40);
      await readsAgain(a, options);
    }
    expect((await card(a, { contrast: b, concept: true })).classes.map((c) => c.name)).toEqual(["first", "second"]);
    const { rows } = await openDataset(a, { contrast: b, all: "unsafe" });
    expect(rows.every((row) => row.label === 1 - row.place.file)).toBe(true);
  });

  it("with labels in both are joined, with labels in one the other is its contrast", async () => {
    const both = files.write("both.jsonl", jsonl(P.map((p) => ({ text: p.text, label: p.unsafe ? "unsafe" : "safe" }))));
    const bad = files.write("bad.csv", `prompt,type\n${unsafe.map((t) => `"${t}",harmful`).join("\n")}\n`);
    const good = files.write("good.csv", `prompt,type\n${safe.map((t) => `"${t}",harmless`).join("\n")}\n`);
    const plain = files.write("plain.txt", safe.join("\n"));
    expect((await card(both, { contrast: bad })).classes.map((c) => c.rows)).toEqual([20, 40]);
    expect((await card(bad, { contrast: good })).classes.map((c) => c.rows)).toEqual([20, 20]);
    const one = await card(bad, { contrast: plain });
    expect(one.classes.map((c) => c.rows)).toEqual([20, 20]);
    expect(one.notices.find((notice) => notice.code === "data/whole-file")?.message).toMatch(
      /"plain.txt" is read as safe, the class that the other file lacks/,
    );
    await readsAgain(bad, { contrast: plain });
    await readsAgain(bad, { contrast: good });
    await readsAgain(both, { contrast: bad });
    expect((await question(both, { contrast: plain })).code).toBe("data/which-class");
    expect((await card(both, { contrast: plain, contrastAll: "safe" })).classes.map((c) => c.rows)).toEqual([40, 20]);
  });

  it("with 1 in one and 0 in the other are asked about once", async () => {
    const ones = files.write("ones.jsonl", jsonl(unsafe.map((text) => ({ text, label: 1 }))));
    const zeros = files.write("zeros.jsonl", jsonl(safe.map((text) => ({ text, label: 0 }))));
    const asked = await question(ones, { contrast: zeros });
    expect(asked.code).toBe("data/label-meaning");
    const { rows } = await openDataset(ones, { contrast: zeros, ...asked.choices[0]?.options });
    expect(rows.every((row) => row.label === 1 - row.place.file)).toBe(true);
  });

  it("of one class are refused, and so is a file against itself", async () => {
    const bad = files.write("unsafe_1.txt", unsafe.join("\n"));
    const more = files.write("more.jsonl", jsonl(unsafe.map((text) => ({ text, label: "unsafe" }))));
    const other = files.write("other.jsonl", jsonl(safe.map((text) => ({ text, label: "unsafe" }))));
    expect((await refusal(more, { contrast: other })).code).toBe("data/one-class");
    expect((await refusal(bad, { contrast: bad })).code).toBe("data/same-file");
    expect((await refusal(bad, { contrast: "missing.txt" })).code).toBe("data/not-found");
    expect((await refusal(bad, { all: "unsafe", contrast: "" })).message).toMatch(/no safe ones/);
  });

  it("find the contrast beside the dataset when its path is relative", async () => {
    const bad = files.write("unsafe_r.txt", unsafe.join("\n"));
    files.write("safe_r.txt", safe.join("\n"));
    expect((await card(bad, { contrast: "safe_r.txt" })).used).toBe(40);
  });

  it("with the same prompts are asked to be read with their answers", async () => {
    const a = files.write("preferred.csv", `instruction,response\n${safe.map((t, i) => `"${t}","A kind answer in words, ${i}"`).join("\n")}\n`);
    const b = files.write("non_preferred.csv", `instruction,response\n${safe.map((t, i) => `"${t}","A rude answer in words, ${i}"`).join("\n")}\n`);
    const asked = await question(a, { contrast: b });
    expect(asked.code).toBe("data/same-prompts");
    const { rows, card: found } = await openDataset(a, { contrast: b, expandAnswers: true });
    expect(found.classes.map((c) => c.rows)).toEqual([20, 20]);
    expect(rows[0]?.text).toMatch(/\n\nA kind answer/);
    expect(new Set(rows.map((row) => row.group)).size).toBe(20);
  });
});

describe("keys as classes", () => {
  it("are labels when they are safe and unsafe, categories when they are more", async () => {
    expect((await card(files.write("keys.json", JSON.stringify({ safe, unsafe })))).classes.map((c) => c.rows)).toEqual([20, 20]);
    expect((await card(files.write("moods.json", JSON.stringify({ joy: safe, grief: unsafe })))).classes.map((c) => c.name)).toEqual(["grief", "joy"]);
    const many = files.write("harmful_qa.json", JSON.stringify({ Fraud: unsafe.slice(0, 5), Theft: unsafe.slice(5, 12), Harm: unsafe.slice(12) }));
    expect((await outcome(many)).kind).not.toBe("card");
    const good = files.write("harmless_qa.txt", safe.join("\n"));
    const { rows, card: found } = await openDataset(many, { contrast: good });
    expect(found.classes.map((c) => c.rows)).toEqual([20, 20]);
    expect(new Set(rows.filter((row) => row.label === 1).map((row) => row.category))).toEqual(new Set(["Fraud", "Theft", "Harm"]));
  });

  it("hold rows in columns, tables and wrappers too", async () => {
    const label = P.map((p) => (p.unsafe ? "unsafe" : "safe"));
    const text = P.map((p) => p.text);
    const rows = P.map((p, i) => ({ text: p.text, label: label[i] }));
    const indexed = (list: readonly unknown[]) => Object.fromEntries(list.map((value, i) => [String(i), value]));
    const shapes: readonly [string, unknown][] = [
      ["columnar", { text, label }],
      ["pandas", { text: indexed(text), label: indexed(label) }],
      ["split", { columns: ["text", "label"], index: [...text.keys()], data: text.map((t, i) => [t, label[i]]) }],
      ["index", indexed(rows)],
      ["wrapped", { version: 2, data: { rows } }],
      ["viewer", { features: [{ name: "text" }], rows: rows.map((row, row_idx) => ({ row_idx, row, truncated_cells: [] })) }],
      ["cells", [["text", "label"], ...rows.map((row) => [row.text, row.label])]],
      ["keyed", Object.fromEntries(rows.map((row, i) => [`q${i}`, row]))],
      ["examples", { name: "t", keywords: ["a b", "c d"], examples: rows }],
    ];
    for (const [name, value] of shapes) {
      const path = files.write(`${name}.json`, JSON.stringify(value, null, 1));
      const found = await openDataset(path, {}).catch((error: unknown) => expect.fail(`${name}: ${String(error)}`));
      expect(
        found.rows.map((row) => [row.text, row.label]),
        name,
      ).toEqual(P.map((p) => [p.text, p.unsafe ? 1 : 0]));
      expect(new Set(found.rows.map((row) => `${row.place.startLine}:${row.place.startColumn}`)).size, name).toBe(40);
      await readsAgain(path);
    }
  });
});
