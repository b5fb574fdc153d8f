import type { ProblemError } from "../../protocol/index.js";
import { problem, rawText } from "../errors.js";

/** ONNX Runtime's error as a Problem: the known ones in plain words, the raw text under `details`. */
export function explainSession(file: string, error: unknown): ProblemError {
  const details = rawText(error);
  const where = { file };
  const more = (hint: string) => ({ hint, where, details });
  let found = /(?:No opset import for domain|domain_version.*?domain) ['"]?([\w.]+)/i.exec(details);
  found = /Fatal error: ([\w.:]+)\((-?\d+)\) is not a registered function\/op/.exec(details);
  if (found)
    return problem(
      "model/unknown-operator",
      `${file} uses the operator ${found[1]} (version ${found[2]}), which ONNX Runtime does not know.`,
      more("It needs a library of custom operators, which are never loaded, or a newer ONNX Runtime; export the model without it."),
    );
  found = /(?:Could not find an implementation for|NOT_IMPLEMENTED.*?node with name|Failed to find kernel for) ([\w.:]+(?:\(\d+\))?)/.exec(details);
  if (found)
    return problem(
      "model/unknown-operator",
      `ONNX Runtime has no implementation of ${found[1]} for the types that ${file} uses.`,
      more("Export the model in another precision or for a common opset (17 to 21)."),
    );
  found = /ONNX Runtime only \*guarantees\* support for models stamped with official released onnx opset versions\. Opset (\d+)[\s\S]*?up to (\d+)/.exec(
    details,
  );
  if (found)
    return problem(
      "model/too-new",
      `${file} is written for opset ${found[1]}; this ONNX Runtime knows up to ${found[2]}.`,
      more("Export the model with an older opset, for example 17."),
    );
  found = /Unsupported model IR version: (\d+), max supported IR version: (\d+)/.exec(details);
  if (found)
    return problem(
      "model/too-new",
      `${file} has IR version ${found[1]}; this ONNX Runtime knows up to ${found[2]}.`,
      more("Export the model with an older onnx package."),
    );
  if (/bad allocation|bad_alloc|Failed to allocate memory|out of memory/i.test(details))
    return problem(
      "model/out-of-memory",
      `There is not enough memory to open ${file}.`,
      more("Close other programs or choose a smaller or quantised variant."),
    );
  return problem(
    "model/refused",
    `ONNX Runtime refuses ${file}.`,
    more("The log has its own words. The file may be damaged or use something that this runtime lacks."),
  );
}

/** An error of a run: shapes and memory; never the row. */
export function explainRun(file: string, rows: number, tokens: number, error: unknown): ProblemError {
  const details = rawText(error);
  if (/bad allocation|bad_alloc|Failed to allocate memory|out of memory/i.test(details))
    return problem("model/out-of-memory", `There is not enough memory to run ${rows} rows of ${tokens} tokens through ${file}.`, {
      hint: "Lower the token limit (--max-tokens) or choose a smaller variant.",
      where: { file },
      details,
    });
  return problem("model/run-failed", `ONNX Runtime could not run ${rows === 1 ? "a row" : `${rows} rows`} of ${tokens} tokens through ${file}.`, {
    hint: "The export may accept only the shape it was traced with; export it with dynamic batch and sequence axes.",
    where: { file },
    details,
  });
}
