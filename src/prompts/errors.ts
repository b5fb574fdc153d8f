import { ProblemError } from "../protocol/index.js";

/** A file of the parsers is not where the product was installed. `file`: its name. */
export const parserMissing = (file: string, error: unknown): ProblemError =>
  new ProblemError({
    code: "prompts/parser-missing",
    message: `The parser file ${file} cannot be read, so prompts in code cannot be found.`,
    hint: "Install Layerscope again; in a checkout, run npm run build.",
    details: (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").slice(0, 500),
  });
