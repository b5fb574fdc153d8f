import type { Selection } from "d3";
import type { Theme } from "../theme.js";

/** Fill for what is not known: never a colour of the scale. Returns the value for `fill`. */
export function hatch(svg: Selection<SVGSVGElement, unknown, null, undefined>, name: string, theme: Theme): string {
  const id = `hatch-${name.replace(/[^\w-]/g, "-")}`;
  const pattern = svg
    .selectAll<SVGDefsElement, string>("defs")
    .data([id])
    .join("defs")
    .selectAll<SVGPatternElement, string>("pattern")
    .data([id])
    .join("pattern")
    .attr("id", id)
    .attr("width", 6)
    .attr("height", 6)
    .attr("patternUnits", "userSpaceOnUse")
    .attr("patternTransform", "rotate(45)");
  pattern.selectAll("rect").data([0]).join("rect").attr("width", 6).attr("height", 6).attr("fill", theme.back);
  pattern
    .selectAll("line")
    .data([0])
    .join("line")
    .attr("y2", 6)
    .attr("stroke", theme.quiet)
    .attr("stroke-width", theme.contrast ? 3 : 2)
    .attr("stroke-opacity", 0.75);
  return `url(#${id})`;
}
