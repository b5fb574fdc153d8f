import type { ZoomTransform } from "d3";
import type { Points } from "../../protocol/index.js";
import type { Camera, Grid } from "./grid.js";
import type { OverlayMark, PlacedMark } from "./overlay.js";
import type { Extent } from "./projection.js";
import type { Clicks, Scene, Size } from "./view.js";

/** Room for the axes around the plot, px. */
export const EDGE = { left: 34, right: 10, top: 10, bottom: 34 };

export interface Places {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** What a map remembers between drawings. */
export interface MapMemory {
  picture: Points;
  scene: Scene;
  size: Size;
  on: Clicks;
  canvas: HTMLCanvasElement;
  extent: Extent;
  /** Where the points are drawn now, in 0..1, upwards, and where they glide from and to. */
  unit: Places;
  from: Places;
  to: Places;
  /** The same, sorted into cells: drawn from and asked by the pointer. */
  grid: Grid;
  /** [points] in the grid's order: 1 = inside filter and lasso. */
  listed: Uint8Array;
  /** What lies over the rows, on the map's axes and in px. */
  overlay: readonly OverlayMark[];
  marks: readonly PlacedMark[];
  transform: ZoomTransform;
  /** Frames that are waited for: of a glide, of a painting. */
  frame: number;
  painting: number;
  began: number;
  lasso: [number, number][] | null;
  layer: number;
  /** Raised with every change of layer or picture. */
  moves: number;
  ready: boolean;
  ratio: number;
  resetZoom(): void;
}
/** Width and height of the plot inside its edges, px. */
export const plotSize = ({ width, height }: Size): [number, number] => [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];

/** How the plot is looked at, in px of the plot; the zoom's own numbers are those of the canvas. */
export function cameraOf({ size, transform }: Pick<MapMemory, "size" | "transform">): Camera {
  const [wide, high] = plotSize(size);
  return {
    left: transform.applyX(EDGE.left) - EDGE.left,
    top: transform.applyY(EDGE.top) - EDGE.top,
    width: wide * transform.k,
    height: high * transform.k,
  };
}
