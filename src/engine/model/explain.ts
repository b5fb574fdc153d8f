import type { ProblemError } from "../../protocol/index.js";
import { problem, rawText } from "../errors.js";

interface Known {
  readonly pattern: RegExp;
  readonly code: string;
  readonly message: (file: string, found: RegExpExecArray) => string;
  readonly hint: string;
}

/** What ONNX Runtime says when it refuses a model, and what that means. */
const KNOWN: readonly Known[] = [
  {
    pattern: /No Op registered for (\S+) with domain_version of (\d+)/,
    code: "model/unknown-operator",
    message: (file, [, op, opset]) => `${file} uses the operator ${op}, which opset ${opset} of this ONNX Runtime does not have.`,
    hint: "Libraries of custom operators are never loaded. Export the model without it, or for another opset (17 to 21).",
  },
  {
    pattern: /In Node, \("(.*?)", (\S+), "(.*?)",[\s\S]*No opset import for domain/,
    code: "model/unknown-operator",
    message: (file, [, node, op, domain]) => `${file} uses the operator ${domain}:${op} (node ${node}), which this ONNX Runtime does not have.`,
    hint: "Libraries of custom operators are never loaded. Export the model without it.",
  },
  {
    pattern: /(?:Could not find an implementation for|Fatal error:|Failed to find kernel for) ([\w.:]+(?:\(\d+\))?)/,
    code: "model/unknown-operator",
    message: (file, [, op]) => `ONNX Runtime has no implementation of ${op} for the types that ${file} uses.`,
    hint: "Export the model in another precision or for a common opset (17 to 21).",
  },
  {
    pattern: /Opset (\d+) is under development[\s\S]*till opset (\d+)/,
    code: "model/too-new",
    message: (file, [, opset, most]) => `${file} is written for opset ${opset}; this ONNX Runtime knows up to ${most}.`,
    hint: "Export the model with an older opset, for example 17.",
  },
  {
    pattern: /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    code: "model/too-new",
    message: (file, [, version, most]) => `${file} has IR version ${version}; this ONNX Runtime knows up to ${most}.`,
    hint: "Export the model with an older onnx package.",
  },
  {
    pattern: /bad allocation|bad_alloc|Failed to allocate memory|out of memory/i,
    code: "model/out-of-memory",
    message: (file) => `There is not enough memory to open ${file}.`,
    hint: "Close other programs or choose a smaller or quantised variant.",
  },
];

/** ONNX Runtime's error as a Problem: the known ones in plain words, the raw text under `details`. */
export function explainSession(file: string, error: unknown): ProblemError {
  const details = rawText(error);
  for (const known of KNOWN) {
    const found = known.pattern.exec(details);
    if (found) return problem(known.code, known.message(file, found), { hint: known.hint, where: { file }, details });
  }
  return problem("model/refused", `ONNX Runtime refuses ${file}.`, {
    hint: "The file may be damaged or use something that this runtime lacks.",
    where: { file },
    details,
  });
}

/**
 * An error of a run: shapes and memory; never the row.
 * @param most tokens that the table of positions or config.json allows a row
 */
export function explainRun(file: string, rows: number, tokens: number, error: unknown, most?: number): ProblemError {
  const details = rawText(error);
  if (/bad allocation|bad_alloc|Failed to allocate memory|out of memory/i.test(details))
    return problem("model/out-of-memory", `There is not enough memory to run ${rows} rows of ${tokens} tokens through ${file}.`, {
      hint: "Lower the token limit (--max-tokens) or choose a smaller variant.",
      where: { file },
      details,
    });
  if (most !== undefined && tokens > most)
    return problem("model/row-too-long", `A row has ${tokens} tokens; ${file} takes at most ${most}.`, {
      hint: `Use rows of at most ${most} tokens; a dataset is cut to that by --max-tokens ${most}.`,
      where: { file },
      details,
    });
  return problem("model/run-failed", `ONNX Runtime could not run ${rows === 1 ? "a row" : `${rows} rows`} of ${tokens} tokens through ${file}.`, {
    hint: "The export may accept only the shape it was traced with; export it with dynamic batch and sequence axes.",
    where: { file },
    details,
  });
}
