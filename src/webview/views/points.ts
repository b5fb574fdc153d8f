import { easeCubicInOut, scaleLinear, select, type ZoomTransform, zoom, zoomIdentity } from "d3";
import type { Points } from "../../protocol/index.js";
import { el, setAttr } from "../dom.js";
import { count, digits, shorten } from "../format.js";
import { drawCloud, MOST_POINTS } from "./cloud.js";
import { type Camera, type Grid, makeGrid } from "./grid.js";
import { mapKeys, mapPointer } from "./mapHands.js";
import { drawOverlay, type OverlayMark, type PlacedMark, placePrompts } from "./overlay.js";
import { cameraOf, EDGE, type MapMemory, type Places, plotSize } from "./plot.js";
import { layerExtent, project } from "./projection.js";
import type { Size, View } from "./view.js";

const GLIDE_MS = 360;
/** More points than this stand in their new places at once when the layer changes. */
const MOST_GLIDING = 5_000;
/** More than this are placed in several tasks. */
const MOST_AT_ONCE = 20_000;
const MOST_ZOOM = 60;

const memory = new WeakMap<HTMLElement, MapMemory>();

/** The rows at one layer, on a canvas: boundary, axes, density beyond 2,000, glides between layers, a lasso that filters the list. */
export const points: View<Points> = (at, picture, size, scene, on) => {
  const known = memory.get(at);
  const before = known && { ...known };
  const now = known ?? begin(at);
  const ready = scene.has(scene.layer);
  const moved = !before || before.picture !== picture || before.layer !== scene.layer || before.ready !== ready;
  const glides =
    before?.ready &&
    ready &&
    scene.theme.moves &&
    scene.rows.count <= MOST_GLIDING &&
    before.picture.x.length === picture.x.length &&
    before.layer !== scene.layer;
  const relisted = !before || before.scene.order !== scene.order || before.scene.view !== scene.view;
  Object.assign(now, { picture, scene, size, on, ready });
  if (moved) {
    now.layer = scene.layer;
    now.moves++;
    // Other rows at once: what lies under the pointer must be theirs.
    if (before?.picture === picture && scene.rows.count > MOST_AT_ONCE) void moveInSteps(now);
    else move(now, Boolean(glides));
  } else if (relisted) relist(now);
  const overlaid = moved || before.scene.prompts !== scene.prompts;
  if (overlaid) now.overlay = overlayOf(now);
  setAttr(now.canvas, "aria-label", describe(now));
  const restyled =
    !before ||
    before.scene.theme !== scene.theme ||
    before.scene.row !== scene.row ||
    before.ratio !== devicePixelRatio ||
    before.size.width !== size.width ||
    before.size.height !== size.height;
  if (glides) glide(now);
  else if (!now.frame && (moved || relisted || restyled || overlaid) && (now.grid as Grid | undefined)) paint(now);
};

/** Back to the whole picture. */
export const resetZoom = (at: HTMLElement): void => memory.get(at)?.resetZoom();

function begin(at: HTMLElement): MapMemory {
  const canvas = el("canvas", { class: "map-canvas", attrs: { role: "img", tabindex: 0 } });
  at.append(canvas);
  const now = { canvas, transform: zoomIdentity, frame: 0, painting: 0, lasso: null, overlay: [], marks: [], moves: 0 } as unknown as MapMemory;
  memory.set(at, now);
  const behaviour = zoom<HTMLCanvasElement, unknown>()
    .scaleExtent([1, MOST_ZOOM])
    .extent(() => plotBox(now.size))
    // The plot never leaves its frame.
    .constrain((transform) => {
      const [[x0, y0], [x1, y1]] = plotBox(now.size);
      const { k } = transform;
      const within = (value: number, lo: number, hi: number) => Math.max(hi * (1 - k), Math.min(lo * (1 - k), value));
      return zoomIdentity.translate(within(transform.x, x0, x1), within(transform.y, y0, y1)).scale(k);
    })
    // A plain wheel scrolls the page and a plain drag draws the lasso.
    .filter((event: WheelEvent | MouseEvent) =>
      event.type === "wheel" ? event.ctrlKey || event.metaKey : event.type === "mousedown" && (event.button === 1 || (event.button === 0 && event.shiftKey)),
    )
    .on("zoom", ({ transform }: { transform: ZoomTransform }) => {
      now.transform = transform;
      paintSoon(now);
    });
  const canvasOf = select<HTMLCanvasElement, unknown>(canvas);
  canvasOf.call(behaviour).on("dblclick.zoom", null);
  now.resetZoom = () => canvasOf.call(behaviour.transform, zoomIdentity);
  mapPointer(now, () => paintSoon(now));
  mapKeys(now, {
    zoom: (factor) => canvasOf.call(behaviour.scaleBy, factor),
    pan: (x, y) => canvasOf.call(behaviour.translateBy, x / now.transform.k, y / now.transform.k),
  });
  canvas.addEventListener("dblclick", () => now.resetZoom());
  return now;
}

const plotBox = ({ width, height }: Size): [[number, number], [number, number]] => [
  [EDGE.left, EDGE.top],
  [width - EDGE.right, height - EDGE.bottom],
];

function describe({ picture, scene, ready }: MapMemory): string {
  const dense = scene.rows.count > MOST_POINTS ? ", shown by density until zoomed in" : "";
  return `${picture.title} at layer ${scene.layer}: ${count(scene.view.rows.count)} rows${dense}${ready ? "" : ", on their way"}; across ${picture.xName}, upwards ${picture.yName}`;
}

function move(now: MapMemory, glides: boolean): void {
  const { picture, scene } = now;
  now.extent = layerExtent(picture, scene.layer, scene.rows.count);
  now.to = project(picture, scene.layer, scene.rows.count, now.extent);
  now.from = glides ? now.unit : now.to;
  now.began = performance.now();
  if (!glides) place(now, now.to);
}

const nextTask = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

/** Very many points change their layer in several tasks, none of them long; a newer layer takes over. */
async function moveInSteps(now: MapMemory): Promise<void> {
  const { moves, picture, scene } = now;
  const extent = layerExtent(picture, scene.layer, scene.rows.count);
  await nextTask();
  if (moves !== now.moves) return;
  const to = project(picture, scene.layer, scene.rows.count, extent);
  await nextTask();
  if (moves !== now.moves) return;
  Object.assign(now, { extent, to, from: to });
  place(now, to);
  now.overlay = overlayOf(now);
  paintSoon(now);
}

const overlayOf = ({ picture, scene }: MapMemory): readonly OverlayMark[] => (picture.slot === "map" ? placePrompts(scene.prompts, picture, scene) : []);

/** Points in 0..1, sorted into cells. */
function place(now: MapMemory, unit: Places): void {
  now.unit = unit;
  now.grid = makeGrid(unit.x, turned(unit.y), now.scene.view.rows.label);
  relist(now);
}

function turned(y: Float32Array): Float32Array {
  const v = new Float32Array(y.length);
  for (let i = 0; i < v.length; i++) v[i] = 1 - y[i];
  return v;
}

function relist(now: MapMemory): void {
  const { member } = now.grid;
  const rows = new Uint8Array(now.scene.view.rows.count);
  for (const i of now.scene.order) rows[i] = 1;
  now.listed = new Uint8Array(member.length);
  for (let at = 0; at < member.length; at++) now.listed[at] = rows[member[at]];
}

/** Moves the points from where they are to where they belong, in at most 360 ms; a newer layer takes over from here. */
function glide(now: MapMemory): void {
  cancelAnimationFrame(now.frame);
  const step = (time: number) => {
    const t = Math.min(1, Math.max(0, (time - now.began) / GLIDE_MS));
    const ease = easeCubicInOut(t);
    const mix = (from: Float32Array, to: Float32Array) => {
      const out = new Float32Array(to.length);
      for (let i = 0; i < to.length; i++) out[i] = Number.isNaN(from[i]) ? to[i] : from[i] + (to[i] - from[i]) * ease;
      return out;
    };
    place(now, t >= 1 ? now.to : { x: mix(now.from.x, now.to.x), y: mix(now.from.y, now.to.y) });
    now.frame = t >= 1 ? 0 : requestAnimationFrame(step);
    paint(now);
  };
  now.frame = requestAnimationFrame(step);
}

/** Once for all that happens until the next frame. */
function paintSoon(now: MapMemory): void {
  now.painting ||= requestAnimationFrame(() => paint(now));
}

function paint(now: MapMemory): void {
  cancelAnimationFrame(now.painting);
  now.painting = 0;
  const { canvas, size, scene, unit } = now;
  const ratio = window.devicePixelRatio || 1;
  now.ratio = ratio;
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (width === 0 || height === 0) return;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.height}px`;
  const [wide, high] = plotSize(size);
  const camera = cameraOf(now);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  drawFrame(context, now, wide, high);
  context.save();
  context.translate(EDGE.left, EDGE.top);
  context.beginPath();
  context.rect(-4, -4, wide + 8, high + 8);
  context.clip();
  const there = scene.row >= 0 && !Number.isNaN(unit.x[scene.row]) && !Number.isNaN(unit.y[scene.row]);
  const chosen: [number, number] | undefined = there
    ? [camera.left + unit.x[scene.row] * camera.width, camera.top + (1 - unit.y[scene.row]) * camera.height]
    : undefined;
  canvas.dataset["shows"] = drawCloud(context, { grid: now.grid, camera, listed: now.listed, chosen }, scene, wide, high);
  now.marks = now.overlay.map((mark) => placeMark(now, mark, camera, high));
  drawOverlay(context, now.marks, scene.theme, wide);
  if (now.lasso && now.lasso.length > 1) drawLasso(context, now.lasso, scene.theme.fore);
  context.restore();
}

function drawLasso(context: CanvasRenderingContext2D, path: readonly (readonly [number, number])[], colour: string): void {
  context.beginPath();
  for (const [x, y] of path) context.lineTo(x, y);
  context.closePath();
  context.setLineDash([4, 3]);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

/** Beyond the extent a mark lies on the edge, as rows do. */
function placeMark({ extent }: MapMemory, mark: OverlayMark, camera: Camera, high: number): PlacedMark {
  const within = (value: number, [lo, hi]: readonly [number, number]) => Math.max(0, Math.min(1, (value - lo) / (hi - lo)));
  const px = camera.left + within(mark.x, extent.x) * camera.width;
  return { ...mark, px, py: mark.y === null ? high - 8 : camera.top + (1 - within(mark.y, extent.y)) * camera.height };
}

function drawFrame(context: CanvasRenderingContext2D, { picture, scene, extent, transform, ready }: MapMemory, wide: number, high: number): void {
  const { theme } = scene;
  const { left, width } = cameraOf({ size: { width: wide + EDGE.left + EDGE.right, height: high + EDGE.top + EDGE.bottom }, transform });
  const full = scaleLinear()
    .domain(extent.x)
    .range([left, left + width]);
  const x = full
    .copy()
    .domain([full.invert(0), full.invert(wide)])
    .range([0, wide]);
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.quiet;
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.strokeRect(EDGE.left + 0.5, EDGE.top + 0.5, wide - 1, high - 1);
  context.textAlign = "center";
  for (const tick of x.ticks(Math.max(2, Math.floor(wide / 80)))) context.fillText(digits(tick), EDGE.left + x(tick), EDGE.top + high + 13);
  const px = EDGE.left + x(picture.boundary);
  if (px > EDGE.left && px < EDGE.left + wide) {
    context.strokeStyle = theme.fore;
    context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(px, EDGE.top);
    context.lineTo(px, EDGE.top + high);
    context.stroke();
    context.setLineDash([]);
  }
  context.fillText(shorten(picture.xName, wide), EDGE.left + wide / 2, EDGE.top + high + 28);
  if (!ready) context.fillText("This layer is on its way", EDGE.left + wide / 2, EDGE.top + high / 2);
  context.save();
  context.translate(14, EDGE.top + high / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(shorten(picture.yName, high), 0, 0);
  context.restore();
}
