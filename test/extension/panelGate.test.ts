import { describe, expect, it } from "vitest";
import { Allowance, gate, type PanelHandlers } from "../../src/extension/panelGate.js";
import { newNonce, panelHtml } from "../../src/extension/panelHtml.js";

const calls: string[] = [];
const record = (name: string) => (params: unknown) => {
  calls.push(`${name} ${JSON.stringify(params)}`);
  return null as never;
};
const names = [
  "panel.ready",
  "rows.text",
  "rows.find",
  "row.open",
  "run.cancel",
  "run.again",
  "run.export",
  "about.open",
  "skipped.open",
  "tower.pick",
  "model.pick",
  "columns.change",
] as const;
const handlers = Object.fromEntries(names.map((n) => [n, record(n)])) as unknown as PanelHandlers;
const signal = new AbortController().signal;

describe("the gate before the panel's handlers", () => {
  it("passes on what has the declared shape, and nothing else", () => {
    const refused: string[] = [];
    const gated = gate(handlers, (reason) => refused.push(reason)) as unknown as Record<string, (p: unknown, s: AbortSignal) => unknown>;
    calls.length = 0;
    gated["row.open"]!({ row: 3, keepFocus: true }, signal);
    gated["rows.text"]!({ rows: [1, 2] }, signal);
    expect(calls).toEqual(['row.open {"row":3,"keepFocus":true}', 'rows.text {"rows":[1,2]}']);
    const bad: [string, unknown][] = [
      ["row.open", { row: "/etc/passwd", keepFocus: true }],
      ["row.open", { row: -1, keepFocus: true }],
      ["row.open", { row: 1, keepFocus: true, path: "/etc/passwd" }],
      ["row.open", null],
      ["rows.text", { rows: Array.from({ length: 201 }, (_, i) => i) }],
      ["rows.text", { rows: [1.5] }],
      ["rows.find", { words: Array(9).fill("a") }],
      ["rows.find", { words: ["x".repeat(201)] }],
      ["rows.find", { words: [""] }],
      ["rows.find", { words: [7] }],
      ["run.export", { format: "exe", withText: false }],
      ["run.export", { format: "svg", withText: false, svgs: { a: 1 } }],
      ["panel.ready", JSON.parse('{"__proto__": 1}')],
      ["run.cancel", { all: true }],
    ];
    for (const [method, params] of bad)
      expect(() => gated[method]!(params, signal), `${method} ${JSON.stringify(params)?.slice(0, 60)}`).toThrow("not allowed");
    expect(calls).toHaveLength(2);
    expect(refused).toHaveLength(bad.length);
  });

  it("lets through as many as a person can cause, and again later", () => {
    let now = 0;
    const gated = gate(handlers, () => {}, new Allowance(10, 20, () => now));
    const ask = () => gated["run.cancel"]({}, signal);
    for (let i = 0; i < 20; i++) ask();
    expect(ask).toThrow("too many");
    now = 1000;
    for (let i = 0; i < 10; i++) ask();
    expect(ask).toThrow("too many");
  });
});

describe("the panel's page", () => {
  it("allows its own script by nonce and nothing inline or from elsewhere", () => {
    const html = panelHtml(
      { script: "vscode-webview://x/dist/webview.js", styles: ["vscode-webview://x/media/webview.css"], cspSource: "vscode-webview://x" },
      "NONCE",
    );
    const csp = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]?.replace(/&#39;/g, "'");
    expect(csp).toBe(
      "default-src 'none'; script-src 'nonce-NONCE'; style-src vscode-webview://x; img-src vscode-webview://x data:; font-src vscode-webview://x",
    );
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/unsafe-|https?:|<style|style=|onload=/);
  });

  it("a strange address cannot leave its attribute", () => {
    const html = panelHtml({ script: `x"><script>alert(1)</script>`, styles: [`y" onload="z`], cspSource: "s" }, "N");
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain('onload="z');
  });

  it("nonces are long and differ", () => {
    const made = new Set(Array.from({ length: 100 }, newNonce));
    expect(made.size).toBe(100);
    expect([...made].every((n) => /^[\w-]{24}$/.test(n))).toBe(true);
  });
});
