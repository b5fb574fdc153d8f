import { createRequire } from "node:module";
import { join } from "node:path";
import type { PromptFinder } from "../../protocol/index.js";
import type { DocumentReader, Finder } from "./finder.js";

/** Loads the bundle that finds prompts from `dist`, the folder of the extension's own bundle; the grammars' wasm files lie beside it. */
export async function loadFinder(dist: string): Promise<Finder> {
  const { openFinder } = createRequire(join(dist, "prompts.js"))("./prompts.js") as { openFinder(folder: string): Promise<PromptFinder> };
  const finder = await openFinder(dist);
  return { knows: (path, languageId) => finder.reads(path, languageId), open: async (path, languageId) => readerOf(finder, path, languageId) };
}

/** The finder works out by itself what an edit touched, so that a reader needs the new text alone. */
function readerOf(finder: PromptFinder, fileName: string, languageId?: string): DocumentReader {
  const document = finder.open("", { fileName, languageId });
  return {
    read(text) {
      document.replace(text);
      return document.prompts();
    },
    dispose: () => document.dispose(),
  };
}
