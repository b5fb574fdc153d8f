import type { DataOptions } from "../../protocol/index.js";
import { ask, noRows, wrongFormat } from "./errors.js";
import { BAD_SHARE } from "./limits.js";
import { count } from "./say.js";
import type { Skips } from "./skips.js";
import type { RawTable } from "./table.js";

const NAMED = 5;

/** Counts what could not be read; above a tenth the reading stops until the user says to go on. */
export function checkBad(path: string, table: RawTable, skips: Skips, options: DataOptions): void {
  const { bad } = table;
  for (const { line } of bad) skips.add("bad-line", line);
  skips.details.push(...bad.slice(0, NAMED).map(({ line, reason }) => `line ${line + 1}: ${reason}`));
  if (bad.length > NAMED) skips.details.push(`and ${bad.length - NAMED} more`);
  if (bad.length === 0) return;
  const total = bad.length + table.records.length;
  const details = skips.details.join("; ");
  if (table.records.length === 0) {
    if (table.format === "jsonl") throw wrongFormat(path, `has no line that can be read as JSON (${details})`, "Check that it is the file you meant.");
    throw noRows(path, details);
  }
  if (bad.length <= total * BAD_SHARE || options.skipBad) return;
  throw ask(
    "data/bad-lines",
    `${count(bad.length, "record")} of ${total.toLocaleString("en")} cannot be read (${details}). Go on without them?`,
    [{ label: "Go on without them", detail: `${count(table.records.length, "row")} left`, options: { skipBad: true }, flags: "--skip-bad" }],
    { file: path, line: bad[0]?.line },
  );
}
