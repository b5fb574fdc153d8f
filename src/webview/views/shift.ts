import { scaleLinear, select } from "d3";
import type { Ranking } from "../../protocol/index.js";
import type { Size, Stage } from "./view.js";

const EDGE = 7;

/** The largest value that any of these rows has behind it: the end of the scale that they share. */
export function farthest({ value, from, to }: Ranking, { rows, layer }: Stage, shown: readonly number[]): number {
  const all = from && to ? [from, to] : [value];
  return shown.reduce((most, i) => Math.max(most, ...all.map((x) => Math.abs(x[layer * rows.count + i]) || 0)), 0) || 1;
}

/** One row of a ranking: an arrow from a hollow dot to a full one over the boundary, or a bar. */
export function drawShift(picture: Ranking, stage: Stage, i: number, { width, height }: Size, most: number): SVGSVGElement {
  const { rows, layer, theme } = stage;
  const at = layer * rows.count + i;
  const svg = select(document.createElementNS("http://www.w3.org/2000/svg", "svg")).attr("width", width).attr("height", height);
  const middle = height / 2;
  const { from, to } = picture;
  if (!from || !to) {
    const length = scaleLinear().domain([0, most]).range([0, width]);
    svg
      .append("rect")
      .attr("y", middle - 5)
      .attr("width", length(Math.abs(picture.value[at])))
      .attr("height", 10)
      .attr("fill", theme.amount(Math.min(1, Math.abs(picture.value[at]) / most)));
    return svg.node()!;
  }
  const x = scaleLinear()
    .domain([-most, most])
    .range([EDGE, width - EDGE]);
  svg.append("line").attr("x1", x(0)).attr("x2", x(0)).attr("y2", height).attr("stroke", theme.quiet).attr("stroke-dasharray", "2 2");
  const [a, b] = [x(from[at]), x(to[at])];
  const colour = theme.classes[to[at] > 0 ? 1 : 0];
  const mark = (label: number, px: number, full: boolean) =>
    svg
      .append("path")
      .attr("transform", `translate(${px.toFixed(1)},${middle})`)
      .attr("d", label === 1 ? "M0,-5L4.6,3.8H-4.6Z" : "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0")
      .attr("fill", full ? colour : theme.back)
      .attr("stroke", full ? colour : theme.quiet)
      .attr("stroke-width", 1.3);
  svg.append("line").attr("x1", a).attr("x2", b).attr("y1", middle).attr("y2", middle).attr("stroke", colour).attr("stroke-width", 2);
  mark(rows.label[i], a, false);
  mark(rows.label[i], b, true);
  return svg.node()!;
}
