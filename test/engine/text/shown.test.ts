import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeRows, showRows, withWords } from "../../../src/engine/text/shown.js";
import { renderAll } from "../../../src/engine/text/template/renderer.js";
import type { Encoded, Tokenizer } from "../../../src/engine/text/tokenizer.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-shown-"));
const program = join(folder, "templates.js");
beforeAll(() => build({ entryPoints: [resolve("src/engine/text/template/child.ts")], outfile: program, bundle: true, platform: "node", format: "cjs" }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const render: typeof renderAll = (template, rows, signal) => renderAll(template, rows, signal, program);
const model = (template?: string) => {
  const own = mkdtempSync(join(folder, "model-"));
  if (template !== undefined) writeFileSync(join(own, "chat_template.jinja"), template);
  return own;
};
const PLAIN = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
const chat = (question: string, answer?: string) => ({
  text: answer ? `${question}\n\n${answer}` : question,
  ...(answer ? { completion: [question.length + 2, question.length + 2 + answer.length] as const } : {}),
  messages: [{ role: "user", content: question }, ...(answer ? [{ role: "assistant", content: answer }] : [])],
});
const plain = (text: string) => ({ text });
const codes = (notices: readonly { code: string }[]) => notices.map((notice) => notice.code);

describe("what the model is shown", () => {
  it("is a conversation as its template writes it; who is to speak next is told so", async () => {
    const shown = await showRows([chat("one"), chat("two")], model(PLAIN), {}, undefined, render);
    expect(shown.of(1)).toEqual({ text: "<user>two<assistant>", special: false, words: [6, 9] });
    expect(shown.chatTemplate).toMatch(/^[0-9a-f]{64}$/);
    expect([shown.tokenSet, codes(shown.notices)]).toEqual(["all", ["template/used"]]);
  });

  it("pools the answers where every row has one", async () => {
    const rows = [chat("one", "yes"), chat("two", "no")];
    const shown = await showRows(rows, model(PLAIN), {}, undefined, render);
    expect([shown.tokenSet, shown.of(1)]).toEqual(["completion", { text: "<user>two<assistant>no", special: false, words: [20, 22], pooled: [20, 22] }]);
    const all = await showRows(rows, model(PLAIN), { tokens: "all" }, undefined, render);
    expect([all.tokenSet, all.of(1)]).toEqual(["all", { text: "<user>two<assistant>no", special: false, words: [20, 22] }]);
    const off = await showRows(rows, model(PLAIN), { chat: "off" }, undefined, render);
    expect([off.chatTemplate, off.of(1)]).toEqual(["none", { text: "two\n\nno", special: true, pooled: [5, 7] }]);
  });

  it("pools all tokens where only some rows have an answer, and says so", async () => {
    const shown = await showRows([chat("one", "yes"), chat("two")], model(PLAIN), { chat: "off" });
    expect([shown.tokenSet, codes(shown.notices), shown.of(0)?.pooled]).toEqual(["all", ["tokens/mixed"], undefined]);
    await expect(showRows([chat("one", "yes"), chat("two")], model(), { tokens: "completion" })).rejects.toMatchObject({
      problem: { code: "tokens/no-completion" },
    });
    await expect(showRows([chat("two")], model(), { tokens: "completion" })).rejects.toMatchObject({ problem: { code: "tokens/no-completion" } });
  });

  it("keeps what stands around a row's words when they are changed", async () => {
    const louder = (words: string) => `${words.toUpperCase()}!`;
    const rendered = await showRows([chat("one")], model(PLAIN), {}, undefined, render);
    expect(withWords(rendered.of(0)!, louder)).toEqual({ text: "<user>ONE!<assistant>", special: false });
    expect(withWords({ text: "two\n\nno", special: true, pooled: [5, 7] }, louder)).toEqual({ text: "two\n\nNO!", special: true, pooled: [5, 8] });
    expect(withWords({ text: "one", special: true }, louder)).toEqual({ text: "ONE!", special: true });
  });

  it("is a plain prompt as it is, unless asked for: then it is a user's turn", async () => {
    const rows = [plain("one"), { text: "two\n\nno", completion: [5, 7] as const }];
    expect((await showRows(rows, model(PLAIN), {}, undefined, render)).of(0)).toEqual({ text: "one", special: true });
    const on = await showRows(rows, model(PLAIN), { chat: "on" }, undefined, render);
    expect([on.of(0)?.text, on.of(1)?.text]).toEqual(["<user>one<assistant>", "<user>two<assistant>no"]);
  });

  it("has one format for all rows, whichever file they came from", async () => {
    const shown = await showRows([chat("one"), plain("two")], model(PLAIN), {}, undefined, render);
    expect(shown.of(1)?.text).toBe("<user>two<assistant>");
  });

  it("is plain text where the model has no template; asked for, that is refused", async () => {
    const shown = await showRows([chat("one")], model(), {});
    expect([shown.of(0), shown.chatTemplate, codes(shown.notices)]).toEqual([{ text: "one", special: true }, "none", ["template/none"]]);
    await expect(showRows([plain("one")], model(), { chat: "on" })).rejects.toMatchObject({ problem: { code: "template/missing" } });
  });

  it.each([
    ["is no template", "{% if %}"],
    ["never ends", "{% for i in range(30000) %}{% for j in range(30000) %}{% endfor %}{% endfor %}"],
    ["refuses everybody", "{{ raise_exception('not today') }}"],
  ])("is plain text, with one sentence, where the template %s; asked for, that ends the run", async (_, source) => {
    const own = model(source);
    const shown = await showRows([chat("one")], own, {}, undefined, render);
    expect([shown.of(0), shown.chatTemplate, codes(shown.notices)]).toEqual([{ text: "one", special: true }, "none", ["template/bad"]]);
    expect(shown.notices[0]?.message).toMatch(/^The chat template in chat_template\.jinja cannot be used: .*\. Conversations are read as plain text\.$/);
    await expect(showRows([plain("one")], own, { chat: "on" }, undefined, render)).rejects.toMatchObject({ problem: { code: "template/bad" } });
  });

  it("leaves out the few conversations that a template refuses, counted", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => chat(i === 4 ? "bad" : `row ${i}`));
    const source = `{% if messages[0].content == 'bad' %}{{ raise_exception('no such words') }}{% endif %}${PLAIN}`;
    const shown = await showRows(rows, model(source), {}, undefined, render);
    expect(shown.of(4)).toBeUndefined();
    expect(shown.notices[0]?.message).toBe('The model\'s chat template refuses 1 of 30 conversations ("no such words"); they are left out.');
    const asked: string[] = [];
    const tokenizer: Tokenizer = {
      encode: () => Promise.reject(new Error("not asked")),
      encodeShown: async (some): Promise<Encoded[]> => {
        asked.push(...some.map((row) => row.text));
        return some.map((row) => ({ ids: [row.text.length], truncated: false }));
      },
    };
    const encoded = await encodeRows(tokenizer, shown, [3, 4, 5], 16);
    expect(encoded).toEqual([
      { ids: [22], truncated: false },
      { ids: [], truncated: false, problem: "refused" },
      { ids: [22], truncated: false },
    ]);
    expect(asked).toHaveLength(2);
  });
});
