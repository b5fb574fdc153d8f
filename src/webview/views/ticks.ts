import { axisBottom, range, type Selection, scalePoint } from "d3";
import type { LayerAxis } from "../layers.js";
import type { Theme } from "../theme.js";

/** Numbers under the layer axis (`above`: over it), thinned to what fits, with the axis' name in the gutter. */
export function layerTicks<Parent extends Element | null, Data>(
  g: Selection<SVGGElement, unknown, Parent, Data> | Selection<SVGGElement, number, Parent, Data>,
  axis: LayerAxis,
  theme: Theme,
  above = false,
): void {
  const group = g as Selection<SVGGElement, unknown, Parent, Data>;
  const centres = scalePoint<number>()
    .domain(range(axis.count))
    .range([axis.centre(0), axis.centre(axis.count - 1)]);
  group.call(
    axisBottom(centres)
      .tickValues([...axis.ticks])
      .tickFormat((column) => axis.names?.[column] ?? String(column))
      .tickSize(above ? 0 : 4)
      .tickPadding(3),
  );
  group.select(".domain").remove();
  group.attr("font-family", theme.font).attr("font-size", 11).attr("text-anchor", "middle");
  group.selectAll(".tick line").attr("stroke", theme.quiet);
  group.selectAll(".tick text").attr("fill", theme.quiet);
  group
    .selectAll("text.axis-name")
    .data([axis.name ?? "layer"])
    .join("text")
    .attr("class", "axis-name")
    .attr("x", axis.left - 10)
    .attr("y", above ? 11 : 15)
    .attr("text-anchor", "end")
    .attr("fill", theme.quiet)
    .text((d) => d);
}
