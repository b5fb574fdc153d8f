import { describe, expect, it } from "vitest";
import { outcome, scratch } from "./files.js";
import { answersLead, readsAgain } from "./reads-again.js";
import { ANSWERS } from "./shapes-answers.js";
import { DOCUMENTS } from "./shapes-json.js";
import { TABLES } from "./shapes-tables.js";

const files = scratch();
const SHAPES = [...TABLES, ...DOCUMENTS, ...ANSWERS];

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
