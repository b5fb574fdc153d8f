import type { RowTable, Strips } from "../../protocol/index.js";
import { el, setAttr, setText } from "../dom.js";
import { digits } from "../format.js";
import { bindLayerPointer, crosshair, layerKey } from "../layers.js";
import { isOtherSide, risk } from "../order.js";
import { glyph } from "./glyph.js";
import { StripPainter } from "./strips.js";
import type { Clicks, Scene, View } from "./view.js";

export const rowHeight = (narrow: boolean): number => (narrow ? 44 : 26);
/** Rows drawn beyond each edge of what is in sight. */
const SPARE = 6;

interface Memory {
  scene: Scene;
  on: Clicks;
  painter: StripPainter;
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
  if (!before || before.view.rows !== scene.view.rows || before.theme !== scene.theme) now.painter = new StripPainter(scene.view.rows, scene.theme);
  now.scene = scene;
  now.on = on;
  const fresh = !before || before.view.rows !== scene.view.rows || before.order !== scene.order || before.axis !== scene.axis || before.theme !== scene.theme;
  const high = rowHeight(scene.axis.narrow);
  now.scroller.style.height = `${size.height}px`;
  now.ground.style.height = `${scene.order.length * high}px`;
  setAttr(now.scroller, "aria-label", `${picture.title}: ${scene.order.length} rows`);
  if (fresh) for (const place of [...now.drawn.keys()]) release(now, place);
  if (scene.row !== now.shown || (fresh && before && before.order !== scene.order && scene.row >= 0)) reveal(now);
  now.shown = scene.row;
  sight(now);
  crosshair(at, scene.axis, scene.layer, scene.hover, "column");
};

/** Where the list stood before the page was hidden. */
export function scrollRows(at: HTMLElement, top: number): void {
  const now = memory.get(at);
  if (now) now.scroller.scrollTop = top;
}

function begin(at: HTMLElement, picture: Strips): Memory {
  const ground = el("div", { class: "rows-ground", attrs: { role: "presentation" } });
  const scroller = el("div", { class: "rows-scroller", attrs: { role: "listbox", tabindex: 0, "aria-label": picture.title } }, ground);
  at.append(scroller);
  const now = { scroller, ground, drawn: new Map(), spare: [], shown: -1 } as unknown as Memory;
  memory.set(at, now);
  scroller.addEventListener("scroll", () => {
    sight(now);
    now.on.scrolled(scroller.scrollTop);
  });
  scroller.addEventListener("keydown", (event) => keys(now, event));
  scroller.addEventListener("click", (event) => {
    const place = placeOf(event);
    if (place >= 0) now.on.row(now.scene.order[place], "show");
  });
  scroller.addEventListener("dblclick", (event) => {
    const place = placeOf(event);
    if (place >= 0) now.on.row(now.scene.order[place], "open");
  });
  bindLayerPointer(
    scroller,
    // A press on a strip chooses the row, not the layer: rows are for rows.
    () => ({ axis: now.scene.axis, layer: now.scene.layer, choose: () => {}, hover: now.on.hover }),
    (event, layer) => tip(now, event, layer),
  );
  return now;
}

const placeOf = (event: Event): number => Number((event.target as Element).closest<HTMLElement>(".row")?.dataset["place"] ?? -1);

function tip(now: Memory, event: PointerEvent, layer: number | null): void {
  const under = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>(".row");
  const place = event.type === "pointerleave" || !under || !now.scroller.contains(under) ? -1 : Number(under.dataset["place"]);
  if (place < 0) return now.on.tip(null);
  const { scene } = now;
  const i = scene.order[place];
  const table = scene.view.rows;
  const lines = layer === null ? [] : [`layer ${layer}: ${sideName(table.score[i * table.columns + layer], scene)}`];
  now.on.tip({ x: event.clientX, y: event.clientY, title: rowTitle(scene, i), lines, row: i });
}

/** `row 12 · unsafe · privacy`. */
export function rowTitle({ view, classNames }: Scene, i: number): string {
  const { id, label, category, categories } = view.rows;
  return [`row ${id[i] + 1}`, classNames[label[i]], categories[category[i]]].filter(Boolean).join(" · ");
}

/** The held-out side of a score, in words. */
export function sideName(score: number, { classNames }: Scene): string {
  if (Number.isNaN(score)) return "not scored yet";
  return `${digits(score)}, ${score > 0 ? classNames[1] : classNames[0]} side`;
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
    draw(now, place, high);
  }
  setAttr(scroller, "aria-activedescendant", now.scroller.querySelector('.row[aria-selected="true"]')?.id);
  scene.texts.want(wanted);
}

function release(now: Memory, place: number): void {
  const element = now.drawn.get(place);
  if (!element) return;
  element.remove();
  now.drawn.delete(place);
  if (now.spare.length < 60) now.spare.push(element);
}

function draw(now: Memory, place: number, high: number): void {
  const { scene } = now;
  const table: RowTable = scene.view.rows;
  const i = scene.order[place];
  let element = now.drawn.get(place);
  if (!element) {
    element =
      now.spare.pop() ??
      el(
        "div",
        { class: "row", attrs: { role: "option" } },
        el("span", { class: "row-glyph" }),
        el("span", { class: "row-text" }),
        el("canvas", { class: "row-strip" }),
        el("span", { class: "row-value" }),
      );
    const [mark, text, strip, value] = element.children as unknown as [HTMLElement, HTMLElement, HTMLCanvasElement, HTMLElement];
    const { axis, theme } = scene;
    element.id = `row-${place}`;
    element.dataset["place"] = String(place);
    element.style.transform = `translateY(${place * high}px)`;
    element.style.height = `${high}px`;
    mark.replaceChildren(glyph(table.label[i], theme));
    text.style.width = axis.narrow ? "" : `${axis.left - 34}px`;
    strip.style.left = `${axis.left}px`;
    strip.style.width = `${axis.right - axis.left}px`;
    strip.setAttribute("aria-hidden", "true");
    now.painter.paint(strip, i);
    value.style.left = `${axis.right + 8}px`;
    const p = risk(table, i);
    setText(value, digits(Number.isNaN(p) ? null : p));
    element.classList.toggle("other-side", isOtherSide(table, i));
    setAttr(element, "aria-setsize", scene.order.length);
    setAttr(element, "aria-posinset", place + 1);
    now.drawn.set(place, element);
    now.ground.append(element);
  }
  const id = table.id[i];
  const known = scene.texts.get(id);
  const text = known ?? (scene.texts.trouble ? `row ${id + 1}` : "…");
  setText(element.children[1], text.slice(0, 300).replace(/\s+/g, " "));
  setAttr(element, "aria-selected", i === scene.row ? "true" : "false");
  const p = risk(table, i);
  setAttr(
    element,
    "aria-label",
    `${rowTitle(scene, i)}, ${Number.isNaN(p) ? "not scored yet" : `probability of ${scene.classNames[1]} ${digits(p)}`}${known ? `: ${known.slice(0, 200)}` : ""}`,
  );
}

/** Brings the chosen row into sight, and no further than needed. */
function reveal(now: Memory): void {
  const { scene, scroller } = now;
  const place = scene.order.indexOf(scene.row);
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
    on.row(scene.order[place < 0 ? 0 : Math.max(0, Math.min(scene.order.length - 1, place + moves[event.key]))], "mark");
  else {
    const layer = layerKey(event, scene.layer, scene.axis.count);
    if (layer === undefined) return;
    on.layer(layer);
  }
  event.preventDefault();
}
