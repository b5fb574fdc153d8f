import { color } from "d3";
import type { Theme } from "../theme.js";
import { type Camera, type Grid, runsIn } from "./grid.js";

/** A cell is between half of this and this wide and high, px. */
const CELL = 6;

/** Counts of the cells in sight. Cells are fixed to the points, not to the window: they do not shimmer when it moves. */
export interface Density {
  /** First cell in sight, cells in sight, and their size in px. */
  readonly column: number;
  readonly line: number;
  readonly across: number;
  readonly down: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** [across * down]: all points, those of class 1, those listed. */
  readonly all: Uint32Array;
  readonly one: Uint32Array;
  readonly listed: Uint32Array;
  /** Points in sight. */
  readonly seen: number;
}

let room = { all: new Uint32Array(0), one: new Uint32Array(0), listed: new Uint32Array(0) };

/** One pass over the points in sight; the arrays are valid until the next call. @param listed [points] in the grid's order */
export function countCells(grid: Grid, camera: Camera, wide: number, high: number, listed: Uint8Array): Density {
  const cells = (size: number) => 2 ** Math.max(0, Math.ceil(Math.log2(size / CELL)));
  const [columns, lines] = [cells(camera.width), cells(camera.height)];
  const inSight = (edge: number, from: number, size: number, count: number) => Math.max(0, Math.min(count - 1, Math.floor(((edge - from) / size) * count)));
  const column = inSight(0, camera.left, camera.width, columns);
  const line = inSight(0, camera.top, camera.height, lines);
  const across = inSight(wide, camera.left, camera.width, columns) - column + 1;
  const down = inSight(high, camera.top, camera.height, lines) - line + 1;
  const size = across * down;
  if (room.all.length < size) room = { all: new Uint32Array(size), one: new Uint32Array(size), listed: new Uint32Array(size) };
  const { all, one, listed: shown } = room;
  all.fill(0, 0, size);
  one.fill(0, 0, size);
  shown.fill(0, 0, size);
  const { u, v, label } = grid;
  let seen = 0;
  runsIn(grid, camera, [0, 0, wide, high], (from, to) => {
    for (let at = from; at < to; at++) {
      const x = Math.min(columns - 1, (u[at] * columns) | 0) - column;
      const y = Math.min(lines - 1, (v[at] * lines) | 0) - line;
      if (x < 0 || y < 0 || x >= across || y >= down) continue;
      const cell = y * across + x;
      all[cell]++;
      one[cell] += label[at];
      shown[cell] += listed[at];
      seen++;
    }
  });
  return { column, line, across, down, cellWidth: camera.width / columns, cellHeight: camera.height / lines, all, one, listed: shown, seen };
}

let sheet: { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D } | undefined;

/** Strength by count (square root), hue by the share of the classes; a class' full colour where it is alone. A pixel a cell, enlarged without smoothing. */
export function drawDensity(context: CanvasRenderingContext2D, density: Density, camera: Camera, theme: Theme): void {
  const { across, down, all, one, listed } = density;
  if (!sheet) {
    const canvas = document.createElement("canvas");
    const made = canvas.getContext("2d", { willReadFrequently: true });
    if (!made) return;
    sheet = { canvas, context: made };
  }
  if (sheet.canvas.width < across) sheet.canvas.width = across;
  if (sheet.canvas.height < down) sheet.canvas.height = down;
  // Cells of the rim also hold what lies beyond; they do not set the scale.
  let most = 1;
  for (let y = 1; y < down - 1; y++) for (let c = y * across + 1; c < (y + 1) * across - 1; c++) if (all[c] > most) most = all[c];
  const [zero, other] = theme.classes.map((hue) => color(hue)!.rgb());
  const image = sheet.context.createImageData(across, down);
  const pixels = image.data;
  for (let c = 0, at = 0; c < across * down; c++, at += 4) {
    if (all[c] === 0) continue;
    const share = one[c] / all[c];
    pixels[at] = zero.r + (other.r - zero.r) * share;
    pixels[at + 1] = zero.g + (other.g - zero.g) * share;
    pixels[at + 2] = zero.b + (other.b - zero.b) * share;
    pixels[at + 3] = 255 * (listed[c] === 0 ? 0.06 : 0.15 + 0.85 * Math.sqrt(Math.min(1, listed[c] / most)));
  }
  sheet.context.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  const [left, top] = [camera.left + density.column * density.cellWidth, camera.top + density.line * density.cellHeight];
  context.drawImage(sheet.canvas, 0, 0, across, down, left, top, across * density.cellWidth, down * density.cellHeight);
  context.imageSmoothingEnabled = true;
}
