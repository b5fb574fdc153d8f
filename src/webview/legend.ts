import type { Curve } from "../protocol/index.js";
import { el } from "./dom.js";
import { digits } from "./format.js";
import { at1, DASHES } from "./views/curve.js";
import type { Stage } from "./views/view.js";

const SVG = "http://www.w3.org/2000/svg";

/** What each line of a curve is, with its value at the layer under the pointer, else at the chosen one. */
export class Legend {
  readonly root = el("ul", { class: "legend" });

  draw(picture: Curve, { layer, hover, theme }: Stage): void {
    let reference = 0;
    const at = hover ?? layer;
    const items = picture.series.map((s) => {
      const dash = s.kind === "reference" ? DASHES[reference++ % DASHES.length] : "";
      const colour = s.kind === "main" ? theme.accent : s.kind === "null" ? theme.quiet : theme.fore;
      const [lo, hi] = [at1(s.lo, at), at1(s.hi, at)];
      const value = s.kind === "null" && lo !== null && hi !== null ? `${digits(lo)} to ${digits(hi)}` : digits(at1(s.values, at));
      return el("li", {}, swatch(s.kind, colour, dash), el("span", { text: s.name }), el("span", { class: "legend-value", text: value }));
    });
    this.root.replaceChildren(...items);
  }
}

function swatch(kind: string, colour: string, dash: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of [
    ["width", "26"],
    ["height", "12"],
    ["aria-hidden", "true"],
  ])
    svg.setAttribute(name, value);
  const shape = document.createElementNS(SVG, kind === "null" ? "rect" : "line");
  const attrs: [string, string][] =
    kind === "null"
      ? [
          ["width", "26"],
          ["height", "12"],
          ["fill", colour],
          ["fill-opacity", "0.3"],
        ]
      : [
          ["x2", "26"],
          ["y1", "6"],
          ["y2", "6"],
          ["stroke", colour],
          ["stroke-width", kind === "main" ? "2.5" : "1.5"],
          ["stroke-dasharray", dash],
        ];
  for (const [name, value] of attrs) shape.setAttribute(name, value);
  svg.append(shape);
  return svg;
}
