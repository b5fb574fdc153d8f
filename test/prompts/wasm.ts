import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openFinder } from "../../src/prompts/index.js";
import type { PromptFinder } from "../../src/protocol/index.js";

const MODULES = resolve(import.meta.dirname, "../../node_modules");

/** The finder on the grammars as they are installed, so that no build is needed first. */
export async function finderHere(): Promise<{ finder: PromptFinder; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-wasm-"));
  for (const file of [
    "web-tree-sitter/web-tree-sitter.wasm",
    "tree-sitter-python/tree-sitter-python.wasm",
    "tree-sitter-typescript/tree-sitter-typescript.wasm",
    "tree-sitter-typescript/tree-sitter-tsx.wasm",
    "tree-sitter-javascript/tree-sitter-javascript.wasm",
  ])
    copyFileSync(join(MODULES, file), join(folder, file.slice(file.indexOf("/") + 1)));
  return { finder: await openFinder(folder), close: () => rmSync(folder, { recursive: true, force: true }) };
}
