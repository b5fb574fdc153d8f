import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChatTemplate } from "../../../src/engine/text/template/find.js";
import { findTemplate } from "../../../src/engine/text/template/find.js";
import type { Rendered, Turn, Wanted } from "../../../src/engine/text/template/messages.js";
import { renderBatch } from "../../../src/engine/text/template/render.js";
import { BATCH_MS, renderAll } from "../../../src/engine/text/template/renderer.js";
import { openTokenizer } from "../../../src/engine/text/tokenizer.js";
import { ProblemError } from "../../../src/protocol/index.js";

interface Case {
  readonly messages: Turn[];
  readonly generation: boolean;
  readonly text: string | null;
  readonly ids?: number[];
}
interface Golden {
  readonly families: { name: string; template: string; tokens: Record<string, string>; cases: Case[] }[];
  readonly smollm2: Case[];
}

const GOLDEN: Golden = JSON.parse(readFileSync(join(import.meta.dirname, "golden", "templates.json"), "utf8"));
const SMOLLM2 = resolve(import.meta.dirname, "../../../../shared/models/SmolLM2-135M-Instruct");
const folder = mkdtempSync(join(tmpdir(), "layerscope-template-"));
const program = join(folder, "templates.js");

beforeAll(() => build({ entryPoints: [resolve("src/engine/text/template/child.ts")], outfile: program, bundle: true, platform: "node", format: "cjs" }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const made = (source: string, tokens: Record<string, string> = {}): ChatTemplate => ({ source, file: "chat_template.jinja", sha256: "", tokens });
const says = (content: string): Wanted => ({ messages: [{ role: "user", content }], generation: true });
const textOf = (one: Rendered | undefined) => (one && "text" in one ? one.text : undefined);
const render = (template: string, rows: readonly Wanted[], tokens: Record<string, string> = {}) => {
  const answer = renderBatch({ template, tokens, rows });
  if ("failed" in answer) throw new Error(answer.failed);
  return answer.rows;
};

describe("chat templates in the manner of model families", () => {
  it.each(GOLDEN.families.map((family) => [family.name, family] as const))("%s: the text that transformers makes", (_, { template, tokens, cases }) => {
    const rows = render(template, cases, tokens);
    cases.forEach((one, i) => {
      if (one.text !== null) expect(textOf(rows[i]), `case ${i}`).toBe(one.text);
    });
    // The place of the last words is where they stand, trimmed or not; what a template takes out of them is gone.
    cases.forEach(({ messages, text }, i) => {
      const row = rows[i];
      if (text === null || !row || !("text" in row)) return;
      const words = messages.at(-1)!.content;
      expect(row.last, `case ${i}`).toBeDefined();
      const found = row.text.slice(...row.last!);
      expect(words.trim().endsWith(found.trim()), `case ${i}: ${JSON.stringify(found)}`).toBe(true);
      if (!words.includes("think")) expect(found.trim()).toBe(words.trim());
    });
  });

  it("puts the system's words in front of the user's where a template has no system role", () => {
    const gemma = GOLDEN.families.find(({ name }) => name === "gemma")!;
    const [row] = render(gemma.template, [gemma.cases[1]!], gemma.tokens);
    expect(textOf(row)).toBe("<s><start_of_turn>user\nYou are kind.\n\nHow do I bake bread?<end_of_turn>\n<start_of_turn>model\n");
  });

  it("names a template's own reason for refusing, and never words that a row brought", () => {
    const alternate = GOLDEN.families.find(({ name }) => name === "llama2")!;
    const twice = [
      { role: "user", content: "a" },
      { role: "user", content: "b" },
    ];
    expect(render(alternate.template, [{ messages: twice, generation: true }], alternate.tokens)).toEqual([
      { refused: "Turns have to alternate: user, assistant, user" },
    ]);
    expect(render("{{ raise_exception('no: ' + messages[0].content) }}", [says("secret words")])).toEqual([{ refused: "" }]);
  });

  it("gives no date of today", () => {
    expect(textOf(render("{{ strftime_now('%d %b %Y') }}", [says("a")])[0])).toBe("26 Jul 2024");
    const own = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}its own day{% endif %}";
    expect(textOf(render(own, [says("a")])[0])).toBe("its own day");
  });
});

describe("the process that renders templates", () => {
  const all = (source: string, rows: readonly Wanted[], signal?: AbortSignal) => renderAll(made(source), rows, signal, program);
  const failure = async (source: string, rows: readonly Wanted[] = [says("a")]) => {
    try {
      await all(source, rows);
    } catch (error) {
      if (error instanceof ProblemError) return error.problem;
      throw error;
    }
    throw new Error("it did not fail");
  };

  it("renders more rows than one batch, in order", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => says(`word ${i}`));
    const rendered = await all("<{{ messages[0].content }}>", rows);
    expect(rendered.map(textOf)).toEqual(rows.map((row) => `<${row.messages[0]!.content}>`));
    expect(rendered[7]).toMatchObject({ last: [1, 7] });
  });

  it.each<[string, string, RegExp]>([
    ["loops a billion times", "{% for i in range(1000000000) %}{% for j in range(1000000000) %}x{% endfor %}{% endfor %}", /characters or turns of its own/],
    [
      "loops without memory",
      "{% set ns = namespace(n=0) %}{% for i in range(30000) %}{% for j in range(30000) %}{% set ns.n = ns.n + 1 %}{% endfor %}{% endfor %}",
      /longer than 2 seconds/,
    ],
    [
      "fills the memory",
      "{% set ns = namespace(a=['xxxxxxxxxxxxxxxx']) %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
      /memory|too deeply|longer than 2/,
    ],
    [
      "doubles a text",
      "{% set ns = namespace(a='xxxxxxxxxxxxxxxx') %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}{{ ns.a }}",
      /memory|too long|of its own|longer than 2/,
    ],
    ["calls itself for ever", "{% macro f(g) %}{{ g(g) }}{% endmacro %}{{ f(f) }}", /too deeply|memory|longer than 2/],
    ["writes a long text", `{% for i in range(200) %}{{ '${"y".repeat(1000)}' }}{% endfor %}`, /characters or turns of its own/],
    ["is no template", "{% for m in messages %}{{ m.content }", /not a valid Jinja template/],
    ["is nested deeply", `${"{% if true %}".repeat(20_000)}x${"{% endif %}".repeat(20_000)}`, /valid Jinja template|too deeply|memory|longer than 2/],
  ])("a template that %s ends in one sentence", async (_, source, reason) => {
    const began = performance.now();
    const problem = await failure(source);
    expect(problem.code).toBe("template/bad");
    expect(problem.message).toMatch(reason);
    expect(problem.message).toMatch(/^The chat template in chat_template\.jinja cannot be used: .*\.$/);
    expect(performance.now() - began).toBeLessThan(3 * (BATCH_MS + 2_000));
  });

  it.each([
    "{{ messages.constructor }}",
    "{{ ''.constructor.constructor('return process')() }}",
    "{{ messages[0].__proto__.x }}",
    "{{ messages[0]['constructor']['constructor'] }}",
    "{{ range.constructor('return process')().exit() }}",
  ])("%s reaches nothing", async (source) => {
    const [row] = await all(source, [says("a")]);
    expect(row && ("refused" in row || !/function|object|process/i.test(row.text))).toBe(true);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("is ended by a cancel", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const began = performance.now();
    await expect(all("{% for i in range(30000) %}{% for j in range(30000) %}{% endfor %}{% endfor %}", [says("a")], stop.signal)).rejects.toMatchObject({
      problem: { code: "run/cancelled" },
    });
    expect(performance.now() - began).toBeLessThan(1_800);
  });
});

describe("where a template is found", () => {
  const inFolder = (files: Record<string, unknown>) => {
    const own = mkdtempSync(join(folder, "model-"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(own, name), typeof content === "string" ? content : JSON.stringify(content));
    return findTemplate(own);
  };

  it("in a file of its own, in tokenizer_config.json, in chat_template.json, in that order", async () => {
    expect(
      (await inFolder({ "chat_template.jinja": "A", "tokenizer_config.json": { chat_template: "B" }, "chat_template.json": { chat_template: "C" } }))?.source,
    ).toBe("A");
    expect((await inFolder({ "tokenizer_config.json": { chat_template: "B" }, "chat_template.json": { chat_template: "C" } }))?.source).toBe("B");
    expect((await inFolder({ "tokenizer_config.json": {}, "chat_template.json": { chat_template: "C" } }))?.source).toBe("C");
    expect(await inFolder({ "tokenizer_config.json": { chat_template: null } })).toBeUndefined();
    expect(await inFolder({})).toBeUndefined();
  });

  it("among named ones under default", async () => {
    const list = [
      { name: "tool_use", template: "T" },
      { name: "default", template: "D" },
    ];
    expect((await inFolder({ "tokenizer_config.json": { chat_template: list } }))?.source).toBe("D");
    expect((await inFolder({ "tokenizer_config.json": { chat_template: [{ name: "tool_use", template: "T" }] } }))?.source).toBeUndefined();
  });

  it("with its special tokens, written as text or as objects", async () => {
    const config = { chat_template: "x", bos_token: "<s>", eos_token: { content: "</s>", lstrip: false }, pad_token: null };
    const found = await inFolder({ "tokenizer_config.json": config, "special_tokens_map.json": { unk_token: "<unk>", bos_token: "other" } });
    expect(found?.tokens).toEqual({ bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" });
    expect(found?.sha256).toHaveLength(64);
  });

  it("and refused when it is too large or no JSON", async () => {
    await expect(inFolder({ "chat_template.jinja": "x".repeat(300_000) })).rejects.toMatchObject({ problem: { code: "template/bad" } });
    await expect(inFolder({ "tokenizer_config.json": "{" })).rejects.toMatchObject({ problem: { code: "template/bad" } });
  });
});

describe.skipIf(!existsSync(SMOLLM2))("SmolLM2's own template", () => {
  it("gives transformers' text and ids, without a second first token", async () => {
    const template = (await findTemplate(SMOLLM2))!;
    const rendered = await renderAll(template, GOLDEN.smollm2, undefined, program);
    expect(rendered.map(textOf)).toEqual(GOLDEN.smollm2.map((one) => one.text));
    const tokenizer = await openTokenizer(join(SMOLLM2, "tokenizer.json"));
    const encoded = await tokenizer.encodeShown(
      rendered.map((one) => ({ text: textOf(one)!, special: false })),
      512,
    );
    expect(encoded.map((one) => one.ids)).toEqual(GOLDEN.smollm2.map((one) => one.ids));
  });
});
