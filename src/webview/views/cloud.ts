import { countCells, drawDensity } from "./density.js";
import { type Camera, type Grid, runsIn } from "./grid.js";
import type { Scene } from "./view.js";

/** Beyond this many points in sight density is drawn; points when zoomed in far enough. */
export const MOST_POINTS = 2_000;

export interface Cloud {
  readonly grid: Grid;
  readonly camera: Camera;
  /** [points] in the grid's order: 1 = inside filter and lasso. */
  readonly listed: Uint8Array;
  /** Place of the chosen row in px; undefined = none, or it is nowhere. */
  readonly chosen: readonly [number, number] | undefined;
}

/** Density cells when more than 2,000 points are in sight, else a circle or a triangle a row; the chosen row on top. @returns what was drawn */
export function drawCloud(context: CanvasRenderingContext2D, cloud: Cloud, scene: Scene, wide: number, high: number): "points" | "density" {
  const { grid, camera, listed, chosen } = cloud;
  const density = grid.member.length > MOST_POINTS ? countCells(grid, camera, wide, high, listed) : undefined;
  const dense = density !== undefined && density.seen > MOST_POINTS;
  if (dense) drawDensity(context, density, camera, scene.theme);
  else drawPoints(context, cloud, scene, wide, high);
  if (chosen) {
    const label = scene.view.rows.label[scene.row];
    context.beginPath();
    shape(context, label, ...chosen, 5);
    context.fillStyle = scene.theme.classes[label === 1 ? 1 : 0];
    context.fill();
    context.beginPath();
    context.arc(...chosen, 9, 0, 2 * Math.PI);
    context.lineWidth = 2.5;
    context.strokeStyle = scene.theme.fore;
    context.stroke();
  }
  return dense ? "density" : "points";
}

function drawPoints(context: CanvasRenderingContext2D, { grid, camera, listed }: Cloud, scene: Scene, wide: number, high: number): void {
  const inSight: number[] = [];
  const { u, v, label } = grid;
  const x = (at: number) => camera.left + u[at] * camera.width;
  const y = (at: number) => camera.top + v[at] * camera.height;
  runsIn(grid, camera, [-5, -5, wide + 5, high + 5], (from, to) => {
    for (let at = from; at < to; at++) if (x(at) >= -5 && x(at) <= wide + 5 && y(at) >= -5 && y(at) <= high + 5) inSight.push(at);
  });
  const radius = inSight.length > 800 ? 2.4 : inSight.length > 200 ? 3 : 3.8;
  for (const shown of [0, 1]) {
    for (const one of [0, 1]) {
      context.fillStyle = scene.theme.classes[one];
      context.globalAlpha = shown ? 0.82 : 0.13;
      context.beginPath();
      for (const at of inSight) if (label[at] === one && listed[at] === shown) shape(context, one, x(at), y(at), radius);
      context.fill();
    }
  }
  context.globalAlpha = 1;
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
