import type { DataOptions, Notice, Question } from "./problem.js";

/** A source range in VS Code's own terms: zero-based lines split at \n, \r\n and \r; columns in UTF-16 units; a byte order mark counts for nothing. */
export interface Place {
  /** 0 = the dataset, 1 = the contrast file. */
  readonly file: number;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export type ColumnRole = "text" | "label" | "category" | "group" | "id" | "axis" | "other";

export interface Column {
  readonly name: string;
  /** One-based position, as `#N` names it. */
  readonly position: number;
  readonly role: ColumnRole;
  /** `string`, `number`, `boolean`, `list`, `object`, `mixed` or `empty`. */
  readonly kind: string;
}

export interface SkipCount {
  /** Stable, for example `empty-text`, `no-label`, `bad-line`, `unknown-label`. */
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** Rows of each class among them, where the class is known: [negative, positive]. */
  readonly byClass?: readonly [number, number];
  /** Zero-based lines of the first few. */
  readonly lines: readonly number[];
  /** Of a folder of images: the first few files, from the folder. */
  readonly files?: readonly string[];
}

export interface ClassCard {
  /** Shown name: `safe`, `unsafe`, or the concept's own value (`true`, `sadness`). */
  readonly name: string;
  /** Label values of the file read as this class. */
  readonly values: readonly string[];
  readonly rows: number;
}

/** A column of classes beside the label: a topic, an axiom, a second label, one of several flags. */
export interface AxisCard {
  /** The column's name; `category.fraud` for a key of its objects, `tags: fraud` for an entry of its lists. */
  readonly name: string;
  /** Its classes with enough rows, in order; rows of smaller ones have no value. */
  readonly classes: readonly { readonly name: string; readonly rows: number }[];
}

/** What was found in a file, before any model work. */
export interface DataCard {
  readonly path: string;
  readonly contrastPath?: string;
  /** `jsonl`, `json`, `csv`, `tsv`, `txt`, `parquet`; `images` for a folder of them. */
  readonly format: string;
  readonly bytes: number;
  /** Of the file's bytes (of both files' when there are two); of a folder's list of paths and sizes. */
  readonly sha256: string;
  readonly columns: readonly Column[];
  /** `safety`: class 1 is unsafe. `concept`: class 1 is the concept's positive value; the alignment index is absent. */
  readonly kind: "safety" | "concept";
  /** [class 0, class 1]. Class 1 is the positive class everywhere. */
  readonly classes: readonly [ClassCard, ClassCard];
  /** Columns of classes beside the label, at most 24. */
  readonly axes?: readonly AxisCard[];
  /** Rows read, and rows that can be used. */
  readonly rows: number;
  readonly used: number;
  readonly skipped: readonly SkipCount[];
  readonly notices: readonly Notice[];
  /** The options that the reading amounts to; giving them again reads the same. */
  readonly options: DataOptions;
  /** Where rows name image files, by which column; `only`: there are no texts beside them. */
  readonly images?: { readonly column: string; readonly only: boolean };
  /** False for Parquet and for files above 50 MB: rows have numbers, no text range. */
  readonly hasRanges: boolean;
}

/** Answer to "what is this file?": a card, or the question that has to be answered first. Refusals are Problems. */
export type DataAnswer =
  | { readonly kind: "card"; readonly card: DataCard }
  | { readonly kind: "question"; readonly question: Question; readonly notices: readonly Notice[]; readonly sibling?: string };
