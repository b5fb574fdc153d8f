import type { AuditView, Picture } from "../../protocol/index.js";
import type { LayerAxis } from "../layers.js";
import type { Texts } from "../texts.js";
import type { Theme } from "../theme.js";

/** Everything a picture may look at; made anew for every drawing, compared by identity to skip what has not changed. */
export interface Scene {
  readonly view: AuditView;
  readonly axis: LayerAxis;
  readonly theme: Theme;
  readonly layer: number;
  readonly hover: number | null;
  /** Indices of the listed rows, sorted. */
  readonly order: Uint32Array;
  /** Index of the chosen row, -1 = none. */
  readonly row: number;
  readonly classNames: readonly [string, string];
  readonly texts: Texts;
}

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
  tip(tip: Tip | null): void;
  scrolled(top: number): void;
}

/** Draws, or draws again, a picture into an element. */
export type View<P extends Picture> = (at: HTMLElement, picture: P, size: Size, scene: Scene, on: Clicks) => void;
