import { readFile } from "node:fs/promises";
import { problem } from "../engine/errors.js";
import { COMPAT_MODES, type CompatRow, compatible, FORMULAS } from "../engine/lenses/alignment-quality/compat.js";
import { readCompatTables } from "../engine/lenses/alignment-quality/compat-table.js";
import { choice, parse, usageProblem } from "./options.js";
import { plain } from "./terminal.js";

const MOST_BYTES = 16 << 20;

/** `layerscope compat TABLE`: the published composites from a table of raw metrics. */
export async function compat(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, { mode: { type: "string" }, gamma: { type: "string" }, format: { type: "string" } });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw usageProblem("`layerscope compat` takes one table.");
  const mode = choice("mode", values.mode ?? "ref-xb-chi", COMPAT_MODES);
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const gamma = values.gamma === undefined ? FORMULAS[mode].gamma : Number(values.gamma);
  if (!(gamma >= 0 && gamma <= 1)) throw usageProblem("--gamma is a number from 0 to 1.");
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw problem("compat/file", `${path} cannot be read: ${error.code === "ENOENT" ? "there is no such file" : (error.code ?? "unknown reason")}.`, {
      where: { file: path },
    });
  });
  if (bytes.length > MOST_BYTES) throw problem("compat/file", `${path} is larger than 16 MB: not a table of metrics.`, { where: { file: path } });
  const tables = readCompatTables(bytes.toString("utf8"), path).map(({ title, rows }) => ({ title, rows: compatible(rows, mode, gamma) }));
  if (tables.every(({ rows }) => rows.every(({ aqi }) => aqi === null)))
    throw problem("compat/table", `${path} lacks what ${mode} needs: ${FORMULAS[mode].needs.join(" and ")}.`, {
      hint: "Choose another --mode, or add the column.",
      where: { file: path },
    });
  if (format === "json") process.stdout.write(`${JSON.stringify({ mode, gamma, comparable: false, tables }, null, 1)}\n`);
  else process.stdout.write(text(mode, gamma, tables));
  return 0;
}

function text(mode: (typeof COMPAT_MODES)[number], gamma: number, tables: readonly { title?: string; rows: readonly CompatRow[] }[]): string {
  const [first, second] = FORMULAS[mode].names;
  const four = (value: number | null) => (value === null ? "–" : value.toFixed(4)).padStart(10);
  const lines = [`${mode}, gamma ${gamma}: scaled inside its table, not comparable with any other number`];
  for (const { title, rows } of tables) {
    const width = Math.max(8, ...rows.map(({ name }) => plain(name).length));
    lines.push("", ...(title === undefined ? [] : [plain(title)]), `${"".padEnd(width)} ${first.padStart(10)} ${second.padStart(10)} ${"AQI".padStart(10)}`);
    for (const { name, parts, aqi } of rows) lines.push(`${plain(name).padEnd(width)} ${four(parts[0])} ${four(parts[1])} ${four(aqi)}`);
  }
  return `${lines.join("\n")}\n`;
}
