import type { Maybe } from "./result.js";

/** Where the panel puts a picture. A new lens uses `extra`: a section of its own under the map. */
export type Slot = "curve" | "metrics" | "categories" | "rows" | "map" | "extra";

interface PictureBase {
  /** Unique in a view, for example `concept-depth/curve`. */
  readonly id: string;
  readonly lens: string;
  readonly slot: Slot;
  readonly title: string;
  /** One line under the title. */
  readonly note?: string;
  /** Page of docs/lenses that explains the numbers. */
  readonly about: string;
  /** Names of the columns where they are not layers 0, 1, …: told in tips and tables. */
  readonly columns?: readonly string[];
}

export interface Series {
  readonly id: string;
  readonly name: string;
  /** `main`: the line with its band. `reference`: dashed. `null`: a grey band of what chance gives. */
  readonly kind: "main" | "reference" | "null";
  /** Per layer, or one value for a constant. */
  readonly values: readonly Maybe[] | number;
  readonly lo?: readonly Maybe[] | number;
  readonly hi?: readonly Maybe[] | number;
}

export interface Mark {
  readonly layer: number;
  readonly kind: "jump" | "converge" | "best";
  readonly text: string;
  /** Rows behind it, as indices into the RowTable; a click lists them. */
  readonly rows?: readonly number[];
}

/** Values over the layers. */
export interface Curve extends PictureBase {
  readonly shape: "curve";
  readonly unit: string;
  readonly range: readonly [number, number];
  readonly chance?: number;
  readonly series: readonly Series[];
  readonly marks: readonly Mark[];
}

export interface MatrixRow {
  readonly id: string;
  readonly name: string;
  /** For example `n 40/38`. */
  readonly count?: string;
  /** The value chance gives, and the best value the metric can or does take: the row's own colour scale. */
  readonly chance: number;
  readonly best: number;
  readonly values: readonly Maybe[];
  /** Interval of each value, where there is one; a cell whose interval leaves `chance` out is marked. */
  readonly lo?: readonly Maybe[];
  readonly hi?: readonly Maybe[];
  /** Shown instead of a missing value. */
  readonly why?: string;
  /** Rows behind each cell, as indices into the RowTable (a few hundred at most); a click lists them. null = nothing to list. */
  readonly rows?: readonly (readonly number[] | null)[];
  /** Of use beside another row only: shown in the table, not drawn. */
  readonly tableOnly?: boolean;
  /** Cells that are outlined, and what that says. */
  readonly marks?: readonly { readonly column: number; readonly text: string; readonly dashed?: boolean }[];
}

/** One row a metric or category, one column a layer. */
export interface Matrix extends PictureBase {
  readonly shape: "matrix";
  readonly scale: "amount" | "diverging";
  /** Words for the ends of the scale, where chance and best are not what they mean. */
  readonly ends?: readonly [string, string];
  /** What the rows behind a cell are, for example `rows the probe gets wrong`. */
  readonly rowsAre?: string;
  /** What the columns are where they are no layers, for example `category`: shown as a table. */
  readonly columnsAre?: string;
  readonly rows: readonly MatrixRow[];
}

/** Rows of the RowTable at every layer: x and y are [columns x count], layer-major, NaN = not there. */
export interface Points extends PictureBase {
  readonly shape: "points";
  readonly xName: string;
  readonly yName: string;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Value of x at the boundary between the classes. */
  readonly boundary: number;
}

/** The RowTable's scores as strips; drawn as the virtual list. */
export interface Strips extends PictureBase {
  readonly shape: "strips";
}

/** Rows of the RowTable that stand out most at the chosen layer, largest first: [columns x count], layer-major, NaN = no value. */
export interface Ranking extends PictureBase {
  readonly shape: "ranking";
  readonly valueName: string;
  /** Rows are listed by the size of this; its sign is shown where `signed`. */
  readonly value: Float32Array;
  readonly signed: boolean;
  /** Two values that lie behind it, [columns x count] too, drawn from one to the other on a scale with 0 in its middle. */
  readonly from?: Float32Array;
  readonly to?: Float32Array;
  readonly fromName?: string;
  readonly toName?: string;
}

export interface Bar {
  readonly id: string;
  readonly name: string;
  readonly value: Maybe;
  readonly lo?: Maybe;
  readonly hi?: Maybe;
  /** Said beside the number. */
  readonly remark?: string;
  /** Shown instead of a missing value. */
  readonly why?: string;
  /** Rows behind it, as indices into the RowTable; a click lists them. */
  readonly rows?: readonly number[];
}

/** One number a line, with its interval; lines that cannot be told apart may be tied (critical differences, Demšar 2006). */
export interface Bars extends PictureBase {
  readonly shape: "bars";
  readonly unit: string;
  readonly range: readonly [number, number];
  readonly chance?: number;
  readonly bars: readonly Bar[];
  /** Sets of bars, by id, between which no difference was found. */
  readonly ties?: readonly (readonly string[])[];
  readonly rowsAre?: string;
}

export type Picture = Curve | Matrix | Points | Strips | Ranking | Bars;
