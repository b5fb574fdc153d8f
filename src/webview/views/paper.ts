import { scaleLinear } from "d3";
import type { Points, Strips } from "../../protocol/index.js";
import { digits } from "../format.js";
import { MOST_POINTS } from "./cloud.js";
import { EDGE } from "./plot.js";
import { layerExtent, project } from "./projection.js";
import { paperRow, sheet } from "./sheet.js";
import { StripPainter } from "./strips.js";
import { layerTicks } from "./ticks.js";
import type { Scene, Size } from "./view.js";

const MOST_STRIPS = 60;

/** The map as SVG: what the canvas shows, for paper. Beyond 2,000 rows an even sample of them, and says so. */
export function drawMap(at: HTMLElement, picture: Points, { view, theme, layer }: Scene, { width, height }: Size): SVGSVGElement {
  const { rows } = view;
  const extent = layerExtent(picture, layer, rows.count);
  const unit = project(picture, layer, rows.count, extent);
  const x = scaleLinear()
    .domain(extent.x)
    .range([EDGE.left, width - EDGE.right]);
  const [wide, high] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  const svg = sheet(at, width, height, theme);
  svg.append("rect").attr("x", EDGE.left).attr("y", EDGE.top).attr("width", wide).attr("height", high).attr("fill", "none").attr("stroke", theme.line);
  svg
    .append("line")
    .attr("x1", x(picture.boundary))
    .attr("x2", x(picture.boundary))
    .attr("y1", EDGE.top)
    .attr("y2", EDGE.top + high)
    .attr("stroke", theme.fore)
    .attr("stroke-dasharray", "5 4");
  const every = Math.ceil(rows.count / MOST_POINTS);
  const shown = Array.from({ length: Math.ceil(rows.count / every) }, (_, i) => i * every).filter((i) => !Number.isNaN(unit.x[i]) && !Number.isNaN(unit.y[i]));
  svg
    .append("g")
    .attr("fill-opacity", 0.75)
    .selectAll("path")
    .data(shown)
    .join("path")
    .attr("transform", (i) => `translate(${(EDGE.left + unit.x[i] * wide).toFixed(1)},${(EDGE.top + (1 - unit.y[i]) * high).toFixed(1)})`)
    .attr("d", (i) => (rows.label[i] === 1 ? "M0,-3.6L3.4,2.6H-3.4Z" : "M-2.8,0a2.8,2.8 0 1,0 5.6,0a2.8,2.8 0 1,0 -5.6,0"))
    .attr("fill", (i) => theme.classes[rows.label[i] === 1 ? 1 : 0]);
  const text = (words: string, left: number, top: number, anchor: string) =>
    svg.append("text").attr("x", left).attr("y", top).attr("text-anchor", anchor).attr("fill", theme.quiet).text(words);
  for (const tick of x.ticks(6)) text(digits(tick), x(tick), height - 20, "middle");
  text(picture.xName, EDGE.left + wide / 2, height - 5, "middle");
  text(picture.yName, 0, 0, "middle").attr("transform", `translate(14,${EDGE.top + high / 2}) rotate(-90)`);
  return svg.node()!;
}

/** The first strips of the list's order, by row number: no text leaves with a picture. */
export function drawStrips(at: HTMLElement, _picture: Strips, { view, axis, theme, order, classNames }: Scene, width: number): SVGSVGElement {
  const { rows } = view;
  const painter = new StripPainter(rows, theme);
  const shown = Array.from(order.subarray(0, MOST_STRIPS));
  const height = shown.length * 14 + 24;
  const svg = sheet(at, width, height, theme);
  const lines = svg
    .selectAll("g")
    .data(shown)
    .join("g")
    .attr("transform", (_, place) => `translate(0,${place * 14})`);
  lines
    .append("text")
    .attr("x", axis.left - 10)
    .attr("y", 10)
    .attr("text-anchor", "end")
    .attr("fill", theme.fore)
    .text((i) => paperRow(rows, i, classNames));
  lines
    .selectAll("rect")
    .data((i) => Array.from({ length: axis.count }, (_, l) => painter.side(i, l)))
    .join("rect")
    .attr("x", (_, l) => axis.start(l).toFixed(2))
    .attr("width", axis.step.toFixed(2))
    .attr("height", 12)
    .attr("fill", (side) => (Number.isNaN(side) ? "none" : theme.side(side)));
  svg
    .append("g")
    .attr("transform", `translate(0,${height - 23})`)
    .call((g) => layerTicks(g as never, axis, theme));
  return svg.node()!;
}
