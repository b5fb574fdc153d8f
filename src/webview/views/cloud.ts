import { color } from "d3";
import type { Bins } from "./bins.js";
import type { Scene } from "./view.js";

/** Beyond this many points density is drawn first; points when zoomed in far enough. */
export const MOST_POINTS = 2_000;

interface Cloud {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly bins: Bins;
  /** [rows] 1 = listed (inside filter and lasso). */
  readonly listed: Uint8Array;
}

/** Density cells when more than 2,000 points are in sight, else a circle or a triangle a row; the chosen row on top. */
export function drawCloud(context: CanvasRenderingContext2D, { x, y, bins, listed }: Cloud, scene: Scene, wide: number, high: number): void {
  const { label } = scene.view.rows;
  const inSight: number[] = [];
  let seen = 0;
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i]) || x[i] < -5 || x[i] > wide + 5 || y[i] < -5 || y[i] > high + 5) continue;
    if (++seen <= MOST_POINTS) inSight.push(i);
  }
  if (seen > MOST_POINTS) drawDensity(context, bins, scene, wide, high, listed);
  else {
    const radius = inSight.length > 800 ? 2.4 : inSight.length > 200 ? 3 : 3.8;
    for (const shown of [0, 1]) {
      for (const label0 of [0, 1]) {
        context.fillStyle = scene.theme.classes[label0];
        context.globalAlpha = shown ? 0.82 : 0.13;
        context.beginPath();
        for (const i of inSight) if (label[i] === label0 && (listed[i] ?? 0) === shown) shape(context, label0, x[i], y[i], radius);
        context.fill();
      }
    }
    context.globalAlpha = 1;
  }
  const { row } = scene;
  if (row >= 0 && row < x.length && !Number.isNaN(x[row])) {
    context.beginPath();
    shape(context, label[row], x[row], y[row], 5);
    context.fillStyle = scene.theme.classes[label[row] === 1 ? 1 : 0];
    context.fill();
    context.beginPath();
    context.arc(x[row], y[row], 9, 0, 2 * Math.PI);
    context.lineWidth = 2.5;
    context.strokeStyle = scene.theme.fore;
    context.stroke();
  }
}

/** Added to the current path. */
function shape(context: CanvasRenderingContext2D, label: number, x: number, y: number, r: number): void {
  if (label === 1) {
    context.moveTo(x, y - r * 1.25);
    context.lineTo(x + r * 1.15, y + r * 0.9);
    context.lineTo(x - r * 1.15, y + r * 0.9);
    context.closePath();
  } else {
    context.moveTo(x + r, y);
    context.arc(x, y, r, 0, 2 * Math.PI);
  }
}

/** Strength by count (square root), hue by the share of the classes; a class' full colour where it is alone. */
function drawDensity(context: CanvasRenderingContext2D, bins: Bins, { theme }: Scene, wide: number, high: number, listed: Uint8Array): void {
  const total = (c: number) => bins.start[c + 1] - bins.start[c];
  let most = 1;
  for (let c = 0; c < bins.across * bins.down; c++) if (!edge(bins, c)) most = Math.max(most, total(c));
  const [blue, orange] = theme.classes.map((hue) => color(hue)!.rgb());
  const { cell } = bins;
  for (let c = 0; c < bins.across * bins.down; c++) {
    let n = 0;
    for (let m = bins.start[c]; m < bins.start[c + 1]; m++) n += listed[bins.member[m]] ?? 0;
    const all = total(c);
    if (all === 0) continue;
    const share = bins.one[c] / all;
    const mix = (a: number, b: number) => Math.round(a + (b - a) * share);
    context.fillStyle = `rgb(${mix(blue.r, orange.r)} ${mix(blue.g, orange.g)} ${mix(blue.b, orange.b)})`;
    context.globalAlpha = n === 0 ? 0.06 : 0.15 + 0.85 * Math.sqrt(Math.min(1, n / most));
    const [left, top] = [(c % bins.across) * cell, Math.floor(c / bins.across) * cell];
    context.fillRect(left, top, Math.min(cell, wide - left) - 0.5, Math.min(cell, high - top) - 0.5);
  }
  context.globalAlpha = 1;
}

/** Cells of the rim also hold what lies beyond; they do not set the scale. */
const edge = ({ across, down }: Bins, c: number): boolean => c % across === 0 || c % across === across - 1 || c < across || c >= across * (down - 1);
