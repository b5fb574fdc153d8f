import type { Notice, Place } from "../../protocol/index.js";
import { MAX_COLUMNS } from "./limits.js";

/** One record as the file has it; `values[c]` belongs to `columns[c]`, absent ones are undefined. */
export interface RawRecord {
  readonly values: unknown[];
  readonly place: Place;
  /** The record has more cells than the header; they may be shifted. */
  readonly long?: boolean;
}

/** A record that could not be read. */
export interface BadRecord {
  /** Zero-based. */
  readonly line: number;
  readonly reason: string;
}

/** What every format reads into. */
export interface RawTable {
  readonly format: "jsonl" | "json" | "csv" | "tsv" | "txt" | "parquet" | "images";
  readonly columns: string[];
  readonly records: RawRecord[];
  readonly bad: readonly BadRecord[];
  readonly notices: readonly Notice[];
  readonly hasRanges: boolean;
  /** The class or category column that was made of an object's keys. */
  readonly keyColumn?: string;
  /** Read from these options, to be given again. */
  readonly read: { readonly list?: string; readonly header?: boolean };
}

/** Gathers objects with differing keys into columns. Keys are data: they live in a Map, never on an object. */
export class TableBuilder {
  readonly columns: string[] = [];
  readonly records: RawRecord[] = [];
  private readonly at = new Map<string, number>();
  dropped = 0;

  column(name: string): number | undefined {
    const known = this.at.get(name);
    if (known !== undefined) return known;
    if (this.columns.length >= MAX_COLUMNS) {
      this.dropped++;
      return undefined;
    }
    this.at.set(name, this.columns.length);
    return this.columns.push(name) - 1;
  }

  add(value: object, place: Place): void {
    const values: unknown[] = new Array(this.columns.length);
    const own = value as Record<string, unknown>;
    // Parsed JSON has own keys only, and this loop makes no list of them.
    for (const key in own) {
      const c = this.column(key);
      if (c !== undefined) values[c] = own[key];
    }
    this.records.push({ values, place });
  }

  addNamed(names: readonly string[], row: readonly unknown[], place: Place): void {
    const values: unknown[] = [];
    for (let i = 0; i < row.length && i < names.length; i++) {
      const c = this.column(names[i] as string);
      if (c !== undefined) values[c] = row[i];
    }
    this.records.push({ values, place });
  }
}
