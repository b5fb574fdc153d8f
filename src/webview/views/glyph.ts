import type { Theme } from "../theme.js";

const SVG = "http://www.w3.org/2000/svg";

/** The sign of a class: a circle for class 0, a triangle for class 1. Colour is never alone. */
export function glyph(label: number, theme: Theme): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of [
    ["width", "12"],
    ["height", "12"],
    ["viewBox", "-6 -6 12 12"],
    ["aria-hidden", "true"],
  ])
    svg.setAttribute(name, value);
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", label === 1 ? "M0,-5L5,4.2H-5Z" : "M-4.4,0a4.4,4.4 0 1,0 8.8,0a4.4,4.4 0 1,0 -8.8,0");
  shape.setAttribute("fill", theme.classes[label === 1 ? 1 : 0]);
  svg.append(shape);
  return svg;
}
