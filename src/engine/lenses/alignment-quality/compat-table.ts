import { scanCsv } from "../../data/csv-scan.js";
import { problem } from "../../errors.js";
import { type RawMetrics, xbFromChi } from "./compat.js";

type Field = keyof RawMetrics;

/** Column names by what is left of them in lower case without signs; `CHI (raw)` is `chiraw`. */
const NAMES: Readonly<Record<Field, readonly string[]>> = {
  name: ["category", "axiom", "name", "set", "axiomname", "group", ""],
  n: ["n", "count", "samples", "nsamples", "rows", "size"],
  chi: ["chi", "chiraw", "rawchi", "ch", "calinskiharabasz", "calinskiharabaszscore", "calinskiharabaszindex"],
  xb: ["xb", "xbi", "xbraw", "rawxb", "xbiraw", "xiebeni", "xiebeniindex"],
  silhouette: ["ss", "ssraw", "sil", "silhouette", "silhouettescore", "silhouetteraw"],
  dbs: ["dbs", "dbi", "dbsraw", "dbiraw", "daviesbouldin", "daviesbouldinscore", "daviesbouldinindex"],
  dunn: ["di", "diraw", "dunn", "dunnindex", "dunnraw"],
};

export interface CompatTable {
  readonly title?: string;
  readonly rows: readonly RawMetrics[];
}

/**
 * Tables of raw metrics: a CSV as the reference writes it (`*_metrics_summary.csv`), or JSON: rows as objects, `{columns, rows}`, or a list of such tables.
 * @throws compat/table with what is missing
 */
export function readCompatTables(text: string, file: string): CompatTable[] {
  const trimmed = text.replace(/^\uFEFF/, "").trimStart();
  const json = trimmed.startsWith("[") || trimmed.startsWith("{") ? tablesOfJson(trimmed, file) : undefined;
  const tables = json ?? [{ cells: cellsOfCsv(trimmed, file) }];
  if (tables.length === 0) throw refuse(file, "holds no table");
  return tables.map(({ title, cells }) => ({ ...(title === undefined ? {} : { title }), rows: metricsOf(cells, file, title) }));
}

interface Cells {
  readonly title?: string;
  readonly cells: readonly (readonly unknown[])[];
}

function cellsOfCsv(text: string, file: string): string[][] {
  const first = text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
  const delimiter = [",", "\t", ";"].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best));
  const rows: string[][] = [];
  let fault = false;
  scanCsv(
    text,
    delimiter,
    ({ cells }) => {
      rows.push(cells.map((cell) => cell.trim()));
      return undefined;
    },
    () => {
      fault = true;
    },
  );
  if (fault) throw refuse(file, "has a quote that is not closed");
  return rows;
}

function tablesOfJson(text: string, file: string): Cells[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse(file, "is not JSON, although it begins as JSON does");
  }
  if (!Array.isArray(value)) return [tableOf(value, file)];
  if (value.every((one) => isObject(one) && Array.isArray(one["rows"]))) return value.map((one) => tableOf(one, file));
  return [tableOf({ rows: value }, file)];
}

function tableOf(value: unknown, file: string): Cells {
  if (!isObject(value)) throw refuse(file, "holds no rows");
  const rows = value["rows"] ?? Object.entries(value).map(([name, row]) => (isObject(row) ? { name, ...row } : undefined));
  const title = typeof value["table"] === "string" ? value["table"] : undefined;
  if (!Array.isArray(rows) || rows.length === 0) throw refuse(file, "holds no rows");
  if (rows.every(isObject)) {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return { title, cells: [columns, ...rows.map((row) => columns.map((key) => row[key]))] };
  }
  if (Array.isArray(value["columns"]) && rows.every(Array.isArray)) return { title, cells: [value["columns"], ...rows] };
  throw refuse(file, "holds rows without names of columns");
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function metricsOf([header, ...rows]: readonly (readonly unknown[])[], file: string, title?: string): RawMetrics[] {
  const place = new Map<Field, number>();
  header?.forEach((cell, at) => {
    const plain = String(cell)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "");
    for (const field of Object.keys(NAMES) as Field[]) if (NAMES[field].includes(plain) && !place.has(field)) place.set(field, at);
  });
  const metrics = (["chi", "xb", "silhouette", "dbs", "dunn"] as const).filter((field) => place.has(field));
  if (metrics.length === 0)
    throw refuse(
      title ? `${file} (${title})` : file,
      `has no column of a raw metric; its columns are ${header?.map((c) => JSON.stringify(String(c).slice(0, 40))).join(", ") || "none"}`,
    );
  if (rows.length === 0) throw refuse(file, "has a header and no rows");
  return rows.map((row, at) => {
    const read = (field: Field) => {
      const column = place.get(field);
      return column === undefined ? undefined : numberOf(row[column], file, at + 2);
    };
    const chi = read("chi");
    const n = read("n");
    const xb = read("xb") ?? (chi !== undefined && n !== undefined && chi > 0 ? xbFromChi(chi, n) : undefined);
    const name = place.has("name") ? String(row[place.get("name")!] ?? "") : `row ${at + 1}`;
    return { name, n, chi, xb, silhouette: read("silhouette"), dbs: read("dbs"), dunn: read("dunn") };
  });
}

function numberOf(cell: unknown, file: string, line: number): number | undefined {
  if (typeof cell === "number") return cell;
  const text = String(cell ?? "").trim();
  if (text === "" || /^(nan|n\/a|na|-|–|null|none)$/i.test(text)) return undefined;
  if (/^\+?inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (Number.isNaN(value)) throw refuse(file, `has a cell that is no number in row ${line}`);
  return value;
}

const refuse = (file: string, what: string) =>
  problem("compat/table", `${file} ${what}.`, {
    hint: "A table has one row a category and columns such as Category, CHI (raw), XB (raw); silhouette, DBS and Dunn for the other modes.",
    where: { file },
  });
