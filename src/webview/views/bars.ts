import { axisBottom, scaleLinear, select } from "d3";
import type { Bar, Bars } from "../../protocol/index.js";
import { digits, shorten } from "../format.js";
import type { LayerAxis } from "../layers.js";
import type { Theme } from "../theme.js";
import type { Clicks, Size, Stage, View } from "./view.js";

const ROW = 24;
const BOTTOM = 26;
/** Room of one set of ties, px. */
const TIE = 10;

export const barsHeight = (bars: number): number => Math.max(1, bars) * ROW + BOTTOM;

interface Memory {
  picture: Bars;
  scene: Stage;
  on: Clicks;
  at: number;
}
const memory = new WeakMap<HTMLElement, Memory>();

/** One number a line: a dot with its interval on a common scale; lines that cannot be told apart are tied at the right. A list for the keyboard. */
export const bars: View<Bars, Stage> = (at, picture, size, scene, on) => {
  const before = memory.get(at);
  memory.set(at, { picture, scene, on, at: Math.min(before?.at ?? 0, Math.max(0, picture.bars.length - 1)) });
  if (!before) bind(at);
  if (before && before.picture === picture && before.scene.axis === scene.axis && before.scene.theme === scene.theme) return;
  drawBars(at, picture, size, scene.axis, scene.theme);
  rove(at, false);
};

const within = (value: number, [lo, hi]: readonly [number, number]): number => Math.max(lo, Math.min(hi, value));
const number = (value: number | null | undefined): value is number => typeof value === "number" && Number.isFinite(value);
const said = (bar: Bar): string =>
  [
    number(bar.value) ? digits(bar.value) : (bar.why ?? "not computed"),
    number(bar.lo) && number(bar.hi) ? `${digits(bar.lo)} to ${digits(bar.hi)}` : "",
    bar.remark ?? "",
    number(bar.value) ? (bar.why ?? "") : "",
  ]
    .filter(Boolean)
    .join(", ");

export function drawBars(at: HTMLElement, picture: Bars, size: Size, axis: LayerAxis, theme: Theme): SVGSVGElement {
  const height = barsHeight(picture.bars.length);
  const ties = picture.ties ?? [];
  const right = axis.right - ties.length * TIE;
  const x = scaleLinear()
    .domain([...picture.range])
    // Layers stand where every other picture has them.
    .range(picture.unit === "layer" ? [axis.centre(picture.range[0]), axis.centre(picture.range[1])] : [axis.left + 6, right - 6]);
  const svg = select(at).selectAll<SVGSVGElement, number>(":scope > svg").data([0]).join("svg");
  svg.attr("xmlns", "http://www.w3.org/2000/svg").attr("width", size.width).attr("height", height).attr("viewBox", `0 0 ${size.width} ${height}`);
  svg.attr("font-family", theme.font).attr("font-size", 12).attr("role", "list").attr("aria-label", picture.title);
  svg.selectAll("*").remove();
  const bottom = picture.bars.length * ROW;
  const scale = svg.append("g").attr("aria-hidden", "true").attr("transform", `translate(0,${bottom})`);
  scale.call(
    axisBottom(x)
      .ticks(Math.max(2, Math.floor((right - axis.left) / 70)))
      .tickSize(4)
      .tickPadding(3),
  );
  scale.select(".domain").remove();
  scale.attr("font-family", theme.font).attr("font-size", 11);
  scale.selectAll(".tick line").attr("stroke", theme.quiet);
  scale.selectAll(".tick text").attr("fill", theme.quiet);
  scale
    .append("text")
    .attr("x", axis.left - 10)
    .attr("y", 15)
    .attr("text-anchor", "end")
    .attr("fill", theme.quiet)
    .text(shorten(picture.unit, axis.left - 12));
  if (picture.chance !== undefined)
    svg
      .append("line")
      .attr("aria-hidden", "true")
      .attr("x1", x(picture.chance))
      .attr("x2", x(picture.chance))
      .attr("y2", bottom)
      .attr("stroke", theme.quiet)
      .attr("stroke-dasharray", "2 3");
  picture.bars.forEach((bar, i) => {
    const g = svg
      .append("g")
      .attr("class", `bar${bar.rows?.length ? " linked" : ""}`)
      .attr("role", "listitem")
      .attr("tabindex", -1)
      .attr("transform", `translate(0,${i * ROW})`)
      .attr("aria-label", `${bar.name}: ${said(bar)}${bar.rows?.length ? `; Enter lists ${bar.rows.length} rows` : ""}`);
    g.append("rect").attr("class", "ground").attr("width", size.width).attr("height", ROW).attr("fill", "transparent");
    const y = ROW / 2;
    g.append("text")
      .attr("y", y)
      .attr("dy", "0.35em")
      .attr("fill", theme.fore)
      .text(shorten(bar.name, axis.left - 12));
    g.append("line").attr("x1", axis.left).attr("x2", right).attr("y1", y).attr("y2", y).attr("stroke", theme.line).attr("stroke-opacity", 0.6);
    if (!number(bar.value)) {
      g.append("text")
        .attr("x", axis.left + 8)
        .attr("y", y)
        .attr("dy", "0.35em")
        .attr("font-size", 11)
        .attr("fill", theme.quiet)
        .attr("stroke", theme.back)
        .attr("stroke-width", 4)
        .attr("paint-order", "stroke")
        .text(shorten(bar.why ?? "not computed", right - axis.left - 12, 5.6));
    } else {
      if (number(bar.lo) && number(bar.hi))
        g.append("line")
          .attr("x1", x(within(bar.lo, picture.range)))
          .attr("x2", x(within(bar.hi, picture.range)))
          .attr("y1", y)
          .attr("y2", y)
          .attr("stroke", theme.accent)
          .attr("stroke-width", 6)
          .attr("stroke-opacity", theme.contrast ? 0.7 : 0.35);
      g.append("circle")
        .attr("cx", x(within(bar.value, picture.range)))
        .attr("cy", y)
        .attr("r", 4.5)
        .attr("fill", theme.accent)
        .attr("stroke", theme.back);
    }
    if (bar.remark && number(bar.value) && !axis.narrow) {
      const left = bar.value > (picture.range[0] + picture.range[1]) / 2;
      const edge = x(within((left ? bar.lo : bar.hi) ?? bar.value, picture.range));
      g.append("text")
        .attr("x", edge + (left ? -10 : 10))
        .attr("y", y)
        .attr("dy", "0.35em")
        .attr("text-anchor", left ? "end" : "start")
        .attr("font-size", 11)
        .attr("fill", theme.quiet)
        .attr("stroke", theme.back)
        .attr("stroke-width", 4)
        .attr("paint-order", "stroke")
        .text(bar.remark);
    }
    g.append("text")
      .attr("x", axis.right + 8)
      .attr("y", y)
      .attr("dy", "0.35em")
      .attr("fill", theme.fore)
      .text(digits(bar.value));
  });
  ties.forEach((ids, t) => {
    const places = ids.map((id) => picture.bars.findIndex((bar) => bar.id === id)).filter((i) => i >= 0);
    const tx = right + (t + 0.5) * TIE;
    const g = svg.append("g").attr("aria-hidden", "true");
    g.append("line")
      .attr("x1", tx)
      .attr("x2", tx)
      .attr("y1", Math.min(...places) * ROW + 7)
      .attr("y2", (Math.max(...places) + 1) * ROW - 7)
      .attr("stroke", theme.fore)
      .attr("stroke-width", 2.5);
    for (const i of places)
      g.append("circle")
        .attr("cx", tx)
        .attr("cy", i * ROW + ROW / 2)
        .attr("r", 3)
        .attr("fill", theme.fore);
  });
  return svg.node()!;
}

function bind(at: HTMLElement): void {
  const now = () => memory.get(at)!;
  const barAt = (event: MouseEvent): number => {
    const i = Math.floor((event.clientY - at.getBoundingClientRect().top) / ROW);
    return i >= 0 && i < now().picture.bars.length ? i : -1;
  };
  const list = (i: number) => {
    const { picture, on } = now();
    const bar = picture.bars[i];
    if (bar?.rows?.length) on.list?.(bar.rows, [bar.name, picture.rowsAre].filter(Boolean).join(": "));
  };
  at.addEventListener("pointermove", (event) => {
    const { picture, on } = now();
    const bar = picture.bars[barAt(event)];
    on.tip(
      bar
        ? {
            x: event.clientX,
            y: event.clientY,
            title: bar.name,
            lines: [said(bar), bar.rows?.length ? `Click lists ${bar.rows.length} rows` : ""].filter(Boolean),
          }
        : null,
    );
  });
  at.addEventListener("pointerleave", () => now().on.tip(null));
  at.addEventListener("click", (event) => {
    now().at = Math.max(0, barAt(event));
    list(barAt(event));
  });
  at.addEventListener("keydown", (event) => {
    const { picture } = now();
    const moves: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, Home: -picture.bars.length, End: picture.bars.length };
    if (event.key === "Enter" || event.key === " ") list(now().at);
    else if (Object.hasOwn(moves, event.key)) {
      now().at = Math.max(0, Math.min(picture.bars.length - 1, now().at + moves[event.key]));
      rove(at, true);
    } else return;
    event.preventDefault();
  });
}

/** One line can be reached by Tab. */
function rove(at: HTMLElement, focus: boolean): void {
  const lines = [...at.querySelectorAll<SVGGElement>("g.bar")];
  lines.forEach((line, i) => {
    line.setAttribute("tabindex", i === memory.get(at)!.at ? "0" : "-1");
  });
  if (focus) lines[memory.get(at)!.at]?.focus();
}
