import { select } from "d3";
import type { Strips } from "../../protocol/index.js";
import { el, setAttr } from "../dom.js";
import { shorten } from "../format.js";
import { bindLayerPointer, crosshair, layerKey } from "../layers.js";
import { emptyRow, fillRow, markRow, rowContext, rowHeight, rowTitle, sideName } from "./row.js";
import { StripPainter } from "./strips.js";
import { layerTicks } from "./ticks.js";
import type { Clicks, Scene, View } from "./view.js";

/** The layer numbers above the list, px. */
export const LIST_HEAD = 24;
/** Rows drawn beyond each edge of what is in sight. */
const SPARE = 6;

interface Memory {
  scene: Scene;
  on: Clicks;
  painter: StripPainter;
  head: HTMLElement;
  scroller: HTMLElement;
  ground: HTMLElement;
  /** Row elements in use, by place in the order. */
  drawn: Map<number, HTMLElement>;
  spare: HTMLElement[];
  /** Row that was last brought into sight, so that a redraw does not scroll. */
  shown: number;
}
const memory = new WeakMap<HTMLElement, Memory>();

/** The virtual list: a glyph for the label, the text, the strip over the layers, the probability. Only rows in sight exist. */
export const rows: View<Strips> = (at, picture, size, scene, on) => {
  const now = memory.get(at) ?? begin(at, picture);
  const before = now.scene as Scene | undefined;
  const retable = !before || before.view.rows !== scene.view.rows;
  if (retable || before.theme !== scene.theme) now.painter = new StripPainter(scene.view.rows, scene.theme);
  now.scene = scene;
  now.on = on;
  const reaxis = !before || before.axis !== scene.axis || before.theme !== scene.theme;
  if (reaxis) drawHead(now);
  const reorder = !before || before.order !== scene.order;
  now.scroller.style.height = `${size.height - LIST_HEAD}px`;
  now.ground.style.height = `${scene.order.length * rowHeight(scene.axis.narrow)}px`;
  setAttr(now.scroller, "aria-label", `${picture.title}: ${scene.order.length} rows`);
  // Refilled in their places: a row that went away between press and release would swallow the click.
  const refilled = before !== undefined && before.filled !== scene.filled;
  if (refilled) now.painter.refresh();
  if (retable || reaxis || reorder || refilled)
    for (const [place, element] of now.drawn) if (place < scene.order.length) fillRow(element, place, scene, now.painter);
  // Another order by the user's wish begins at its top; new numbers for the same rows leave the list where it stands.
  if (reorder && !retable) now.scroller.scrollTop = 0;
  if (scene.row !== now.shown || (reorder && before && scene.row >= 0)) reveal(now);
  now.shown = scene.row;
  // The menu key belongs to the list, which has the focus; it means the chosen row.
  if (scene.row >= 0) now.scroller.dataset["vscodeContext"] = rowContext(scene.view.rows.id[scene.row]);
  else delete now.scroller.dataset["vscodeContext"];
  sight(now);
  crosshair(at, scene.axis, scene.layer, scene.hover, "column");
};

/** Where the list stood before the page was hidden. */
export function scrollRows(at: HTMLElement, top: number): void {
  const now = memory.get(at);
  if (now) now.scroller.scrollTop = top;
}

function begin(at: HTMLElement, picture: Strips): Memory {
  const head = el("div", { class: "rows-head", attrs: { "aria-hidden": "true" } });
  const ground = el("div", { class: "rows-ground", attrs: { role: "presentation" } });
  const scroller = el("div", { class: "rows-scroller", attrs: { role: "listbox", tabindex: 0, "aria-label": picture.title } }, ground);
  at.append(head, scroller);
  const now = { head, scroller, ground, drawn: new Map(), spare: [], shown: -1 } as unknown as Memory;
  memory.set(at, now);
  scroller.addEventListener("scroll", () => {
    sight(now);
    now.on.scrolled(scroller.scrollTop);
  });
  scroller.addEventListener("keydown", (event) => keys(now, event));
  scroller.addEventListener("click", (event) => {
    const place = placeOf(event.target);
    if (place >= 0) now.on.row(now.scene.order[place], "show");
  });
  scroller.addEventListener("dblclick", (event) => {
    const place = placeOf(event.target);
    if (place >= 0) now.on.row(now.scene.order[place], "open");
  });
  bindLayerPointer(
    scroller,
    // A press on a strip chooses the row, not the layer: rows are for rows.
    () => ({ axis: now.scene.axis, layer: now.scene.layer, choose: () => {}, hover: now.on.hover }),
    (event, layer) => tip(now, event, layer),
    true,
  );
  return now;
}

const placeOf = (target: EventTarget | null): number => Number((target as Element | null)?.closest<HTMLElement>(".list-row")?.dataset["place"] ?? -1);

function drawHead({ head, scene: { axis, theme, classNames } }: Memory): void {
  const svg = select(head)
    .selectAll<SVGSVGElement, number>("svg")
    .data([0])
    .join("svg")
    .attr("width", axis.width)
    .attr("height", LIST_HEAD)
    .attr("font-family", theme.font);
  svg
    .selectAll<SVGGElement, number>("g")
    .data([0])
    .join("g")
    .call((g) => layerTicks(g, axis, theme, true));
  svg
    .selectAll("text.right")
    .data([shorten(`P(${classNames[1]})`, axis.width - axis.right - 4, 6)])
    .join("text")
    .attr("class", "right")
    .attr("x", axis.right + 6)
    .attr("y", 11)
    .attr("font-size", 11)
    .attr("fill", theme.quiet)
    .text((d) => d);
}

function tip(now: Memory, event: PointerEvent, layer: number | null): void {
  const place = event.type === "pointerleave" ? -1 : placeOf(event.target);
  if (place < 0) {
    now.on.tip(null);
    return;
  }
  const { scene } = now;
  const i = scene.order[place];
  const table = scene.view.rows;
  const lines = layer === null ? [] : [`layer ${layer}: ${sideName(table.score[i * table.columns + layer], scene)}`];
  now.on.tip({ x: event.clientX, y: event.clientY, title: rowTitle(scene, i), lines, row: i });
}

/** Draws what is in sight, asks for its texts, gives the rest back. */
function sight(now: Memory): void {
  const { scene, scroller } = now;
  const high = rowHeight(scene.axis.narrow);
  const first = Math.max(0, Math.floor(scroller.scrollTop / high) - SPARE);
  const last = Math.min(scene.order.length - 1, Math.ceil((scroller.scrollTop + scroller.clientHeight) / high) + SPARE);
  for (const place of [...now.drawn.keys()]) if (place < first || place > last) release(now, place);
  const wanted: number[] = [];
  for (let place = first; place <= last; place++) {
    wanted.push(scene.view.rows.id[scene.order[place]]);
    draw(now, place);
  }
  setAttr(scroller, "aria-activedescendant", scroller.querySelector('.list-row[aria-selected="true"]')?.id);
  scene.texts.want(wanted);
  scene.images?.want(wanted);
}

function release(now: Memory, place: number): void {
  const element = now.drawn.get(place);
  if (!element) return;
  element.remove();
  now.drawn.delete(place);
  if (now.spare.length < 60) now.spare.push(element);
}

function draw(now: Memory, place: number): void {
  let element = now.drawn.get(place);
  if (!element) {
    element = now.spare.pop() ?? emptyRow();
    fillRow(element, place, now.scene, now.painter);
    now.drawn.set(place, element);
    now.ground.append(element);
  }
  markRow(element, now.scene.order[place], now.scene);
}

/** Brings the chosen row into sight, and no further than needed. */
function reveal(now: Memory): void {
  const { scene, scroller } = now;
  const place = scene.row < 0 ? -1 : scene.order.indexOf(scene.row);
  if (place < 0) return;
  const high = rowHeight(scene.axis.narrow);
  const [top, bottom] = [place * high, (place + 1) * high];
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
}

function keys(now: Memory, event: KeyboardEvent): void {
  const { scene, on } = now;
  if (event.altKey || event.ctrlKey || event.metaKey || scene.order.length === 0) return;
  const place = scene.order.indexOf(scene.row);
  const page = Math.max(1, Math.floor(now.scroller.clientHeight / rowHeight(scene.axis.narrow)) - 1);
  const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -scene.order.length, End: scene.order.length };
  if (event.key === "Enter" && place >= 0) on.row(scene.row, "open");
  else if (event.key === " " && place >= 0) on.row(scene.row, "show");
  else if (Object.hasOwn(moves, event.key))
    on.row(scene.order[place < 0 && event.key !== "End" ? 0 : Math.max(0, Math.min(scene.order.length - 1, place + moves[event.key]))], "mark");
  else {
    const layer = layerKey(event, scene.layer, scene.axis.count);
    if (layer === undefined) return;
    on.layer(layer);
  }
  event.preventDefault();
}
