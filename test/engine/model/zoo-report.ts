import { readFileSync, writeFileSync } from "node:fs";

/** One graph of the zoo, as it was checked. */
export interface Checked {
  /** `llama__ts17-fused` */
  readonly name: string;
  readonly found: number;
  readonly expected: number;
  /** Largest relative error over layers, rows and poolings; absent where only the structure can be checked. */
  readonly error?: number;
  readonly right: boolean;
}

/** Architectures down, exporters across: what each cell says is explained under the table. */
export function table(all: readonly Checked[]): string {
  const rows = [...new Set(all.map(({ name }) => parts(name)[0]))].sort();
  const columns = [...new Set(all.map(({ name }) => parts(name)[1]))].sort();
  const cell = (row: string, column: string) => {
    const one = all.find(({ name }) => name === `${row}__${column}`);
    if (!one) return "";
    if (!one.right) return `WRONG ${one.found}/${one.expected}`;
    return `${one.found}/${one.expected} ${one.error === undefined ? "s" : one.error.toExponential(0)}`;
  };
  // Few columns at a time, so that a terminal of 120 characters shows them.
  const lines: string[] = [];
  for (let i = 0; i < columns.length; i += 7) {
    const some = columns.slice(i, i + 7);
    const kept = rows.filter((row) => some.some((column) => cell(row, column)));
    lines.push(["".padEnd(13), ...some.map((column) => column.replace("optimum-past", "opt-past").padEnd(14))].join(" ").trimEnd());
    for (const row of kept) lines.push([row.padEnd(13), ...some.map((column) => cell(row, column).padEnd(14))].join(" ").trimEnd());
    lines.push("");
  }
  lines.push("layers found/expected, largest relative error of pooled states (s: structure only, random weights quantise badly)");
  return lines.join("\n");
}

const parts = (name: string): [string, string] => name.split("__") as [string, string];
/** Exports that differ from the reference by themselves: this exporter drops Gemma 2's soft-capping. */
export const differs = (name: string): boolean => name.startsWith("gemma2__optimum");
const half = (name: string): boolean => name.includes("fp16");
const worst = (all: readonly Checked[]): number => all.reduce((most, { error = 0 }) => Math.max(most, error), 0);

/** The sentence of the README. */
export function summary(all: readonly Checked[]): string {
  const kinds = (i: 0 | 1) => new Set(all.map(({ name }) => parts(name)[i])).size;
  const right = all.filter((one) => one.right).length;
  const ofStates = all.filter((one) => one.error !== undefined);
  const faithful = ofStates.filter(({ name }) => !differs(name));
  const up = (error: number) => {
    const unit = 10 ** Math.floor(Math.log10(error));
    return (Math.ceil(error / unit) * unit).toExponential(0);
  };
  return (
    `Every layer is right in ${right} of ${all.length} graphs (${kinds(0)} architectures, ${kinds(1)} export paths): ${ofStates.length} by pooled states, ` +
    `relative error at most ${up(worst(faithful.filter(({ name }) => !half(name))))} in float32 (${up(worst(ofStates.filter(({ name }) => differs(name))))} in the one export ` +
    `that drops Gemma 2's soft-capping) and ${up(worst(faithful.filter(({ name }) => half(name))))} in float16, ` +
    `${all.length - ofStates.length} quantised ones by structure.`
  );
}

const MARKS = /(<!-- zoo -->\n)[^\n]*(\n<!-- \/zoo -->)/;

/** What the README says, undefined when it has no place for it. */
export const stated = (readme: string): string | undefined => /<!-- zoo -->\n([^\n]*)\n<!-- \/zoo -->/.exec(readFileSync(readme, "utf8"))?.[1];

export const state = (readme: string, line: string): void =>
  writeFileSync(
    readme,
    readFileSync(readme, "utf8").replace(MARKS, (_, before: string, after: string) => before + line + after),
  );
