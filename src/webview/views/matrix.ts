import { select } from "d3";
import type { Matrix, MatrixRow, Maybe } from "../../protocol/index.js";
import { digits, layerName, shorten } from "../format.js";
import { crosshair, type LayerAxis } from "../layers.js";
import type { Theme } from "../theme.js";
import { hatch } from "./hatch.js";
import { layerTicks } from "./ticks.js";
import type { Clicks, Size, Stage, View } from "./view.js";

export const ROW_HEIGHT = 22;
const BOTTOM = 24;

export const matrixHeight = (rows: number): number => rows * ROW_HEIGHT + BOTTOM;

type CellMark = NonNullable<MatrixRow["marks"]>[number];

interface Memory {
  picture: Matrix;
  scene: Stage;
  on: Clicks;
  /** Row that has the keyboard's focus. */
  at: number;
}
const memory = new WeakMap<HTMLElement, Memory>();

/** One row a metric or category, one column a layer; the row's own scale from chance to best. A grid for the keyboard. */
export const matrix: View<Matrix, Stage> = (at, picture, size, scene, on) => {
  const before = memory.get(at);
  memory.set(at, { picture, scene, on, at: Math.min(before?.at ?? 0, Math.max(0, picture.rows.length - 1)) });
  if (!before) bind(at);
  if (!before || before.picture !== picture || before.scene.axis !== scene.axis || before.scene.theme !== scene.theme)
    drawMatrix(at, picture, size, scene.axis, scene.theme);
  if (!before || before.picture !== picture || shownAt(before.scene) !== shownAt(scene)) values(at, picture, scene);
  crosshair(at, scene.axis, scene.layer, scene.hover, "column", picture.rows.length * ROW_HEIGHT);
  if (!before || before.picture !== picture || before.scene.layer !== scene.layer) rove(at, false);
};

/** The layer whose values stand at the right: the one under the pointer, else the chosen one. */
const shownAt = ({ hover, layer }: Stage): number => hover ?? layer;

/** Where a value lies on its row's scale: 0 = chance, 1 = best; lower than chance is negative. */
export function place(row: MatrixRow, value: number): number {
  const span = row.best - row.chance;
  return span === 0 ? 0 : (value - row.chance) / span;
}

export function drawMatrix(at: HTMLElement, picture: Matrix, size: Size, axis: LayerAxis, theme: Theme): SVGSVGElement {
  const height = matrixHeight(picture.rows.length);
  const svg = select(at).selectAll<SVGSVGElement, number>(":scope > svg").data([0]).join("svg");
  svg.attr("xmlns", "http://www.w3.org/2000/svg").attr("width", size.width).attr("height", height).attr("viewBox", `0 0 ${size.width} ${height}`);
  svg.attr("font-family", theme.font).attr("font-size", 12).attr("role", "grid").attr("aria-label", picture.title);
  const unknown = hatch(svg as never, picture.id, theme);
  const colour = picture.scale === "amount" ? theme.amount : theme.signed;
  const gap = axis.step >= 6 ? 1 : 0;
  const rows = svg
    .selectAll<SVGGElement, MatrixRow>("g.row")
    .data(picture.rows, (d) => d.id)
    .join("g")
    .attr("class", "row")
    .attr("role", "row")
    .attr("transform", (_, i) => `translate(0,${i * ROW_HEIGHT})`);
  rows
    .selectAll<SVGTextElement, MatrixRow>("text.name")
    .data((d) => [d])
    .join("text")
    .attr("class", "name")
    .attr("role", "rowheader")
    .attr("aria-label", (d) => [d.name, d.count].filter(Boolean).join(", "))
    .attr("y", ROW_HEIGHT / 2)
    .attr("dy", "0.35em")
    .attr("fill", theme.fore)
    .text((d) => shorten(d.name, axis.left - 14 - (d.count && !axis.narrow ? d.count.length * 6 + 10 : 0)));
  rows
    .selectAll<SVGTextElement, string>("text.count")
    .data((d) => (d.count && !axis.narrow ? [d.count] : []))
    .join("text")
    .attr("class", "count")
    .attr("aria-hidden", "true")
    .attr("x", axis.left - 10)
    .attr("y", ROW_HEIGHT / 2)
    .attr("dy", "0.35em")
    .attr("text-anchor", "end")
    .attr("font-size", 11)
    .attr("fill", theme.quiet)
    .text((d) => d);
  rows
    .selectAll<SVGRectElement, Maybe>("rect")
    .data((d) => Array.from({ length: axis.count }, (_, l) => known(d.values[l])))
    .join("rect")
    .attr("role", "gridcell")
    .attr("tabindex", -1)
    .attr("x", (_, l) => axis.start(l) + gap / 2)
    .attr("y", 1)
    .attr("width", axis.step - gap)
    .attr("height", ROW_HEIGHT - 2)
    .attr("stroke", theme.contrast && axis.step >= 8 ? theme.line : "none")
    .attr("shape-rendering", gap ? "auto" : "crispEdges")
    .each(function (value, l) {
      const row = (this.parentNode as unknown as { __data__: MatrixRow }).__data__;
      this.setAttribute("fill", value === null ? unknown : colour(place(row, value)));
      const where = picture.columns?.[l] ?? layerName(l);
      this.setAttribute(
        "aria-label",
        `${row.name}, ${where}: ${value === null ? (row.why ?? "not computed") : digits(value)}${rangeText(row, l)}${more(row, l)}`,
      );
    });
  // A dot where the interval leaves chance out: what may be called a difference is told by more than colour.
  rows
    .selectAll<SVGCircleElement, number>("circle")
    .data((d) => (axis.step < 5 ? [] : Array.from({ length: axis.count }, (_, l) => l).filter((l) => leavesOut(d, l))))
    .join("circle")
    .attr("aria-hidden", "true")
    .attr("pointer-events", "none")
    .attr("cx", (l) => axis.centre(l))
    .attr("cy", ROW_HEIGHT / 2)
    .attr("r", Math.min(2.6, axis.step / 4))
    .attr("fill", theme.fore)
    .attr("stroke", theme.back)
    .attr("stroke-width", 0.8);
  // Outlined cells: the best layer, a suggestion, a step of a path.
  rows
    .selectAll<SVGPathElement, CellMark & { ground: boolean }>("path.mark")
    // Each over a ground in the background's colour: a light line on a light cell would not be seen.
    .data((d) => (d.marks ?? []).filter(({ column }) => column >= 0 && column < axis.count).flatMap((m) => [true, false].map((ground) => ({ ...m, ground }))))
    .join("path")
    .attr("class", "mark")
    .attr("aria-hidden", "true")
    .attr("pointer-events", "none")
    .attr("d", ({ column }) => `M${axis.start(column) + 1},2h${Math.max(1, axis.step - 2)}v${ROW_HEIGHT - 4}h${-Math.max(1, axis.step - 2)}z`)
    .attr("fill", "none")
    .attr("stroke", ({ ground }) => (ground ? theme.back : theme.fore))
    .attr("stroke-width", ({ ground }) => (ground ? 4.5 : 2))
    .attr("stroke-dasharray", ({ dashed, ground }) => (dashed && !ground ? "3 2" : null));
  rows
    .selectAll<SVGTextElement, MatrixRow>("text.value")
    .data((d) => [d])
    .join("text")
    .attr("class", "value")
    .attr("aria-hidden", "true")
    .attr("x", axis.right + 8)
    .attr("y", ROW_HEIGHT / 2)
    .attr("dy", "0.35em")
    .attr("fill", theme.fore);
  svg
    .selectAll<SVGGElement, number>("g.axis")
    .data([0])
    .join("g")
    .attr("class", "axis")
    .attr("aria-hidden", "true")
    .attr("transform", `translate(0,${picture.rows.length * ROW_HEIGHT + 1})`)
    .call((g) => layerTicks(g as never, axis, theme));
  return svg.node()!;
}

/** The column right of the cells. */
function values(at: HTMLElement, picture: Matrix, scene: Stage): void {
  select(at)
    .selectAll<SVGTextElement, MatrixRow>("text.value")
    .data(picture.rows)
    .text((row) => digits(known(row.values[shownAt(scene)])));
}

const bounds = (row: MatrixRow, l: number): readonly [number, number] | undefined => {
  const [lo, hi] = [known(row.lo?.[l]), known(row.hi?.[l])];
  return lo === null || hi === null ? undefined : [lo, hi];
};

function leavesOut(row: MatrixRow, l: number): boolean {
  const ci = bounds(row, l);
  return ci !== undefined && known(row.values[l]) !== null && (ci[0] > row.chance || ci[1] < row.chance);
}

function rangeText(row: MatrixRow, l: number): string {
  const ci = bounds(row, l);
  return ci ? ` (${digits(ci[0])} to ${digits(ci[1])})` : "";
}

const known = (value: Maybe | undefined): Maybe => (value === null || value === undefined || !Number.isFinite(value) ? null : value);

const rowsAt = (row: MatrixRow | undefined, l: number): readonly number[] => row?.rows?.[l] ?? [];
const marksAt = (row: MatrixRow, l: number): string[] => (row.marks ?? []).filter((m) => m.column === l).map((m) => m.text);
const more = (row: MatrixRow, l: number): string =>
  [...marksAt(row, l), ...(rowsAt(row, l).length > 0 ? [`Enter lists ${rowsAt(row, l).length} rows`] : [])].map((text) => `; ${text}`).join("");

const ends = (picture: Matrix, row: MatrixRow): string => (picture.ends ? "" : `chance ${digits(row.chance)}, best ${digits(row.best)}`);

function bind(at: HTMLElement): void {
  const now = () => memory.get(at)!;
  const cellOf = (event: Event): { row: number; layer: number } | null => {
    const { clientX, clientY } = event as PointerEvent;
    const box = at.getBoundingClientRect();
    const { axis } = now().scene;
    const [x, y] = [clientX - box.left, clientY - box.top];
    const row = Math.floor(y / ROW_HEIGHT);
    return x < axis.left || x > axis.right || row < 0 || row >= now().picture.rows.length ? null : { row, layer: axis.at(x) };
  };
  let dragging = false;
  at.addEventListener("pointermove", (event) => {
    const { picture, scene, on } = now();
    const cell = cellOf(event);
    on.hover(cell?.layer ?? null);
    if (cell && dragging) on.layer(cell.layer);
    const named =
      !cell && event.clientX - at.getBoundingClientRect().left < scene.axis.left
        ? picture.rows[Math.floor((event.clientY - at.getBoundingClientRect().top) / ROW_HEIGHT)]
        : undefined;
    if (named)
      return on.tip({
        x: event.clientX,
        y: event.clientY,
        title: named.name,
        lines: [named.count ?? "", ends(picture, named), named.why ?? ""].filter(Boolean),
      });
    if (!cell) return on.tip(null);
    const row = picture.rows[cell.row];
    const value = known(row.values[cell.layer]);
    on.tip({
      x: event.clientX,
      y: event.clientY,
      title: `${row.name}, ${picture.columns?.[cell.layer] ?? layerName(cell.layer)}`,
      lines: [
        ...(value === null ? [row.why ?? "not computed"] : [`${digits(value)}${rangeText(row, cell.layer)}`, ends(picture, row), row.why ?? ""]),
        ...marksAt(row, cell.layer),
        rowsAt(row, cell.layer).length > 0 ? `Click lists ${rowsAt(row, cell.layer).length} ${picture.rowsAre ?? "rows"}` : "",
      ].filter(Boolean),
    });
  });
  at.addEventListener("pointerleave", () => {
    now().on.hover(null);
    now().on.tip(null);
  });
  let pressed: { row: number; layer: number } | null = null;
  const list = (cell: { row: number; layer: number }) => {
    const { picture, on } = now();
    const row = picture.rows[cell.row];
    const rows = rowsAt(row, cell.layer);
    if (row && rows.length > 0)
      on.list?.(rows, `${row.name}, ${picture.columns?.[cell.layer] ?? layerName(cell.layer)}${picture.rowsAre ? `: ${picture.rowsAre}` : ""}`);
  };
  at.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell && pressed && cell.row === pressed.row && cell.layer === pressed.layer) list(cell);
  });
  at.addEventListener("pointerdown", (event) => {
    const cell = cellOf(event);
    pressed = cell;
    if (!cell) return;
    dragging = true;
    now().at = cell.row;
    now().on.layer(cell.layer);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) at.addEventListener(end, () => (dragging = false));
  at.addEventListener("keydown", (event) => {
    const { scene, picture, on } = now();
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Home: [0, -scene.axis.count],
      End: [0, scene.axis.count],
    };
    if (event.key === "Enter") list({ row: now().at, layer: scene.layer });
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    now().at = Math.max(0, Math.min(picture.rows.length - 1, now().at + move[0]));
    on.layer(Math.max(0, Math.min(scene.axis.count - 1, scene.layer + move[1])));
    // The new layer is drawn on the next frame; the focus follows it there.
    requestAnimationFrame(() => rove(at, true));
  });
}

/** One cell can be reached by Tab: the focused row's, at the chosen layer. */
function rove(at: HTMLElement, focus: boolean): void {
  const { at: row, scene } = memory.get(at)!;
  const cell = at.querySelectorAll<SVGGElement>("g.row")[row]?.querySelectorAll<SVGRectElement>("rect")[scene.layer];
  const former = at.querySelector<SVGRectElement>('rect[tabindex="0"]');
  if (former && former !== cell) former.setAttribute("tabindex", "-1");
  cell?.setAttribute("tabindex", "0");
  if (focus) cell?.focus({ preventScroll: false });
}
