import { type Compressors, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Notice, ProblemError } from "../../protocol/index.js";
import { rawText, throwIfAborted } from "../errors.js";
import { noRows, tooManyRows, wrongFormat } from "./errors.js";
import { MAX_PARQUET_PAGE, MAX_PARQUET_TOTAL, MAX_RECORDS } from "./limits.js";
import { type RawTable, TableBuilder } from "./table.js";

/** Codecs that every reader has; others are said. */
const PLAIN = new Set(["UNCOMPRESSED", "SNAPPY", "GZIP"]);

/** All row groups of a Parquet file. Its rows have numbers, not ranges: a place holds the row's number as its line. */
export async function readParquet(path: string, bytes: Buffer, signal?: AbortSignal): Promise<RawTable> {
  const whole = bytes.byteLength === bytes.buffer.byteLength;
  const file = (whole ? bytes.buffer : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)) as ArrayBuffer;
  const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
    throw broken(path, "its footer cannot be read", error);
  });
  const rows = Number(metadata.num_rows);
  if (!(rows >= 0)) throw broken(path, "its footer gives no number of rows");
  if (rows === 0) throw noRows(path, "its row groups are empty");
  if (rows > MAX_RECORDS) throw tooManyRows(path, MAX_RECORDS, 0);

  let unpacked = 0;
  const codecs = new Set<string>();
  for (const group of metadata.row_groups)
    for (const column of group.columns) {
      if (!column.meta_data) continue;
      unpacked += Number(column.meta_data.total_uncompressed_size);
      codecs.add(column.meta_data.codec);
    }
  if (unpacked > MAX_PARQUET_TOTAL)
    throw wrongFormat(path, `unpacks to more than ${MAX_PARQUET_TOTAL / 1024 / 1024} MB`, "Take a sample of its rows into a smaller file.");

  const notices: Notice[] = [];
  const unusual = [...codecs].filter((codec) => !PLAIN.has(codec));
  if (unusual.length > 0)
    notices.push({ code: "data/codec", message: `The file is compressed with ${unusual.join(", ").toLowerCase()}; unpacked while reading.` });

  const table = new TableBuilder();
  const budget = { left: MAX_PARQUET_TOTAL };
  let from = 0;
  for (const group of metadata.row_groups) {
    throwIfAborted(signal);
    const to = from + Number(group.num_rows);
    const objects = await parquetReadObjects({ file, metadata, rowStart: from, rowEnd: to, compressors: capped(path, budget) }).catch((error: unknown) => {
      throw broken(path, `rows ${from + 1} to ${to} cannot be read`, error);
    });
    for (const object of objects) {
      const line = table.records.length;
      table.add(plain(object), { file: 0, startLine: line, startColumn: 0, endLine: line, endColumn: 0 });
    }
    from = to;
  }
  return { format: "parquet", columns: table.columns, records: table.records, bad: [], notices, hasRanges: false, read: {} };
}

export const cutParquet = (path: string): ProblemError =>
  wrongFormat(path, "is an incomplete Parquet file: the footer at its end is missing", "Download it again.");

/** A page that claims more than it may is refused before memory is set aside for it. */
function capped(path: string, budget: { left: number }): Compressors {
  const limited: Compressors = {};
  for (const [codec, unpack] of Object.entries(compressors) as [keyof Compressors, (input: Uint8Array, size: number) => Uint8Array][]) {
    limited[codec] = (input: Uint8Array, size: number) => {
      budget.left -= size;
      if (size > MAX_PARQUET_PAGE || budget.left < 0)
        throw wrongFormat(path, "has a page that unpacks to more than is allowed", "The file may be damaged; write it again.");
      return unpack(input, size);
    };
  }
  return limited;
}

function broken(path: string, why: string, error?: unknown): ProblemError {
  if (error instanceof Error && "problem" in error) return error as ProblemError;
  const refused = wrongFormat(path, `is a damaged Parquet file: ${why}`, "Download or write it again.");
  return error === undefined ? refused : Object.assign(refused, { problem: { ...refused.problem, details: rawText(error) } });
}

/** Values as JSON would hold them. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  for (const [key, value] of Object.entries(row)) {
    if (typeof value === "bigint") row[key] = Number(value);
    else if (value instanceof Date) row[key] = value.toISOString();
    else if (value instanceof Uint8Array) row[key] = undefined;
  }
  return row;
}
