import { type Selection, select } from "d3";
import type { Picture } from "../protocol/index.js";
import { shorten } from "./format.js";
import type { Theme } from "./theme.js";
import { MOST_POINTS } from "./views/cloud.js";
import { DASHES } from "./views/curve.js";
import type { Stage } from "./views/view.js";

type Group = Selection<SVGGElement, unknown, null, undefined>;

/** Title, note and key of a picture that leaves the panel, px. */
export const HEAD = 66;
/** Mean width of a letter at 11 px. */
const LETTER = 6.4;

/** What stands above a picture on paper: its title, its note, and what its lines or colours mean. */
export function paperHead(svg: SVGSVGElement, picture: Picture, { theme, classNames, layer, rows }: Stage, width: number): void {
  const g = select(svg).append("g").attr("font-family", theme.font).attr("font-size", 11).attr("fill", theme.fore);
  g.append("text").attr("x", 0).attr("y", 20).attr("font-size", 15).attr("font-weight", 600).text(picture.title);
  if (picture.note)
    g.append("text")
      .attr("x", 0)
      .attr("y", 38)
      .attr("fill", theme.quiet)
      .text(shorten(picture.note, width, LETTER));
  const key = g.append("g").attr("transform", "translate(0,50)");
  if (picture.shape === "curve") linesKey(key, picture.series, theme);
  if (picture.shape === "matrix" && picture.scale === "amount") scaleKey(key, "chance", "best", theme.amount);
  if (picture.shape === "matrix" && picture.scale === "diverging")
    scaleKey(key, ...(picture.ends ?? (["below chance", "above"] as const)), (t) => theme.signed(2 * t - 1));
  if (picture.shape === "points") {
    const every = Math.ceil(rows.count / MOST_POINTS);
    key
      .append("text")
      .attr("y", 9)
      .text(`layer ${layer} · ● ${classNames[0]} · ▲ ${classNames[1]}${every > 1 ? ` · one row in ${every}` : ""}`);
  }
  if (picture.shape === "strips" || picture.shape === "ranking") scaleKey(key, `${classNames[0]} side`, `${classNames[1]} side`, (t) => theme.side(2 * t - 1));
}

function linesKey(g: Group, series: Extract<Picture, { shape: "curve" }>["series"], theme: Theme): void {
  let x = 0;
  let reference = 0;
  for (const { name, kind } of series) {
    if (kind === "null") {
      g.append("rect").attr("x", x).attr("width", 26).attr("height", 10).attr("fill", theme.quiet).attr("fill-opacity", 0.25);
    } else {
      const line = g
        .append("line")
        .attr("x1", x)
        .attr("x2", x + 26)
        .attr("y1", 5)
        .attr("y2", 5);
      line.attr("stroke", kind === "main" ? theme.accent : theme.fore).attr("stroke-width", kind === "main" ? 2.5 : 1.5);
      if (kind === "reference") line.attr("stroke-dasharray", DASHES[reference++ % DASHES.length]);
    }
    g.append("text")
      .attr("x", x + 32)
      .attr("y", 9)
      .text(name);
    x += 32 + name.length * LETTER + 18;
  }
}

function scaleKey(g: Group, from: string, to: string, colour: (t: number) => string): void {
  const start = from.length * LETTER + 6;
  g.append("text").attr("y", 9).text(from);
  g.selectAll("rect")
    .data(Array.from({ length: 24 }, (_, i) => i))
    .join("rect")
    .attr("x", (i) => start + i * 4)
    .attr("width", 4.2)
    .attr("height", 10)
    .attr("fill", (i) => colour(i / 23));
  g.append("text")
    .attr("x", start + 24 * 4 + 6)
    .attr("y", 9)
    .text(to);
}
