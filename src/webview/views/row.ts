import { el, setAttr, setText } from "../dom.js";
import { digits, probability } from "../format.js";
import { showIn } from "../images.js";
import { isOtherSide, NO_CATEGORY, risk } from "../order.js";
import { glyph } from "./glyph.js";
import type { StripPainter } from "./strips.js";
import type { Scene } from "./view.js";

/** Letters of a text that a row may show and say. */
const MOST_LETTERS = 300;

export const rowHeight = (narrow: boolean): number => (narrow ? 44 : 26);

/** An empty row of the list; `fillRow` makes it a certain one. */
export const emptyRow = (): HTMLElement =>
  el(
    "div",
    { class: "list-row", attrs: { role: "option" } },
    el("span", { class: "row-glyph" }),
    el("span", { class: "row-text" }),
    el("span", { class: "row-kind" }),
    el("canvas", { class: "row-strip", attrs: { "aria-hidden": "true" } }),
    el("span", { class: "row-sign" }),
    el("span", { class: "row-value" }),
    // Heard, not seen: the name of the option is its own text, so what is seen and what is heard cannot differ.
    el("span", { class: "row-said" }),
  );

/** What does not change while the row is in sight: place, glyph, strip, probability. */
export function fillRow(element: HTMLElement, place: number, scene: Scene, painter: StripPainter): void {
  const [mark, text, kind, strip, sign, value] = element.children as unknown as [
    HTMLElement,
    HTMLElement,
    HTMLElement,
    HTMLCanvasElement,
    HTMLElement,
    HTMLElement,
  ];
  const { axis, theme, view } = scene;
  const table = view.rows;
  const i = scene.order[place];
  const high = rowHeight(axis.narrow);
  element.id = `row-${place}`;
  element.dataset["place"] = String(place);
  // What VS Code hands to the entries of the row's menu.
  element.dataset["vscodeContext"] = rowContext(table.id[i]);
  element.style.transform = `translateY(${place * high}px)`;
  element.style.height = `${high}px`;
  mark.replaceChildren(glyph(table.label[i], theme));
  text.style.width = axis.narrow ? "" : `${axis.left - (scene.images ? 64 : 36)}px`;
  kind.hidden = !axis.narrow;
  kind.style.width = `${axis.left - 30}px`;
  setText(kind, table.category[i] === NO_CATEGORY ? "" : (table.categories[table.category[i]] ?? ""));
  strip.style.left = `${axis.left}px`;
  strip.style.width = `${axis.right - axis.left}px`;
  painter.paint(strip, i);
  const other = isOtherSide(table, i);
  sign.style.left = `${axis.right + 2}px`;
  setText(sign, other ? "≠" : "");
  value.style.left = `${axis.right + 15}px`;
  setText(value, probability(risk(table, i)));
  element.classList.toggle("other-side", other);
  setAttr(element, "aria-setsize", scene.order.length);
  setAttr(element, "aria-posinset", place + 1);
}

export const rowContext = (row: number): string => JSON.stringify({ webviewSection: "row", row, preventDefaultContextMenuItems: true });

/** What may come later: the text, and whether the row is the chosen one. */
export function markRow(element: HTMLElement, i: number, scene: Scene): void {
  const table = scene.view.rows;
  const id = table.id[i];
  const known = scene.texts.get(id);
  const text = (known ?? (scene.texts.trouble ? plainName(scene, i) : "…")).slice(0, MOST_LETTERS).replace(/\s+/g, " ");
  setText(element.children[1], text);
  element.classList.toggle("with-image", scene.images !== undefined);
  showPicture(element, scene, id);
  setAttr(element, "aria-selected", i === scene.row ? "true" : "false");
  const p = risk(table, i);
  const says = Number.isNaN(p)
    ? "not scored yet"
    : `probability of ${scene.classNames[1]} ${probability(p)}${isOtherSide(table, i) ? ", on the other side of its label" : ""}`;
  setText(element.children[6], `. ${rowTitle(scene, i)}, ${says}`);
}

/** A list of texts has no images in it at all. */
function showPicture(element: HTMLElement, { images }: Scene, id: number): void {
  const there = element.querySelector<HTMLImageElement>(".row-image");
  if (!images) {
    there?.remove();
    return;
  }
  // The row's name stands beside it, so it says nothing of its own.
  const made = there ?? el("img", { class: "row-image", attrs: { alt: "", draggable: "false" } });
  if (!there) element.append(made);
  showIn(made, images.get(id));
}

/** What stands for a text that cannot be read; the category has its own place in one column. */
const plainName = ({ view: { rows }, axis }: Scene, i: number): string =>
  [`row ${rows.id[i] + 1}`, axis.narrow ? "" : rows.categories[rows.category[i]]].filter(Boolean).join(" · ");

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
