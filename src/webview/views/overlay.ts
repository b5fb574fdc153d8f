import type { Points, PromptPoint } from "../../protocol/index.js";
import { digits, probability } from "../format.js";
import type { Theme } from "../theme.js";
import type { Scene } from "./view.js";

/** Rows looked at to bring a score onto the map's own axis. */
const SAMPLE = 5_000;
/** Nearest rows that a prompt without a place of its own is put between. */
const NEAR = 5;
const REACH = 9;
const SIZE = 6;

/** A mark that lies over the rows of a map: a prompt in code, on the map's own axes. */
export interface OverlayMark {
  readonly prompt: PromptPoint;
  readonly x: number;
  /** null: nothing says how high it lies; it is drawn at the lower edge. */
  readonly y: number | null;
}

/** Prompts that can be placed at the scene's layer: across by their score, upwards between the rows nearest to them, unless they bring a place. */
export function placePrompts(prompts: readonly PromptPoint[], picture: Points, scene: Scene): OverlayMark[] {
  const here = prompts.filter((prompt) => prompt.layer === scene.layer && Number.isFinite(prompt.decision));
  if (here.length === 0) return [];
  const { count } = scene.rows;
  const base = scene.layer * count;
  const onAxis = scoreToAxis(picture, scene);
  return here.flatMap((prompt) => {
    const heights = prompt.near
      .slice(0, NEAR)
      .map((id) => picture.y[base + scene.indexOf(id)])
      .filter((value) => Number.isFinite(value));
    const x = prompt.x ?? onAxis(prompt.decision);
    const y = prompt.y ?? (heights.length > 0 ? heights.reduce((sum, value) => sum + value, 0) / heights.length : null);
    return Number.isFinite(x) ? [{ prompt, x, y }] : [];
  });
}

/** The line through the rows' scores and their places across: the map's axis may have another unit than the probe. */
function scoreToAxis(picture: Points, { rows, layer }: Scene): (score: number) => number {
  const every = Math.max(1, Math.floor(rows.count / SAMPLE));
  let [n, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < rows.count; i += every) {
    const score = rows.score[i * rows.columns + layer];
    const x = picture.x[layer * rows.count + i];
    if (!Number.isFinite(score) || !Number.isFinite(x)) continue;
    n++;
    sx += score;
    sy += x;
    sxx += score * score;
    sxy += score * x;
  }
  const spread = n * sxx - sx * sx;
  const slope = spread > 0 ? (n * sxy - sx * sy) / spread : 1;
  const start = n > 0 ? (sy - slope * sx) / n : 0;
  return (score) => start + slope * score;
}

/** A mark in px of the plot. */
export interface PlacedMark extends OverlayMark {
  readonly px: number;
  readonly py: number;
}

/** Squares with a name, above everything else; colour by side, and a ring where nothing is claimed. */
export function drawOverlay(context: CanvasRenderingContext2D, marks: readonly PlacedMark[], theme: Theme, wide: number): void {
  context.font = `11px ${theme.font}`;
  context.lineJoin = "round";
  for (const { prompt, px, py } of marks) {
    context.beginPath();
    context.moveTo(px, py - SIZE);
    context.lineTo(px + SIZE, py);
    context.lineTo(px, py + SIZE);
    context.lineTo(px - SIZE, py);
    context.closePath();
    context.fillStyle = prompt.side === "unsafe" ? theme.classes[1] : prompt.side === "safe" ? theme.classes[0] : theme.back;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = theme.fore;
    context.stroke();
    const left = px > wide - 90;
    context.textAlign = left ? "right" : "left";
    context.lineWidth = 3;
    context.strokeStyle = theme.back;
    const at = px + (left ? -10 : 10);
    context.strokeText(prompt.label, at, py + 4);
    context.fillStyle = theme.fore;
    context.fillText(prompt.label, at, py + 4);
  }
}

/** The mark under the pointer, the one drawn last first. */
export const markUnder = (marks: readonly PlacedMark[], px: number, py: number): PlacedMark | undefined =>
  [...marks].reverse().find((mark) => Math.hypot(mark.px - px, mark.py - py) <= REACH);

const SIDES: Readonly<Record<PromptPoint["side"], (names: readonly [string, string]) => string>> = {
  unsafe: (names) => `${names[1]} side`,
  safe: (names) => `${names[0]} side`,
  unsure: () => "between the sides",
  outside: () => "unlike every row of this dataset: nothing is claimed",
};

/** What is said of a prompt in a tip and to a screen reader. */
export const promptLines = (prompt: PromptPoint, { classNames }: Pick<Scene, "classNames">): string[] => [
  SIDES[prompt.side](classNames),
  ...(prompt.probability === null ? [] : [`probability of ${classNames[1]} ${probability(prompt.probability)}`]),
  `score ${digits(prompt.decision)} at layer ${prompt.layer}`,
];
