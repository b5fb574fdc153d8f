import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkAccelerators } from "../engine/model/index.js";
import type { AcceleratorReport } from "../protocol/index.js";
import { choice, parse, usageProblem } from "./options.js";
import { plain } from "./terminal.js";

/** `check-accelerators`: what computes here, what is missing and how to get it, and a block of text to send in. */
export async function accelerators(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, { format: { type: "string" }, model: { type: "string" } });
  if (positionals.length > 0) throw usageProblem("check-accelerators takes no file; --model DIR names another model than the embedded one.");
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const report = await checkAccelerators(values.model === undefined ? embedded() : resolve(values.model), signal);
  process.stdout.write(format === "json" ? `${JSON.stringify(report, null, 1)}\n` : `${linesOf(report).map(plain).join("\n")}\n`);
  return 0;
}

/** The model that travels beside this program. */
function embedded(): string {
  const found = [join(__dirname, "..", "media", "model"), join(__dirname, "..", "..", "media", "model")].find((folder) => existsSync(folder));
  if (!found) throw usageProblem("The embedded model is not beside this program.", "Name a model with --model DIR.");
  return found;
}

function linesOf({ rows, text }: AcceleratorReport): string[] {
  const lines: string[] = [];
  for (const { name, state, sentence, how, tokensPerSecond } of rows) {
    lines.push(`${name}: ${state}${tokensPerSecond === undefined ? "" : `, ${Math.round(tokensPerSecond).toLocaleString("en")} tokens/s`}. ${sentence}`);
    lines.push(...how.map((step, i) => `  ${i + 1}. ${step}`));
  }
  return [...lines, "", "To send in:", "", ...text.trimEnd().split("\n")];
}
