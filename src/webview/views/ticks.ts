import { axisBottom, range, type Selection, scalePoint } from "d3";
import type { LayerAxis } from "../layers.js";
import type { Theme } from "../theme.js";

type Group = Selection<SVGGElement, unknown, null, undefined>;

/** Numbers under the layer axis, thinned to what fits, with the axis' name in the gutter. */
export function layerTicks(g: Group, axis: LayerAxis, theme: Theme): void {
  const centres = scalePoint<number>()
    .domain(range(axis.count))
    .range([axis.centre(0), axis.centre(axis.count - 1)]);
  g.call(
    axisBottom(centres)
      .tickValues([...axis.ticks])
      .tickSize(4)
      .tickPadding(3),
  );
  g.select(".domain").remove();
  g.attr("font-family", theme.font).attr("font-size", 11).attr("text-anchor", "middle");
  g.selectAll(".tick line").attr("stroke", theme.quiet);
  g.selectAll(".tick text").attr("fill", theme.quiet);
  g.selectAll("text.axis-name")
    .data(["layer"])
    .join("text")
    .attr("class", "axis-name")
    .attr("x", axis.left - 8)
    .attr("y", 15)
    .attr("text-anchor", "end")
    .attr("fill", theme.quiet)
    .text((d) => d);
}
