/** A user-facing failure: one sentence that says what is wrong and where, and a hint that says what to do. */
export interface Problem {
  /** Stable, `area/what`, for example `model/not-onnx`. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: Where;
  /** Raw text of a library's error; goes to the log, never to the user's first view. Holds no row text. */
  readonly details?: string;
  /** Present when the user can decide: the same question the panel asks, the CLI prints as options. */
  readonly question?: Question;
}

/** Lines and columns are zero-based here (as in VS Code's API); sentences shown to people count from one. */
export interface Where {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly tensor?: string;
  readonly node?: string;
}

/** Something only the user can know. Choosing an answer means opening the data again with `options` merged in. */
export interface Question {
  /** Stable, for example `data/label-meaning`. */
  readonly code: string;
  readonly message: string;
  readonly choices: readonly Choice[];
}

export interface Choice {
  readonly label: string;
  readonly detail?: string;
  readonly options: DataOptions;
  /** The same answer as command-line options, for example `--unsafe 1 --safe 0`. */
  readonly flags: string;
}

/** Said, counted and shown; the run goes on. */
export interface Notice {
  readonly code: string;
  readonly message: string;
  readonly where?: Where;
}

/** How to read a dataset; every field overrides what would be found by itself. */
export interface DataOptions {
  /** Column by name, or `#N` (one-based position). */
  readonly text?: string;
  readonly label?: string;
  readonly category?: string;
  readonly group?: string;
  /** Columns of classes beside the label; `all` (the default) takes every one that serves, `none` none. */
  readonly axes?: readonly string[];
  /** The key that holds the rows of a JSON object with several lists. */
  readonly list?: string;
  /** Whether the first CSV record names the columns. */
  readonly header?: boolean;
  /** Label values (compared whole, after trimming and case folding) that mean safe / unsafe. Values in neither are left out and counted. */
  readonly safe?: readonly string[];
  readonly unsafe?: readonly string[];
  /** Every row of this file has this class. */
  readonly all?: "safe" | "unsafe";
  /** A numeric label at or above this is unsafe. */
  readonly threshold?: number;
  /** A second file; with one-class files the two are set against each other. */
  readonly contrast?: string;
  /** The class of every row of the contrast file. */
  readonly contrastAll?: "safe" | "unsafe";
  /** chosen/rejected, response_0/response_1 …: read each answer as a row of its own. */
  readonly expandAnswers?: boolean;
  /** Treat the classes as a concept (no alignment index), never as safe and unsafe. */
  readonly concept?: boolean;
  /** Go on although more than a tenth of the lines cannot be read. */
  readonly skipBad?: boolean;
}
