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
  const ratio = window.devicePixelRatio || 1;
  const half = Math.ceil(radius * 1.5 * ratio);
  const stamps = stampsOf(scene.theme.classes, radius, ratio, half);
  // A stamp at whole pixels of the screen stays as crisp as it was made.
  const whole = (px: number) => Math.round(px * ratio) / ratio;
  const size = (2 * half) / ratio;
  for (const shown of [0, 1]) {
    context.globalAlpha = shown ? 0.82 : 0.13;
    for (const one of [0, 1]) {
      for (const at of inSight) {
        if (label[at] !== one || listed[at] !== shown) continue;
        context.drawImage(stamps[one], whole(x(at)) - size / 2, whole(y(at)) - size / 2, size, size);
      }
    }
  }
  context.globalAlpha = 1;
}

let made: { key: string; stamps: readonly [HTMLCanvasElement, HTMLCanvasElement] } | undefined;

/** The two shapes as small pictures in pixels of the screen: two thousand paths in a frame would cost three times as much. */
function stampsOf(classes: readonly [string, string], radius: number, ratio: number, half: number): readonly [HTMLCanvasElement, HTMLCanvasElement] {
  const key = [...classes, radius, ratio].join();
  if (made?.key === key) return made.stamps;
  const stamp = (label: 0 | 1): HTMLCanvasElement => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * half, height: 2 * half });
    const context = canvas.getContext("2d");
    if (!context) return canvas;
    context.fillStyle = classes[label];
    context.beginPath();
    shape(context, label, half, half, radius * ratio);
    context.fill();
    return canvas;
  };
  made = { key, stamps: [stamp(0), stamp(1)] };
  return made.stamps;
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
