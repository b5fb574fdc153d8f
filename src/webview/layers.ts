import { range, scaleBand } from "d3";

/** The one axis that curve, heatmaps and row strips share: columns of equal width, the same pixels in each. */
export interface LayerAxis {
  /** Number of columns (layers + 1). */
  readonly count: number;
  /** Width of the whole lane, gutters included, px. */
  readonly width: number;
  /** First and last pixel of the columns; names stand left of them, values right. */
  readonly left: number;
  readonly right: number;
  /** Width of a column, px. */
  readonly step: number;
  /** Layers that get a number under the axis. */
  readonly ticks: readonly number[];
  /** What the columns are, where they are not layers, and what stands under each. */
  readonly name?: string;
  readonly names?: readonly string[];
  /** One column is narrow enough that the row's text needs a line of its own. */
  readonly narrow: boolean;
  start(layer: number): number;
  centre(layer: number): number;
  /** The layer under a pixel, kept within the columns. */
  at(x: number): number;
}

const NARROW = 560;

export function layerAxis(columns: number, width: number): LayerAxis {
  const count = Math.max(1, columns);
  const narrow = width < NARROW;
  const left = narrow ? Math.round(Math.min(116, width * 0.3)) : Math.round(Math.min(360, width * 0.39));
  const right = width - (narrow ? 62 : 74);
  const band = scaleBand<number>().domain(range(count)).range([left, right]);
  const step = band.step();
  return {
    count,
    width,
    left,
    right,
    step,
    narrow,
    ticks: ticks(count, step),
    start: (layer) => left + layer * step,
    centre: (layer) => left + (layer + 0.5) * step,
    at: (x) => Math.max(0, Math.min(count - 1, Math.floor((x - left) / step))),
  };
}

/** Every nth layer so that numbers stand 26 px apart, and the last one where there is room. */
function ticks(count: number, step: number): number[] {
  const every = [1, 2, 4, 5, 8, 10, 16, 20, 32, 40, 50, 64, 100, 128].find((n) => n * step >= 26) ?? 128;
  const shown = range(0, count, every);
  const last = count - 1;
  if (shown.at(-1) !== last) {
    if ((last - shown.at(-1)!) * step < 20 && shown.length > 1) shown.pop();
    shown.push(last);
  }
  return shown;
}

/** What a view needs to answer pointer and keys on the axis. */
export interface LayerHands {
  readonly axis: LayerAxis;
  readonly layer: number;
  choose(layer: number): void;
  hover(layer: number | null): void;
}

/** Hover, click and drag over an element whose left edge is the axis' zero. `hands` gives the latest scene. */
export function bindLayerPointer(
  at: HTMLElement,
  hands: () => LayerHands,
  over?: (event: PointerEvent, layer: number | null) => void,
  clicksInside = false,
): void {
  let dragging = false;
  const layerOf = (event: PointerEvent): number | null => {
    const { axis } = hands();
    const x = event.clientX - at.getBoundingClientRect().left;
    return dragging || (x >= axis.left && x <= axis.right) ? axis.at(x) : null;
  };
  at.addEventListener("pointerdown", (event) => {
    const layer = layerOf(event);
    if (layer === null || event.button !== 0) return;
    dragging = true;
    // A drag that leaves the picture goes on; the capture would also move the clicks of what lies inside, so lists do without.
    if (!clicksInside) at.setPointerCapture(event.pointerId);
    hands().choose(layer);
  });
  at.addEventListener("pointermove", (event) => {
    const layer = layerOf(event);
    hands().hover(layer);
    if (dragging && layer !== null) hands().choose(layer);
    over?.(event, layer);
  });
  for (const end of ["pointerup", "pointercancel"])
    at.addEventListener(end, () => {
      dragging = false;
    });
  at.addEventListener("pointerleave", (event) => {
    hands().hover(null);
    over?.(event, null);
  });
}

/** The layer that a key asks for, or nothing. */
export function layerKey(event: KeyboardEvent, layer: number, count: number): number | undefined {
  if (event.altKey || event.ctrlKey || event.metaKey) return undefined;
  const move: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -5, PageUp: 5, Home: -count, End: count };
  if (!Object.hasOwn(move, event.key)) return undefined;
  return Math.max(0, Math.min(count - 1, layer + move[event.key]));
}

/** Two marks over a picture: the chosen layer and the one under the pointer. `column` frames a column, `line` goes through its middle. */
export function crosshair(at: HTMLElement, axis: LayerAxis, layer: number, hover: number | null, form: "line" | "column", height?: number): void {
  place(at, "chosen", axis, layer, form, height);
  place(at, "hovered", axis, hover, form, height);
}

function place(at: HTMLElement, name: string, axis: LayerAxis, layer: number | null, form: "line" | "column", height?: number): void {
  let mark = at.querySelector<HTMLElement>(`:scope > .cross.${name}`);
  if (!mark) {
    mark = document.createElement("div");
    mark.setAttribute("aria-hidden", "true");
    at.append(mark);
  }
  const column = form === "column" && axis.step >= 5;
  mark.className = `cross ${name} ${column ? "column" : "line"}`;
  mark.hidden = layer === null;
  mark.style.height = height === undefined ? "" : `${height}px`;
  if (layer === null) return;
  mark.style.transform = `translateX(${(column ? axis.start(layer) : axis.centre(layer)).toFixed(2)}px)`;
  mark.style.width = column ? `${axis.step.toFixed(2)}px` : "";
}
