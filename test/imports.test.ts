import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

interface Rule {
  /** Parts of src that may be imported, besides its own. */
  readonly parts: readonly string[];
  readonly packages: (name: string, file: string) => boolean;
}

const isNode = (name: string) => name.startsWith("node:");
const RULES: Readonly<Record<string, Rule>> = {
  protocol: { parts: [], packages: () => false },
  engine: {
    parts: ["protocol"],
    packages: (name, file) =>
      isNode(name) ||
      (name === "onnxruntime-node" ? file === "engine/model/runtime.ts" : ["@huggingface/tokenizers", "hyparquet", "hyparquet-compressors"].includes(name)),
  },
  cli: { parts: ["protocol", "engine"], packages: isNode },
  extension: { parts: ["protocol"], packages: (name) => isNode(name) || name === "vscode" },
  webview: {
    parts: ["protocol"],
    packages: (name, file) => name === "d3" || (name.startsWith("@vscode/webview-ui-toolkit") && file === "webview/controls.ts"),
  },
};

/** What is wrong with one file's imports. */
function breaches(part: string, file: string, source: string): string[] {
  const wrong: string[] = [];
  // The compiler's own reader of imports: quotes inside texts and comments are none.
  for (const { fileName: target } of ts.preProcessFile(source, true, true).importedFiles) {
    if (target.startsWith(".")) {
      const [into] = relative(SRC, resolve(SRC, dirname(file), target)).split(/[\\/]/);
      if (into !== part && !RULES[part].parts.includes(into)) wrong.push(`${file} imports ${target}`);
    } else if (!RULES[part].packages(target, file)) wrong.push(`${file} imports ${target}`);
  }
  return wrong;
}

function* files(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (/\.m?ts$/.test(name)) yield path;
  }
}

describe("who may import whom (docs/architecture.md)", () => {
  for (const part of Object.keys(RULES)) {
    it(`${part} keeps to its rule`, () => {
      const all = [...files(join(SRC, part))];
      expect(all.length).toBeGreaterThan(0);
      expect(all.flatMap((path) => breaches(part, relative(SRC, path).replaceAll("\\", "/"), readFileSync(path, "utf8")))).toEqual([]);
    });
  }

  it("names a breach of every kind", () => {
    expect(breaches("extension", "extension/x.ts", 'import { Engine } from "../engine/engine.js";')).toHaveLength(1);
    expect(breaches("extension", "extension/x.ts", 'import type { InferenceSession } from "onnxruntime-node";')).toHaveLength(1);
    expect(breaches("engine", "engine/run.ts", 'const ort = await import("onnxruntime-node");')).toHaveLength(1);
    expect(breaches("engine", "engine/run.ts", 'import * as vscode from "vscode";')).toHaveLength(1);
    expect(breaches("webview", "webview/x.ts", 'import { readFile } from "node:fs";')).toHaveLength(1);
    expect(breaches("webview", "webview/views/x.ts", 'import { vsCodeButton } from "@vscode/webview-ui-toolkit";')).toHaveLength(1);
    expect(breaches("protocol", "protocol/x.ts", 'export * from "../engine/errors.js";')).toHaveLength(1);
  });
});

describe("what is inside a bundle", () => {
  const meta = join(ROOT, "dist", "meta.json");
  it.skipIf(!existsSync(meta))("the extension holds neither the runtime nor D3, and stays small", () => {
    const bundles = JSON.parse(readFileSync(meta, "utf8")) as Record<string, { bytes: number; inputs: string[] }>;
    const extension = bundles["dist/extension.js"];
    expect(extension.bytes).toBeLessThanOrEqual(300_000);
    expect(extension.inputs.filter((input) => /node_modules|src\/(engine|webview)/.test(input))).toEqual([]);
    expect(readFileSync(join(ROOT, "dist/extension.js"), "utf8")).not.toContain('require("onnxruntime-node")');
  });
});
