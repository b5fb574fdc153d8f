import type { Ranking } from "../../protocol/index.js";
import { el, setAttr, setText } from "../dom.js";
import { digits, signed } from "../format.js";
import { layerKey } from "../layers.js";
import { NO_CATEGORY } from "../order.js";
import { largest } from "../sorting.js";
import { glyph } from "./glyph.js";
import { drawShift, farthest } from "./shift.js";
import type { Clicks, Size, Stage, View } from "./view.js";

/** Rows listed at most, and in sight at once. */
export const MOST_LISTED = 50;
const IN_SIGHT = 12;
const HEAD = 22;
const MOST_LETTERS = 300;

const high = (narrow: boolean): number => (narrow ? 44 : 26);

export const rankingHeight = ({ axis, rows }: Stage): number => Math.max(3, Math.min(IN_SIGHT, rows.count)) * high(axis.narrow) + HEAD;

interface Memory {
  picture: Ranking;
  stage: Stage;
  on: Clicks;
  listed: readonly number[];
  /** Whether the layer's values were there when the list was made. */
  ready: boolean;
  head: HTMLElement;
  list: HTMLElement;
}
const memory = new WeakMap<HTMLElement, Memory>();
let lists = 0;

/** The rows that stand out most at the chosen layer; each opens its line. Where two values lie behind one, an arrow goes from the one to the other. */
export const ranking: View<Ranking, Stage> = (at, picture, size, stage, on) => {
  const now = memory.get(at) ?? begin(at);
  const { picture: before, stage: former } = now as Partial<Memory>;
  Object.assign(now, { picture, stage, on });
  now.list.style.height = `${size.height - HEAD}px`;
  if (
    before !== picture ||
    former?.layer !== stage.layer ||
    former?.axis !== stage.axis ||
    former?.theme !== stage.theme ||
    now.ready !== stage.has(stage.layer)
  )
    fill(now, size);
  mark(now);
};

/** Indices of the rows to list at a layer: largest size first; rows without a value, or with none to speak of, are left out. */
export function listed({ value }: Ranking, { rows, layer }: Pick<Stage, "rows" | "layer">, most = MOST_LISTED): number[] {
  return largest(value.subarray(layer * rows.count, (layer + 1) * rows.count), most);
}

function begin(at: HTMLElement): Memory {
  const head = el("div", { class: "ranking-head", attrs: { "aria-hidden": "true" } });
  const list = el("div", { class: "rows-scroller ranking-list", attrs: { role: "listbox", tabindex: 0 } });
  list.id = `ranking-${++lists}`;
  at.append(head, list);
  const now = { head, list, listed: [] } as unknown as Memory;
  memory.set(at, now);
  const indexOf = (event: Event) => Number((event.target as Element).closest<HTMLElement>(".list-row")?.dataset["index"] ?? -1);
  list.addEventListener("click", (event) => indexOf(event) >= 0 && now.on.row(indexOf(event), "show"));
  list.addEventListener("dblclick", (event) => indexOf(event) >= 0 && now.on.row(indexOf(event), "open"));
  list.addEventListener("keydown", (event) => keys(now, event));
  list.addEventListener("pointermove", (event) => tip(now, event, indexOf(event)));
  list.addEventListener("pointerleave", () => now.on.tip(null));
  return now;
}

function fill(now: Memory, size: Size): void {
  now.ready = now.stage.has(now.stage.layer);
  const { picture, stage, head, list } = now;
  const { rows, layer, axis, theme } = stage;
  now.listed = listed(picture, stage);
  const most = farthest(picture, stage, now.listed);
  const width = axis.right - axis.left;
  head.replaceChildren(
    ...(picture.from ? [el("span", { class: "ranking-names", text: `○ ${picture.fromName ?? "from"}  →  ● ${picture.toName ?? "to"}` })] : []),
    el("span", { class: "ranking-value", text: picture.valueName }),
  );
  head.style.width = `${size.width}px`;
  setAttr(list, "aria-label", `${picture.title}: ${now.listed.length} rows at layer ${picture.columns?.[layer] ?? layer}`);
  list.scrollTop = 0;
  list.replaceChildren(
    ...now.listed.map((i, place) => {
      const value = picture.value[layer * rows.count + i];
      const category = rows.category[i] === NO_CATEGORY ? "" : (rows.categories[rows.category[i]] ?? "");
      const crossed = hasCrossed(picture, stage, i);
      const shift = el(
        "span",
        { class: "row-shift", attrs: { "aria-hidden": "true" } },
        drawShift(picture, stage, i, { width, height: axis.narrow ? 18 : 24 }, most),
      );
      shift.style.left = `${axis.left}px`;
      const text = el("span", { class: "row-text" });
      if (!axis.narrow) text.style.width = `${axis.left - 36}px`;
      const kind = el("span", { class: "row-kind", text: category });
      kind.hidden = !axis.narrow;
      kind.style.width = `${axis.left - 30}px`;
      const sign = el("span", { class: "row-sign", text: crossed ? "⇄" : "" });
      sign.style.left = `${axis.right + 1}px`;
      const shown = el("span", { class: "row-value", text: picture.signed ? signed(value) : digits(value) });
      shown.style.left = `${axis.right + 17}px`;
      const row = el(
        "div",
        { class: `list-row${crossed ? " other-side" : ""}`, attrs: { role: "option", "aria-setsize": now.listed.length, "aria-posinset": place + 1 } },
        el("span", { class: "row-glyph" }, glyph(rows.label[i], theme)),
        text,
        kind,
        shift,
        sign,
        shown,
        el("span", { class: "row-said", text: `. ${describe(picture, stage, i).join(", ")}` }),
      );
      row.id = `${list.id}-${place}`;
      row.dataset["index"] = String(i);
      row.style.height = `${high(axis.narrow)}px`;
      row.style.transform = `translateY(${place * high(axis.narrow)}px)`;
      return row;
    }),
  );
  if (now.listed.length === 0)
    list.append(el("p", { class: "quiet ranking-none", text: now.ready ? "No row stands out at this layer." : "The values of this layer are on their way." }));
}

/** What may come later: texts, and which row is chosen. */
function mark({ stage, list, listed: shown }: Memory): void {
  const { rows, texts, row: chosen } = stage;
  texts.want(shown.map((i) => rows.id[i]));
  for (const element of list.querySelectorAll<HTMLElement>(".list-row")) {
    const i = Number(element.dataset["index"]);
    const text = texts.get(rows.id[i]) ?? (texts.trouble ? `row ${rows.id[i] + 1}` : "…");
    setText(element.children[1], text.slice(0, MOST_LETTERS).replace(/\s+/g, " "));
    setAttr(element, "aria-selected", String(i === chosen));
    if (i === chosen) setAttr(list, "aria-activedescendant", element.id);
  }
}

const hasCrossed = ({ from, to }: Ranking, { rows, layer }: Stage, i: number): boolean => {
  const at = layer * rows.count + i;
  return Boolean(from && to && from[at] > 0 !== to[at] > 0);
};

function describe(picture: Ranking, stage: Stage, i: number): string[] {
  const { rows, layer, classNames } = stage;
  const at = layer * rows.count + i;
  const side = (x: number) => `${digits(x)}, ${classNames[x > 0 ? 1 : 0]} side`;
  return [
    `row ${rows.id[i] + 1}`,
    classNames[rows.label[i]],
    rows.categories[rows.category[i]] ?? "",
    ...(picture.from && picture.to
      ? [`${picture.fromName ?? "from"}: ${side(picture.from[at])}`, `${picture.toName ?? "to"}: ${side(picture.to[at])}`]
      : [`${picture.valueName} ${digits(picture.value[at])}`]),
    hasCrossed(picture, stage, i) ? `now on the ${classNames[picture.to![at] > 0 ? 1 : 0]} side` : "",
  ].filter(Boolean);
}

function tip({ picture, stage, on }: Memory, event: PointerEvent, i: number): void {
  if (i < 0) {
    on.tip(null);
    return;
  }
  const [row, label, ...rest] = describe(picture, stage, i);
  on.tip({ x: event.clientX, y: event.clientY, title: `${row} · ${label}`, lines: rest, row: i });
}

function keys(now: Memory, event: KeyboardEvent): void {
  const { stage, on, listed: shown, list } = now;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const place = shown.indexOf(stage.row);
  const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -shown.length, End: shown.length };
  if (event.key === "Enter" && place >= 0) on.row(stage.row, "open");
  else if (event.key === " " && place >= 0) on.row(stage.row, "show");
  else if (Object.hasOwn(moves, event.key) && shown.length > 0) {
    const next = place < 0 && event.key !== "End" ? 0 : Math.max(0, Math.min(shown.length - 1, place + moves[event.key]));
    on.row(shown[next], "mark");
    const top = next * high(stage.axis.narrow);
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + high(stage.axis.narrow) > list.scrollTop + list.clientHeight) list.scrollTop = top + high(stage.axis.narrow) - list.clientHeight;
  } else {
    const layer = layerKey(event, stage.layer, stage.axis.count);
    if (layer === undefined) return;
    on.layer(layer);
  }
  event.preventDefault();
}
