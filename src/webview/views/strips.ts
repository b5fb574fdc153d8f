import { quantileSorted, rgb } from "d3";
import type { RowTable } from "../../protocol/index.js";
import type { Theme } from "../theme.js";

/** Colour steps of a strip; more are not told apart in a cell of a few pixels. */
const STEPS = 128;
/** Rows looked at to find a layer's spread. */
const SAMPLE = 2_000;

/** Decision values differ in size from layer to layer, so each layer has its own full colour, at the 90th percentile of |score|; 0 = no scores (yet). */
export function layerSpread(rows: RowTable, layer: number): number {
  const every = Math.max(1, Math.floor(rows.count / SAMPLE));
  const sizes: number[] = [];
  for (let i = 0; i < rows.count; i += every) {
    const score = rows.score[i * rows.columns + layer];
    if (Number.isFinite(score)) sizes.push(Math.abs(score));
  }
  return (
    quantileSorted(
      sizes.sort((a, b) => a - b),
      0.9,
    ) ?? 0
  );
}

/** One pixel a layer, stretched by CSS to the columns of the axis. No pixel (hatched ground shows through) where there is no score. */
export class StripPainter {
  private readonly spread: Float64Array;
  private readonly ramp: Uint8ClampedArray;

  constructor(
    private readonly rows: RowTable,
    private readonly theme: Theme,
  ) {
    this.spread = new Float64Array(rows.columns);
    this.refresh();
    this.ramp = new Uint8ClampedArray((STEPS + 1) * 4);
    for (let s = 0; s <= STEPS; s++) {
      const { r, g, b } = rgb(theme.side((s / STEPS) * 2 - 1));
      this.ramp.set([r, g, b, 255], s * 4);
    }
  }

  /** After values have come: the spread of layers that had none. */
  refresh(): void {
    for (let l = 0; l < this.spread.length; l++) this.spread[l] ||= layerSpread(this.rows, l);
  }

  /** -1..1, or NaN. */
  side(i: number, layer: number): number {
    return Math.max(-1, Math.min(1, this.rows.score[i * this.rows.columns + layer] / (this.spread[layer] || 1)));
  }

  /** In high contrast class 1's side fills the upper half only and class 0's the lower, so the side is seen without colour. */
  paint(canvas: HTMLCanvasElement, i: number): void {
    const { columns } = this.rows;
    const lines = this.theme.contrast ? 2 : 1;
    if (canvas.width !== columns) canvas.width = columns;
    if (canvas.height !== lines) canvas.height = lines;
    const context = canvas.getContext("2d");
    if (!context) return;
    const image = context.createImageData(columns, lines);
    for (let l = 0; l < columns; l++) {
      const side = this.side(i, l);
      if (Number.isNaN(side)) continue;
      const step = Math.round(((side + 1) / 2) * STEPS) * 4;
      const none = Math.round(STEPS / 2) * 4;
      for (let line = 0; line < lines; line++) {
        const shown = lines === 1 || (side > 0 ? line === 0 : line === 1) ? step : none;
        image.data.set(this.ramp.subarray(shown, shown + 4), (line * columns + l) * 4);
      }
    }
    context.putImageData(image, 0, 0);
  }
}
