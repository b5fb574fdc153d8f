import type { AuditView, Picture, PromptPoint, RowTable } from "../../protocol/index.js";
import type { Images } from "../images.js";
import type { LayerAxis } from "../layers.js";
import type { Texts } from "../texts.js";
import type { Theme } from "../theme.js";

/** What every picture may look at; made anew for every drawing, compared by identity to skip what has not changed. */
export interface Stage {
  readonly rows: RowTable;
  readonly axis: LayerAxis;
  readonly theme: Theme;
  readonly layer: number;
  readonly hover: number | null;
  /** Index of the chosen row, -1 = none. */
  readonly row: number;
  readonly classNames: readonly [string, string];
  readonly texts: Texts;
  /** Raised with every layer of values that came later than the table; 0 = nothing is to come. */
  readonly filled: number;
  /** Whether the values of a layer are there. */
  has(layer: number): boolean;
  /** Present when the rows are images. */
  readonly images?: Images | undefined;
}

/** An audit's stage: pictures of all its rows need their order too. */
export interface Scene extends Stage {
  readonly view: AuditView;
  /** Indices of the listed rows, sorted. */
  readonly order: Uint32Array;
  /** Prompts in code that the map shows among the rows. */
  readonly prompts: readonly PromptPoint[];
  /** Index of a row by its id, -1 = none. */
  indexOf(id: number): number;
}

export const isScene = (stage: Stage): stage is Scene => "view" in stage;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Tip {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly lines: readonly string[];
  /** A row whose text belongs into the tip. */
  readonly row?: number;
}

/** What a view reports; it sends no messages and keeps no choices of its own. */
export interface Clicks {
  layer(layer: number): void;
  hover(layer: number | null): void;
  /** `mark`: choose; `show`: open beside, the focus stays here; `open`: go there. */
  row(index: number, how: "mark" | "show" | "open"): void;
  lasso(indices: readonly number[] | null): void;
  /** Lists these rows, by index, and says what they are. Absent where there is no list. */
  list?(indices: readonly number[], are: string): void;
  /** Goes to a prompt in code. */
  prompt?(key: string): void;
  tip(tip: Tip | null): void;
  scrolled(top: number): void;
}

/** Draws, or draws again, a picture into an element. */
export type View<P extends Picture, S extends Stage = Scene> = (at: HTMLElement, picture: P, size: Size, scene: S, on: Clicks) => void;
