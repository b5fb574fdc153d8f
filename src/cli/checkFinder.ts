import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ProblemError } from "../protocol/index.js";

/** The bundle of src/prompts, with its parsers' files beside it. */
export type Finding = typeof import("../prompts/index.js");

/** Loaded when it is asked for: no other command needs the parsers. */
export function loadFinding(): { readonly finding: Finding; readonly folder: string } {
  // Beside this program's bundle; of a program built elsewhere in the project, in its folder of bundles.
  const folder = [__dirname, join(__dirname, "..", "..", "dist")].find((one) => existsSync(join(one, "prompts.js")));
  if (!folder)
    throw new ProblemError({
      code: "cli/incomplete",
      message: "prompts.js is missing beside this program, so no prompts can be found.",
      hint: "Install Layerscope again.",
    });
  return { finding: createRequire(join(folder, "prompts.js"))("./prompts.js") as Finding, folder };
}
