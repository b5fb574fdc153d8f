import { type Selection, select } from "d3";
import type { RowTable } from "../../protocol/index.js";
import type { Theme } from "../theme.js";

/** An empty picture for paper: it stands alone, with its own letters. */
export function sheet(at: HTMLElement, width: number, height: number, theme: Theme): Selection<SVGSVGElement, unknown, null, undefined> {
  return select(at)
    .append("svg")
    .attr("xmlns", "http://www.w3.org/2000/svg")
    .attr("width", width)
    .attr("height", height)
    .attr("viewBox", `0 0 ${width} ${height}`)
    .attr("font-family", theme.font)
    .attr("font-size", 11);
}

/** A row on paper: by number and class, because no text leaves with a picture. */
export const paperRow = ({ id, label }: RowTable, i: number, classNames: readonly [string, string]): string =>
  `row ${id[i] + 1} ${label[i] === 1 ? "▲" : "●"} ${classNames[label[i]]}`;
