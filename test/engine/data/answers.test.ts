import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { groupRows } from "../../../src/engine/audit/groups.js";
import type { Dataset } from "../../../src/engine/data/dataset.js";
import { openDataset } from "../../../src/engine/data/index.js";
import { readTranscript } from "../../../src/engine/data/transcript.js";
import { jsonl, question, SHARED, scratch } from "./files.js";
import { answersLead, readsAgain } from "./reads-again.js";

const { write } = scratch();
const ask = (i: number) => `What is to be done about matter number ${i}, please?`;
const no = (i: number) => `No, I would rather not, for reason ${i}.`;
const yes = (i: number) => `Yes: do it in this way, step ${i}.`;
const many = (n: number, make: (i: number) => object) => jsonl(Array.from({ length: n }, (_, i) => make(i)));
const AS_SAFETY = { expandAnswers: true, safe: ["chosen"], unsafe: ["rejected"] };

/** The answer that a row's range marks. */
const marked = ({ rows }: Dataset, i: number) => rows[i]?.completion && rows[i].text.slice(...rows[i].completion);
const pairedness = ({ rows }: Dataset) =>
  groupRows(
    rows.map((row) => row.text),
    rows.map((row) => row.group),
    Uint8Array.from(rows, (row) => row.label),
    0,
  ).paired;

describe("preference pairs", () => {
  it("of transcripts are conversations whose last turn is the answer", async () => {
    const turn = (i: number, answer: string) => `\n\nHuman: Hello.\n\nAssistant: Hi, Human: you are?\n\nHuman: ${ask(i)}\n\nAssistant: ${answer}`;
    const path = write(
      "hh.jsonl",
      many(20, (i) => ({ chosen: turn(i, no(i)), rejected: turn(i, yes(i)) })),
    );
    const asked = await question(path);
    expect(asked.code).toBe("data/answers");
    expect(asked.choices.map((c) => c.flags)).toEqual([
      "--unsafe rejected --safe chosen --expand-answers",
      "--unsafe chosen --safe rejected --expand-answers",
      "--unsafe chosen --safe rejected --concept --expand-answers",
    ]);
    // To expand them says what is a row, not what is safe.
    expect((await question(path, { expandAnswers: true })).code).toBe("data/answers");
    const data = await openDataset(path, AS_SAFETY);
    expect(data.rows).toHaveLength(40);
    expect(marked(data, 0)).toBe(no(0));
    expect(marked(data, 7)).toBe(yes(3));
    expect(data.rows[0]?.messages).toEqual([
      { role: "user", content: "Hello." },
      { role: "assistant", content: "Hi, Human: you are?" },
      { role: "user", content: ask(0) },
      { role: "assistant", content: no(0) },
    ]);
    expect(data.rows[0]?.group).toBe(data.rows[1]?.group);
    expect(data.rows[2]?.group).not.toBe(data.rows[1]?.group);
    expect(pairedness(data)).toBe(true);
    const concept = await openDataset(path, { expandAnswers: true, concept: true });
    expect([concept.card.kind, concept.card.classes.map((c) => c.name)]).toEqual(["concept", ["chosen", "rejected"]]);
    await readsAgain(path, AS_SAFETY);
    await answersLead(path);
  });

  it("of one prompt in several records are one group, and still paired", async () => {
    const path = write(
      "dpo.jsonl",
      many(24, (i) => ({ prompt: ask(i % 12), chosen: no(i), rejected: yes(i) })),
    );
    const data = await openDataset(path, AS_SAFETY);
    expect(new Set(data.rows.map((row) => row.group)).size).toBe(12);
    expect(data.rows[0]?.text).toBe(`${ask(0)}\n\n${no(0)}`);
    expect(marked(data, 1)).toBe(yes(0));
    expect(data.rows[0]?.messages).toBeUndefined();
    expect(pairedness(data)).toBe(true);
  });

  it.each([
    [
      "messages with the prompt in them",
      (i: number, a: string) => [
        { role: "user", content: ask(i) },
        { role: "assistant", content: a },
      ],
      false,
    ],
    ["messages behind a prompt of messages", (_: number, a: string) => [{ role: "assistant", content: a }], true],
  ])("of %s keep the conversation", async (_, answer, apart) => {
    const path = write(
      "messages.jsonl",
      many(20, (i) => ({
        ...(apart
          ? {
              prompt: [
                { role: "system", content: "Be kind." },
                { role: "user", content: ask(i) },
              ],
            }
          : {}),
        chosen: answer(i, no(i)),
        rejected: answer(i, yes(i)),
      })),
    );
    const data = await openDataset(path, AS_SAFETY);
    expect(marked(data, 5)).toBe(yes(2));
    expect(data.rows[5]?.messages?.map((m) => m.role)).toEqual([...(apart ? ["system"] : []), "user", "assistant"]);
    expect(data.rows[5]?.text).toBe(`${ask(2)}\n\n${yes(2)}`);
    expect(pairedness(data)).toBe(true);
  });

  it("with a flag each are safe or not by it; what is only preferred is a concept beside", async () => {
    const path = write(
      "pku.jsonl",
      many(40, (i) => ({
        prompt: ask(i),
        response_0: no(i),
        response_1: yes(i),
        is_response_0_safe: true,
        is_response_1_safe: i % 4 === 0,
        response_0_severity_level: i % 2,
        response_1_severity_level: 2 + (i % 2),
        response_0_harm_category: { fraud: false, war: i % 3 === 0 },
        response_1_harm_category: { fraud: i % 2 === 0, war: false },
        better_response_id: i % 2,
        safer_response_id: 0,
      })),
    );
    const asked = await question(path);
    expect(asked.choices.map((c) => c.flags)).toEqual([
      "--expand-answers",
      "--label better_response_id --unsafe better --safe other --concept --expand-answers",
      "--label safer_response_id --unsafe safer --safe other --concept --expand-answers",
    ]);
    const data = await openDataset(path, { expandAnswers: true });
    expect(data.rows.map((row) => row.label).slice(0, 8)).toEqual([0, 0, 0, 1, 0, 1, 0, 1]);
    expect(data.card.axes?.map((a) => a.name)).toEqual(["response_severity_level", "response_harm_category.war", "response_harm_category.fraud"]);
    expect(data.rows[3]?.axes).toEqual({ response_severity_level: "3", "response_harm_category.fraud": "false", "response_harm_category.war": "false" });
    const better = await openDataset(path, asked.choices[1]?.options ?? {});
    expect(better.card.classes.map((c) => c.name)).toEqual(["other", "better"]);
    expect(better.rows.slice(0, 4).map((row) => row.label)).toEqual([1, 0, 0, 1]);
    expect(pairedness(better)).toBe(true);
    await answersLead(path);
  });

  it("with nothing but a winner are asked about; a tie is left out and counted", async () => {
    const path = write(
      "arena.jsonl",
      many(30, (i) => ({
        conversation_a: [
          { role: "user", content: ask(i) },
          { role: "assistant", content: no(i) },
        ],
        conversation_b: [
          { role: "user", content: ask(i) },
          { role: "assistant", content: yes(i) },
        ],
        winner: i % 10 === 9 ? "tie" : i % 2 ? "model_a" : "model_b",
      })),
    );
    const asked = await question(path);
    expect(asked.choices[2]?.flags).toBe("--label winner --unsafe preferred --safe other --concept --expand-answers");
    const data = await openDataset(path, asked.choices[2]?.options ?? {});
    expect(data.card.used).toBe(54);
    expect(data.card.skipped).toMatchObject([{ reason: "no-label", count: 6 }]);
    expect(marked(data, 1)).toBe(yes(0));
    expect(data.rows[1]?.label).toBe(1);
    await answersLead(path);
  });

  it("without an answer on one side lose that row only", async () => {
    const path = write(
      "gaps.jsonl",
      many(20, (i) => ({ prompt: ask(i), chosen: i === 3 ? "" : no(i), rejected: i === 4 ? null : yes(i) })),
    );
    const { card } = await openDataset(path, AS_SAFETY);
    expect([card.used, card.skipped[0]?.count]).toEqual([38, 2]);
  });
});

describe("answers with their prompts", () => {
  it("are marked in the text; KTO's too", async () => {
    const path = write(
      "kto.jsonl",
      many(20, (i) => ({ prompt: ask(i), completion: i % 2 ? no(i) : yes(i), label: i % 2 === 1 })),
    );
    const data = await openDataset(path, { label: "label", expandAnswers: true, safe: ["true"], unsafe: ["false"] });
    expect(marked(data, 2)).toBe(yes(2));
    expect(data.rows[2]?.text.startsWith(ask(2))).toBe(true);
  });

  it("of a chat are its last turn, when the answers are what is judged", async () => {
    const path = write(
      "chat.jsonl",
      many(20, (i) => ({
        messages: [
          { role: "system", content: "Be kind." },
          { role: "user", content: ask(i) },
          { role: "assistant", content: i % 2 ? no(i) : yes(i) },
        ],
        label: i % 2 ? "safe" : "unsafe",
      })),
    );
    const prompts = await openDataset(path, {});
    expect(prompts.rows[1]?.text).toBe(ask(1));
    expect(prompts.rows[1]?.messages?.map((m) => m.role)).toEqual(["system", "user"]);
    const answers = await openDataset(path, { label: "label", expandAnswers: true });
    expect(marked(answers, 1)).toBe(no(1));
    expect(answers.rows[1]?.messages).toHaveLength(3);
  });

  it("take the label that stands beside a conversation or an answer, named or not", async () => {
    const chat = (i: number) => ({
      conversations: [
        { from: "human", value: ask(i) },
        { from: "gpt", value: i % 2 ? no(i) : yes(i) },
      ],
      label: i % 2 ? "safe" : "unsafe",
    });
    const path = write("sharegpt-label.jsonl", jsonl(Array.from({ length: 24 }, (_, i) => chat(i))));
    const found = await openDataset(path, { expandAnswers: true });
    expect(found.card.options).toMatchObject({ label: "label", expandAnswers: true });
    expect(found.rows).toHaveLength(24);
    expect(marked(found, 1)).toBe(no(1));
    expect(found.rows).toEqual((await openDataset(path, { label: "label", expandAnswers: true })).rows);
    const single = write(
      "single-label.jsonl",
      jsonl(Array.from({ length: 24 }, (_, i) => ({ prompt: ask(i), response: yes(i), label: i % 2 ? "safe" : "unsafe" }))),
    );
    expect(marked(await openDataset(single, { expandAnswers: true }), 3)).toBe(yes(3));
  });

  it("keep their place where a text holds half of a surrogate pair", async () => {
    const path = write(
      "torn.jsonl",
      Array.from({ length: 12 }, (_, i) => `{"prompt":"${ask(i)} \\ud83d","completion":"😀 ${yes(i)}","label":"${i % 2 ? "safe" : "unsafe"}"}`).join("\n"),
    );
    const data = await openDataset(path, { label: "label", expandAnswers: true });
    expect(marked(data, 2)).toBe(`😀 ${yes(2)}`);
  });
});

describe("a transcript", () => {
  it.each([
    ["\n\nHuman: a\n\nAssistant: b", "user:a|assistant:b"],
    ["Human: a\nb\n\nAssistant:b", "user:a\nb|assistant:b"],
    ["User: a\nAssistant: b\nUser: c", "user:a|assistant:b|user:c"],
    ["System: s\n\nHuman: a\n\nAssistant: b", "system:s|user:a|assistant:b"],
    ["\n\nHuman: a\n\nAssistant: I say:\nHuman: no", "user:a|assistant:I say:\nHuman: no"],
    ["\n\nHuman: a\n\nAssistant: ", "user:a|assistant:"],
  ])("%j has the turns %j", (text, turns) => {
    expect(
      readTranscript(text)
        ?.messages.map((m) => `${m.role}:${m.content}`)
        .join("|"),
    ).toBe(turns);
  });

  it.each(["Human: all alone", "A text.\n\nHuman: a\n\nAssistant: b", "Human: a\n\nHuman: b", "", "Assistant: only"])("%j is none", (text) => {
    expect(readTranscript(text)).toBeUndefined();
  });
});

describe.skipIf(!existsSync(SHARED))("shared files of answers", () => {
  it.each(["hh-chosen-rejected.jsonl", "dpo.jsonl", "dpo-messages.jsonl"])("%s is paired, its answers marked", async (file) => {
    const data = await openDataset(join(SHARED, "messy", file), AS_SAFETY);
    expect(data.rows).toHaveLength(40);
    expect(data.rows.every((row) => row.completion && row.text.slice(...row.completion).length > 10)).toBe(true);
    expect(pairedness(data)).toBe(true);
  });
});
