import type { Ranking } from "../../protocol/index.js";
import { digits, signed } from "../format.js";
import { listed } from "./ranking.js";
import { paperRow, sheet } from "./sheet.js";
import { drawShift, farthest } from "./shift.js";
import type { Stage } from "./view.js";

const MOST = 30;
const HIGH = 20;

/** A ranking for paper: rows by number, because no text leaves with a picture. */
export function drawRanking(at: HTMLElement, picture: Ranking, stage: Stage, width: number): SVGSVGElement {
  const { rows, axis, theme, layer, classNames } = stage;
  const shown = listed(picture, stage, MOST);
  const most = farthest(picture, stage, shown);
  const height = Math.max(1, shown.length) * HIGH + 4;
  const svg = sheet(at, width, height, theme);
  shown.forEach((i, place) => {
    const value = picture.value[layer * rows.count + i];
    const g = svg.append("g").attr("transform", `translate(0,${place * HIGH})`);
    g.append("text")
      .attr("x", axis.left - 10)
      .attr("y", 14)
      .attr("text-anchor", "end")
      .attr("fill", theme.fore)
      .text(paperRow(rows, i, classNames));
    const shift = drawShift(picture, stage, i, { width: axis.right - axis.left, height: HIGH }, most);
    shift.setAttribute("x", String(axis.left));
    g.node()!.append(shift);
    g.append("text")
      .attr("x", axis.right + 8)
      .attr("y", 14)
      .attr("fill", theme.fore)
      .text(picture.signed ? signed(value) : digits(value));
  });
  return svg.node()!;
}
