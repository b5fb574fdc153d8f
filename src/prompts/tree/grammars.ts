import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Language, Parser } from "web-tree-sitter";
import { parserMissing } from "../errors.js";

/** Languages that a grammar reads, and the file of each beside the bundle. */
export const GRAMMARS = {
  python: "tree-sitter-python.wasm",
  typescript: "tree-sitter-typescript.wasm",
  tsx: "tree-sitter-tsx.wasm",
  javascript: "tree-sitter-javascript.wasm",
} as const;
export type GrammarName = keyof typeof GRAMMARS;

export const RUNTIME = "web-tree-sitter.wasm";

/** One parser for each language, made when a file first asks for it. */
export interface Grammars {
  parser(name: GrammarName): Parser;
}

let runtime: Promise<void> | undefined;

/** Starts the parsers' runtime from `folder`; grammars are read from it on demand. */
export async function openGrammars(folder: string): Promise<Grammars> {
  // One runtime for a process: a second start would give it a second memory.
  runtime ??= readFile(join(folder, RUNTIME)).then((wasmBinary) => Parser.init({ wasmBinary }));
  try {
    await runtime;
  } catch (error) {
    runtime = undefined;
    throw parserMissing(RUNTIME, error);
  }
  const parsers = new Map<GrammarName, Parser>();
  return {
    parser(name) {
      let parser = parsers.get(name);
      if (!parser) {
        parser = new Parser().setLanguage(grammarIn(folder, GRAMMARS[name]));
        parsers.set(name, parser);
      }
      return parser;
    },
  };
}

function grammarIn(folder: string, file: string): Language {
  try {
    return Language.loadSync(new WebAssembly.Module(readFileSync(join(folder, file))));
  } catch (error) {
    throw parserMissing(file, error);
  }
}
