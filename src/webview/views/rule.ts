import { scaleLinear, select } from "d3";
import { digits } from "../format.js";
import type { Theme } from "../theme.js";

export interface RuleMark {
  readonly value: number;
  readonly name: string;
}

/** A number on its scale: the interval as a bar, the number as a needle, other marks under it. */
export interface Rule {
  readonly range: readonly [number, number];
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
  readonly marks: readonly RuleMark[];
  /** Words under both ends of the scale. */
  readonly ends?: readonly [string, string];
  readonly name: string;
}

const HEIGHT = 62;
const SIDE = 16;

export function drawRule(at: HTMLElement, rule: Rule, width: number, theme: Theme): SVGSVGElement {
  const x = scaleLinear()
    .domain(rule.range)
    .range([SIDE, width - SIDE])
    .clamp(true);
  const svg = select(at).selectAll<SVGSVGElement, number>(":scope > svg").data([0]).join("svg");
  svg
    .attr("xmlns", "http://www.w3.org/2000/svg")
    .attr("width", width)
    .attr("height", HEIGHT)
    .attr("viewBox", `0 0 ${width} ${HEIGHT}`)
    .attr("role", "img")
    .attr("aria-label", rule.name);
  svg.attr("font-family", theme.font).attr("font-size", 11);
  const layer = (name: string) => svg.selectAll<SVGGElement, number>(`g.${name}`).data([0]).join("g").attr("class", name);
  const y = 28;
  layer("base")
    .selectAll("line")
    .data([0])
    .join("line")
    .attr("x1", SIDE)
    .attr("x2", width - SIDE)
    .attr("y1", y)
    .attr("y2", y)
    .attr("stroke", theme.quiet)
    .attr("stroke-width", 2)
    .attr("stroke-linecap", "round")
    .attr("stroke-opacity", 0.6);
  layer("ends")
    .selectAll("line")
    .data(x.ticks(4))
    .join("line")
    .attr("x1", (v) => x(v))
    .attr("x2", (v) => x(v))
    .attr("y1", y - 4)
    .attr("y2", y + 4)
    .attr("stroke", theme.quiet);
  layer("numbers")
    .selectAll("text")
    .data(x.ticks(4))
    .join("text")
    .attr("x", (v) => x(v))
    .attr("y", 11)
    .attr("text-anchor", "middle")
    .attr("fill", theme.quiet)
    .text((v) => digits(v));
  layer("interval")
    .selectAll("rect")
    .data(rule.interval ? [rule.interval] : [])
    .join("rect")
    .attr("x", ([lo]) => x(lo))
    .attr("width", ([lo, hi]) => Math.max(2, x(hi) - x(lo)))
    .attr("y", y - 6)
    .attr("height", 12)
    .attr("rx", 3)
    .attr("fill", theme.accent)
    .attr("fill-opacity", 0.35)
    .attr("stroke", theme.accent);
  // The scale ends, the interval does not: an arrow says that it goes on.
  const [low, high] = rule.range;
  const beyond = rule.interval ? [rule.interval[0] < low ? -1 : 0, rule.interval[1] > high ? 1 : 0].filter((side) => side !== 0) : [];
  const arrows = layer("beyond").selectAll<SVGPathElement, number>("path").data(beyond).join("path");
  arrows
    .attr("d", (side) => `M${side < 0 ? SIDE - 3 : width - SIDE + 3},${y - 6}l${side * 9},6l${-side * 9},6z`)
    .attr("fill", theme.accent)
    .selectAll("title")
    .data((side) => [side])
    .join("title")
    .text((side) => (side < 0 ? `goes on below ${digits(low)}` : `goes on above ${digits(high)}`));
  layer("value")
    .selectAll("line")
    .data(rule.value === null ? [] : [rule.value])
    .join("line")
    .attr("x1", (v) => x(v))
    .attr("x2", (v) => x(v))
    .attr("y1", y - 11)
    .attr("y2", y + 11)
    .attr("stroke", theme.fore)
    .attr("stroke-width", 3)
    .attr("stroke-linecap", "round");
  const placed = spreadNames(
    rule.marks.map((mark) => ({ mark, at: x(mark.value) })),
    width,
  );
  const marks = layer("marks").selectAll<SVGGElement, (typeof placed)[number]>("g").data(placed).join("g");
  marks
    .selectAll("path")
    .data((d) => [d])
    .join("path")
    .attr("d", (d) => `M${d.at},${y + 6}l4,7h-8z`)
    .attr("fill", theme.fore);
  marks
    .selectAll("text")
    .data((d) => [d])
    .join("text")
    .attr("x", (d) => d.text)
    .attr("y", HEIGHT - 8)
    .attr("text-anchor", "middle")
    .attr("fill", theme.quiet)
    .text((d) => d.mark.name);
  layer("sides")
    .selectAll("text")
    .data(rule.ends ?? [])
    .join("text")
    .attr("x", (_, i) => (i === 0 ? SIDE : width - SIDE))
    .attr("y", HEIGHT - 8)
    .attr("text-anchor", (_, i) => (i === 0 ? "start" : "end"))
    .attr("fill", theme.quiet)
    .text((text) => text);
  return svg.node()!;
}

/** Names move sideways so that they neither overlap nor leave the picture. */
function spreadNames(marks: { mark: RuleMark; at: number }[], width: number): { mark: RuleMark; at: number; text: number }[] {
  const half = (name: string) => name.length * 3 + 4;
  let edge = 0;
  const placed = marks
    .sort((a, b) => a.at - b.at)
    .map(({ mark, at }) => {
      const text = Math.max(edge + half(mark.name), at);
      edge = text + half(mark.name);
      return { mark, at, text };
    });
  let limit = width;
  for (const p of placed.reverse()) {
    p.text = Math.min(p.text, limit - half(p.mark.name));
    limit = p.text - half(p.mark.name);
  }
  return placed;
}
