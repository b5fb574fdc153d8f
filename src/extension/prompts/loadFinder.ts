import { createRequire } from "node:module";
import { join } from "node:path";
import type { PromptFinder } from "../../protocol/index.js";

let loaded: Promise<PromptFinder> | undefined;

/** The finder's bundle with its parsers, loaded once, when the first document asks. */
export function loadFinder(folder: string): Promise<PromptFinder> {
  loaded ??= (createRequire(join(folder, "prompts.js"))("./prompts.js") as { openFinder(folder: string): Promise<PromptFinder> }).openFinder(folder);
  return loaded;
}

export const finderIsLoaded = (): boolean => loaded !== undefined;
