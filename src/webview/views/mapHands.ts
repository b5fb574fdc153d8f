import { layerKey } from "../layers.js";
import { nearest, rowsInside } from "./grid.js";
import { markUnder, promptLines } from "./overlay.js";
import { cameraOf, EDGE, type MapMemory, plotSize } from "./plot.js";
import { rowTitle, sideName } from "./row.js";

/** A press that moves less than this is a click; corners of a lasso are at least so far apart, px. */
const STILL = 5;
const CORNER = 2;
const REACH = 10;
/** What an arrow key pans by, px. */
const PAN = 40;

/** Hover, click and lasso. A press that hardly moves is a click; one with Shift, or of the middle button, pans and is the zoom's. */
export function mapPointer(now: MapMemory, paint: () => void): void {
  const { canvas } = now;
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left - EDGE.left, event.clientY - box.top - EDGE.top];
  };
  const under = (event: PointerEvent) => nearest(now.grid, cameraOf(now), ...place(event), REACH);
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.shiftKey) return;
    canvas.setPointerCapture(event.pointerId);
    now.lasso = [place(event)];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (now.lasso) {
      const [x, y] = place(event);
      const [lastX, lastY] = now.lasso[now.lasso.length - 1];
      if (Math.hypot(x - lastX, y - lastY) < CORNER) return;
      now.lasso.push([x, y]);
      now.on.tip(null);
      paint();
    } else hover(now, event, place(event), under(event));
  });
  canvas.addEventListener("pointerup", (event) => {
    const path = now.lasso;
    now.lasso = null;
    if (!path) return;
    const reach = Math.max(...path.map(([x, y]) => Math.hypot(x - path[0][0], y - path[0][1])));
    if (reach < STILL) {
      const mark = markUnder(now.marks, ...place(event));
      const i = mark ? -1 : under(event);
      if (mark) now.on.prompt?.(mark.prompt.key);
      else if (i >= 0) now.on.row(i, "show");
    } else {
      const inside = rowsInside(now.grid, cameraOf(now), path, ...plotSize(now.size));
      now.on.lasso(inside.length > 0 ? inside : null);
    }
    paint();
  });
  canvas.addEventListener("pointercancel", () => {
    now.lasso = null;
    paint();
  });
  canvas.addEventListener("pointerleave", () => now.on.tip(null));
}

function hover(now: MapMemory, event: PointerEvent, at: readonly [number, number], i: number): void {
  const { scene, on, layer } = now;
  const { clientX: x, clientY: y } = event;
  const mark = markUnder(now.marks, ...at);
  if (mark) {
    on.tip({ x, y, title: mark.prompt.label, lines: [...promptLines(mark.prompt, scene), "Click goes to the code"] });
    return;
  }
  const { rows } = scene.view;
  on.tip(i < 0 ? null : { x, y, title: rowTitle(scene, i), lines: [`layer ${layer}: ${sideName(rows.score[i * rows.columns + layer], scene)}`], row: i });
}

/** + and - zoom, 0 shows all, Shift with an arrow pans; arrows move layer and row, Enter opens. */
export function mapKeys(now: MapMemory, hands: { zoom(factor: number): void; pan(x: number, y: number): void }): void {
  const pans: Record<string, [number, number]> = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
  now.canvas.addEventListener("keydown", (event) => {
    const { scene, on } = now;
    const layer = layerKey(event, scene.layer, scene.axis.count);
    if (event.key === "+" || event.key === "-") hands.zoom(event.key === "+" ? 1.5 : 1 / 1.5);
    else if (event.key === "0") now.resetZoom();
    else if (event.shiftKey && Object.hasOwn(pans, event.key)) hands.pan(...pans[event.key]);
    else if (event.key === "Enter" && scene.row >= 0) on.row(scene.row, "open");
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && scene.order.length > 0) {
      const place = scene.order.indexOf(scene.row) + (event.key === "ArrowDown" ? 1 : -1);
      on.row(scene.order[Math.max(0, Math.min(scene.order.length - 1, place))], "mark");
    } else if (layer !== undefined) on.layer(layer);
    else return;
    event.preventDefault();
  });
}
