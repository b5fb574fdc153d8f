import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { studyAxes } from "../../../src/engine/audit/axes.js";
import { openDataset } from "../../../src/engine/data/index.js";
import { LEAST_AXIS_ROWS, MAX_AXES } from "../../../src/engine/data/limits.js";
import type { DataOptions } from "../../../src/protocol/index.js";
import { jsonl, SHARED, scratch } from "./files.js";
import { readsAgain } from "./reads-again.js";
import { csv } from "./shape.js";

const { write } = scratch();

const text = (i: number) => `Sentence number ${i} of the lot, about ${["rivers", "towns", "hills"][i % 3]}.`;
const label = (i: number) => (i % 2 ? "unsafe" : "safe");
const rows = (n: number, more: (i: number) => Record<string, unknown>) =>
  jsonl(Array.from({ length: n }, (_, i) => ({ text: text(i), label: label(i), ...more(i) })));
const open = (content: string, options: DataOptions = {}, name = "rows.jsonl") => openDataset(write(name, content), options);
const names = async (content: string, options: DataOptions = {}, name?: string) =>
  (await open(content, options, name)).card.axes?.map((axis) => axis.name) ?? [];

describe("axes", () => {
  it("takes columns of two to twenty classes; ids, texts, dates, fractions, splits and addresses are none", async () => {
    const content = rows(60, (i) => ({
      id: i % 5,
      axiom: `Axiom ${i % 3}`,
      severity: i % 4,
      jailbreaking: i % 5 === 0,
      note: `A remark of some length on row ${i}.`,
      when: `2024-0${1 + (i % 3)}-01`,
      created_at: i % 2 ? "morning" : "evening",
      score: [0.25, 0.5, 1][i % 3],
      split: i % 3 ? "train" : "test",
      page: `https://example.org/${i % 3}`,
      turn: i % 3,
      tokens: 5 + (i % 3),
      many: i % 30,
      constant: "x",
    }));
    const { card, rows: read } = await open(content);
    expect(card.axes).toEqual([
      { name: "axiom", classes: [0, 1, 2].map((c) => ({ name: `Axiom ${c}`, rows: 20 })) },
      { name: "severity", classes: [0, 1, 2, 3].map((c) => ({ name: String(c), rows: 15 })) },
      {
        name: "jailbreaking",
        classes: [
          { name: "false", rows: 48 },
          { name: "true", rows: 12 },
        ],
      },
    ]);
    expect(read[5]?.axes).toEqual({ axiom: "Axiom 2", severity: "1", jailbreaking: "true" });
    const role = (name: string) => card.columns.find((c) => c.name === name)?.role;
    expect([role("axiom"), role("severity"), role("note"), role("label"), role("split")]).toEqual(["category", "axis", "other", "label", "other"]);
  });

  it("opens objects of flags and lists of tags, one axis for each", async () => {
    const content = rows(60, (i) => ({
      harms: { fraud: i % 3 === 0, violence: i % 4 === 0, never: false, weight: 0.5 + i },
      tags: i % 5 === 0 ? ["war", "trade"] : i % 3 === 1 ? ["trade"] : [],
      kind: [["x", "y"][i % 4 < 2 ? 0 : 1]],
    }));
    expect(await names(content)).toEqual(["harms.fraud", "harms.violence", "tags: trade", "tags: war", "kind"]);
    const { rows: read, card } = await open(content);
    expect(read[0]?.axes).toEqual({ "harms.fraud": "true", "harms.violence": "true", "tags: trade": "yes", "tags: war": "yes", kind: "x" });
    expect(read[2]?.axes).toMatchObject({ "tags: trade": "no", "tags: war": "no" });
    expect(card.columns.filter((c) => c.role === "axis").map((c) => c.name)).toEqual(["harms", "tags", "kind"]);
  });

  it("leaves classes with too few rows without a value", async () => {
    const { card, rows: read } = await open(rows(50, (i) => ({ topic: i < 24 ? "a" : i < 44 ? "b" : "c" })));
    expect(card.axes).toEqual([
      {
        name: "topic",
        classes: [
          { name: "a", rows: 24 },
          { name: "b", rows: 20 },
        ],
      },
    ]);
    expect(read[49]?.axes).toBeUndefined();
    expect(await names(rows(2 * LEAST_AXIS_ROWS - 2, (i) => ({ topic: i % 4 < 2 ? "a" : "b" })))).toEqual([]);
  });

  it("takes no column that says the same as the label or as another one", async () => {
    const content = rows(60, (i) => ({
      bad: i % 2,
      topic: `t${i % 3}`,
      topic_id: i % 3,
      TOPIC: ` T${i % 3} `,
      half: i % 4 === 1 ? "x" : i % 4 === 0 ? "y" : null,
    }));
    expect(await names(content, { label: "label" })).toEqual(["topic"]);
  });

  it("is one axis where both files have the column, and joins spellings", async () => {
    const a = write(
      "harmful.csv",
      csv(
        ["prompt", "topic"],
        Array.from({ length: 30 }, (_, i) => [text(i), i % 2 ? "War" : "Peace"]),
      ),
    );
    const b = write(
      "harmless.csv",
      csv(
        ["topic", "prompt"],
        Array.from({ length: 30 }, (_, i) => [i % 2 ? "war " : "peace", `Other ${text(i)}`]),
      ),
    );
    const { card, rows: read } = await openDataset(a, { contrast: b });
    expect(card.axes).toEqual([
      {
        name: "topic",
        classes: [
          { name: "Peace", rows: 30 },
          { name: "War", rows: 30 },
        ],
      },
    ]);
    expect(read[31]?.axes).toEqual({ topic: "War" });
  });

  it("takes what is named, none, or all, and says why a named one does not serve", async () => {
    const content = rows(60, (i) => ({ topic: `t${i % 3}`, year: 2000 + (i % 3), rare: i === 0 ? "a" : "b", harms: { fraud: i % 3 === 0, war: i % 5 === 0 } }));
    expect(await names(content)).toEqual(["topic", "harms.fraud", "harms.war"]);
    expect(await names(content, { axes: ["none"] })).toEqual([]);
    expect(await names(content, { axes: ["all"] })).toHaveLength(3);
    expect(await names(content, { axes: ["harms.war", "year", "#3"] })).toEqual(["harms.war", "year"]);
    expect(await names(content, { axes: ["harms"] })).toEqual(["harms.fraud", "harms.war"]);
    const { card } = await open(content, { axes: ["rare", "text"] });
    expect(card.axes).toBeUndefined();
    expect(card.notices.filter((n) => n.code === "data/no-axis").map((n) => n.message)).toEqual([
      'The column "rare" is not used as an axis: fewer than two of its values have 10 rows.',
      'The column "text" is not used as an axis: it has 60 values, and an axis at most 20.',
    ]);
    await expect(open(content, { axes: ["nowhere"] })).rejects.toMatchObject({ problem: { code: "data/no-such-column" } });
    await readsAgain(write("again.jsonl", content), { axes: ["harms.war"] });
    await readsAgain(write("again.jsonl", content));
  });

  it("is bounded, and says which columns are beyond the bound", async () => {
    const flags = (i: number) => Object.fromEntries(Array.from({ length: 40 }, (_, k) => [`f${k}`, ((i * 7919 + 13) >> (k % 9)) % (k + 2) === 0]));
    const { card } = await open(rows(400, flags), { axes: ["all"], label: "label" });
    expect(card.axes).toHaveLength(MAX_AXES);
    expect(card.notices.find((n) => n.code === "data/many-axes")?.message).toContain("the first 24 are axes");
  });

  it("keeps columns with names of prototype members apart from the prototype", async () => {
    const content = Array.from(
      { length: 40 },
      (_, i) => `{"text":"${text(i)}","label":"${label(i)}","__proto__":"${i % 4 < 2 ? "a" : "b"}","constructor":"${i % 3 ? "c" : "d"}"}`,
    ).join("\n");
    const dataset = await open(content);
    expect(dataset.card.axes?.map((a) => a.name)).toEqual(["__proto__", "constructor"]);
    const [proto] = studyAxes(
      dataset,
      dataset.rows.map((_, i) => i),
    );
    expect([...(proto?.of ?? [])].slice(0, 4)).toEqual([0, 0, 1, 1]);
  });

  it("gives a study the classes of the rows that arrived", async () => {
    const dataset = await open(rows(60, (i) => ({ topic: ["b", "a", "c"][i % 3] })));
    const all = dataset.rows.map((_, i) => i);
    expect(studyAxes(dataset, all)).toEqual([{ name: "topic", classes: ["a", "b", "c"], of: Int32Array.from(all, (i) => [1, 0, 2][i % 3] as number) }]);
    const fewer = all.filter((i) => i % 3 !== 2 || i < 20);
    expect(studyAxes(dataset, fewer)[0]?.classes).toEqual(["a", "b"]);
    expect([...(studyAxes(dataset, fewer)[0]?.of ?? [])].slice(0, 3)).toEqual([1, 0, -1]);
  });
});

describe.skipIf(!existsSync(SHARED))("axes of shared files", () => {
  it("finds the axioms and sources of the set made like LITMUS", async () => {
    const { card } = await openDataset(join(SHARED, "curated", "litmus-like.jsonl"), {});
    expect(card.axes?.map((a) => [a.name, a.classes.length])).toEqual([
      ["axiom", 7],
      ["source", 4],
    ]);
  });
});
