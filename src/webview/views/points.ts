import { easeCubicInOut, polygonContains, scaleLinear, select, type ZoomTransform, zoom, zoomIdentity } from "d3";
import type { Points } from "../../protocol/index.js";
import { el, setAttr } from "../dom.js";
import { digits, shorten } from "../format.js";
import { layerKey } from "../layers.js";
import { type Bins, makeBins, nearest } from "./bins.js";
import { drawCloud } from "./cloud.js";
import { drawOverlay, markUnder, type OverlayMark, type PlacedMark, placePrompts, promptLines } from "./overlay.js";
import { type Extent, layerExtent, project } from "./projection.js";
import { rowTitle, sideName } from "./row.js";
import type { Clicks, Scene, Size, View } from "./view.js";

export const EDGE = { left: 34, right: 10, top: 10, bottom: 34 };
const GLIDE_MS = 360;

interface Memory {
  picture: Points;
  scene: Scene;
  size: Size;
  on: Clicks;
  canvas: HTMLCanvasElement;
  extent: Extent;
  /** Where the points are drawn now, in 0..1, and where they glide from and to. */
  unit: { x: Float32Array; y: Float32Array };
  from: { x: Float32Array; y: Float32Array };
  to: { x: Float32Array; y: Float32Array };
  /** The same in px, with the bins that answer the pointer. */
  x: Float32Array;
  y: Float32Array;
  bins: Bins;
  listed: Uint8Array;
  /** What lies over the rows, on the map's axes and in px. */
  overlay: readonly OverlayMark[];
  marks: readonly PlacedMark[];
  transform: ZoomTransform;
  frame: number;
  began: number;
  lasso: [number, number][] | null;
  layer: number;
  resetZoom(): void;
}
const memory = new WeakMap<HTMLElement, Memory>();

/** The rows at one layer, on a canvas: boundary, axes, density beyond 2,000, glides between layers, a lasso that filters the list. */
export const points: View<Points> = (at, picture, size, scene, on) => {
  const known = memory.get(at);
  const before = known && { ...known };
  const now = known ?? begin(at);
  const moved = !before || before.picture !== picture || before.layer !== scene.layer;
  const glides = before && scene.theme.moves && before.picture.x.length === picture.x.length && before.layer !== scene.layer;
  const relisted = !before || before.scene.order !== scene.order || before.scene.view !== scene.view;
  Object.assign(now, { picture, scene, size, on });
  if (relisted) {
    now.listed = new Uint8Array(scene.view.rows.count);
    for (const i of scene.order) now.listed[i] = 1;
  }
  if (moved) {
    now.layer = scene.layer;
    now.extent = layerExtent(picture, scene.layer, scene.view.rows.count);
    now.to = project(picture, scene.layer, scene.view.rows.count, now.extent);
    now.from = glides ? now.unit : now.to;
    now.began = performance.now();
    if (!glides) now.unit = now.to;
  }
  const overlaid = moved || before.scene.prompts !== scene.prompts;
  if (overlaid) now.overlay = picture.slot === "map" ? placePrompts(scene.prompts, picture, scene) : [];
  setAttr(now.canvas, "aria-label", describe(now));
  const restyled =
    !before || before.scene.theme !== scene.theme || before.scene.row !== scene.row || before.size.width !== size.width || before.size.height !== size.height;
  if (glides) glide(now);
  else if (!now.frame && (moved || relisted || restyled || overlaid)) paint(now);
};

/** Back to the whole picture. */
export const resetZoom = (at: HTMLElement): void => memory.get(at)?.resetZoom();

function begin(at: HTMLElement): Memory {
  const canvas = el("canvas", { class: "map-canvas", attrs: { role: "img", tabindex: 0 } });
  at.append(canvas);
  const now = { canvas, transform: zoomIdentity, frame: 0, lasso: null, overlay: [], marks: [] } as unknown as Memory;
  memory.set(at, now);
  const behaviour = zoom<HTMLCanvasElement, unknown>()
    .scaleExtent([1, 40])
    // A plain wheel scrolls the page and a plain drag draws the lasso.
    .filter((event: WheelEvent) => event.type === "wheel" && (event.ctrlKey || event.metaKey))
    .on("zoom", ({ transform }: { transform: ZoomTransform }) => {
      now.transform = transform;
      paint(now);
    });
  select(canvas).call(behaviour);
  now.resetZoom = () => select(canvas).call(behaviour.transform, zoomIdentity);
  pointer(now);
  canvas.addEventListener("dblclick", () => now.resetZoom());
  canvas.addEventListener("keydown", (event) => {
    const { scene, on } = now;
    const layer = layerKey(event, scene.layer, scene.axis.count);
    if (event.key === "+" || event.key === "-") select(canvas).call(behaviour.scaleBy, event.key === "+" ? 1.5 : 1 / 1.5);
    else if (event.key === "0") now.resetZoom();
    else if (event.key === "Enter" && scene.row >= 0) on.row(scene.row, "open");
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && scene.order.length > 0) {
      const place = scene.order.indexOf(scene.row) + (event.key === "ArrowDown" ? 1 : -1);
      on.row(scene.order[Math.max(0, Math.min(scene.order.length - 1, place))], "mark");
    } else if (layer !== undefined) on.layer(layer);
    else return;
    event.preventDefault();
  });
  return now;
}

function describe({ picture, scene }: Memory): string {
  return `${picture.title} at layer ${scene.layer}: ${scene.view.rows.count} rows; across ${picture.xName}, upwards ${picture.yName}`;
}

/** Moves the points from where they are to where they belong, in at most 360 ms; a newer layer takes over from here. */
function glide(now: Memory): void {
  cancelAnimationFrame(now.frame);
  const step = (time: number) => {
    const t = Math.min(1, Math.max(0, (time - now.began) / GLIDE_MS));
    const ease = easeCubicInOut(t);
    const mix = (from: Float32Array, to: Float32Array) => {
      const out = new Float32Array(to.length);
      for (let i = 0; i < to.length; i++) out[i] = Number.isNaN(from[i]) ? to[i] : from[i] + (to[i] - from[i]) * ease;
      return out;
    };
    now.unit = t >= 1 ? now.to : { x: mix(now.from.x, now.to.x), y: mix(now.from.y, now.to.y) };
    now.frame = t >= 1 ? 0 : requestAnimationFrame(step);
    paint(now);
  };
  now.frame = requestAnimationFrame(step);
}

function paint(now: Memory): void {
  const { canvas, size, scene, unit, transform } = now;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (width === 0 || height === 0) return;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.height}px`;
  const [wide, high] = [size.width - EDGE.left - EDGE.right, size.height - EDGE.top - EDGE.bottom];
  const n = unit.x.length;
  now.x = new Float32Array(n);
  now.y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    now.x[i] = transform.applyX(unit.x[i] * wide);
    now.y[i] = transform.applyY((1 - unit.y[i]) * high);
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  // A finer grid for the density than fingers need would cost the pointer nothing: one set of bins serves both.
  now.bins = makeBins(now.x, now.y, scene.view.rows.label, wide, high, 5);
  drawFrame(context, now, wide, high);
  context.save();
  context.translate(EDGE.left, EDGE.top);
  context.beginPath();
  context.rect(-4, -4, wide + 8, high + 8);
  context.clip();
  drawCloud(context, now, scene, wide, high);
  now.marks = now.overlay.map((mark) => placeMark(now, mark, wide, high));
  drawOverlay(context, now.marks, scene.theme, wide);
  if (now.lasso && now.lasso.length > 1) {
    context.beginPath();
    for (const [x, y] of now.lasso) context.lineTo(x, y);
    context.closePath();
    context.setLineDash([4, 3]);
    context.lineWidth = 1.5;
    context.strokeStyle = scene.theme.fore;
    context.stroke();
    context.setLineDash([]);
  }
  context.restore();
}

/** Beyond the extent a mark lies on the edge, as rows do. */
function placeMark({ extent, transform }: Memory, mark: OverlayMark, wide: number, high: number): PlacedMark {
  const within = (value: number, [lo, hi]: readonly [number, number]) => Math.max(0, Math.min(1, (value - lo) / (hi - lo)));
  const px = transform.applyX(within(mark.x, extent.x) * wide);
  return { ...mark, px, py: mark.y === null ? high - 8 : transform.applyY((1 - within(mark.y, extent.y)) * high) };
}

function drawFrame(context: CanvasRenderingContext2D, { picture, scene, extent, transform }: Memory, wide: number, high: number): void {
  const { theme } = scene;
  const x = transform.rescaleX(scaleLinear().domain(extent.x).range([0, wide]));
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
  context.save();
  context.translate(14, EDGE.top + high / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(shorten(picture.yName, high), 0, 0);
  context.restore();
}

/** Hover, click and lasso. A press that hardly moves is a click. */
function pointer(now: Memory): void {
  const { canvas } = now;
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left - EDGE.left, event.clientY - box.top - EDGE.top];
  };
  const under = (event: PointerEvent) => nearest(now.bins, now.x, now.y, ...place(event), 10);
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    now.lasso = [place(event)];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (now.lasso) {
      now.lasso.push(place(event));
      now.on.tip(null);
      return paint(now);
    }
    const mark = markUnder(now.marks, ...place(event));
    if (mark) {
      const lines = [...promptLines(mark.prompt, now.scene), "Click goes to the code"];
      return now.on.tip({ x: event.clientX, y: event.clientY, title: mark.prompt.label, lines });
    }
    const i = under(event);
    if (i < 0) return now.on.tip(null);
    const { rows } = now.scene.view;
    now.on.tip({
      x: event.clientX,
      y: event.clientY,
      title: rowTitle(now.scene, i),
      lines: [`layer ${now.layer}: ${sideName(rows.score[i * rows.columns + now.layer], now.scene)}`],
      row: i,
    });
  });
  canvas.addEventListener("pointerup", (event) => {
    const path = now.lasso;
    now.lasso = null;
    if (!path) return;
    const reach = Math.max(...path.map(([x, y]) => Math.hypot(x - path[0][0], y - path[0][1])));
    if (reach < 5) {
      const mark = markUnder(now.marks, ...place(event));
      const i = mark ? -1 : under(event);
      if (mark) now.on.prompt?.(mark.prompt.key);
      else if (i >= 0) now.on.row(i, "show");
    } else {
      const inside: number[] = [];
      for (let i = 0; i < now.x.length; i++) if (!Number.isNaN(now.x[i]) && polygonContains(path, [now.x[i], now.y[i]])) inside.push(i);
      now.on.lasso(inside.length > 0 ? inside : null);
    }
    paint(now);
  });
  canvas.addEventListener("pointercancel", () => {
    now.lasso = null;
    paint(now);
  });
  canvas.addEventListener("pointerleave", () => now.on.tip(null));
}
