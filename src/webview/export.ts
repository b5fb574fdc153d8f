import type { Curve, Matrix } from "../protocol/index.js";
import { el } from "./dom.js";
import { layerAxis } from "./layers.js";
import { paperTheme } from "./theme.js";
import { drawCurve } from "./views/curve.js";
import { drawMatrix, matrixHeight } from "./views/matrix.js";
import { drawMap, drawStrips } from "./views/paper.js";
import type { Scene } from "./views/view.js";

const WIDTH = 900;

/** The pictures as SVG texts by picture id: fixed colours on white, nothing referred to, no row text. */
export function exportPictures(scene: Scene): Record<string, string> {
  const theme = paperTheme();
  const axis = layerAxis(scene.axis.count, WIDTH);
  const paper: Scene = { ...scene, theme, axis, hover: null };
  const drawn: Record<string, string> = {};
  for (const picture of scene.view.pictures) {
    const at = el("div");
    const svg =
      picture.shape === "curve"
        ? drawCurve(at, picture as Curve, { width: WIDTH, height: 260 }, axis, theme)
        : picture.shape === "matrix"
          ? drawMatrix(at, picture as Matrix, { width: WIDTH, height: matrixHeight(picture.rows.length) }, axis, theme)
          : picture.shape === "points"
            ? drawMap(at, picture, paper, { width: 600, height: 460 })
            : drawStrips(at, picture, paper, WIDTH);
    drawn[picture.id] = serialise(svg, picture.title, theme.back);
  }
  return drawn;
}

/** A title and a ground; attributes that only serve the keyboard go. */
function serialise(svg: SVGSVGElement, title: string, back: string): string {
  const NS = "http://www.w3.org/2000/svg";
  const ground = document.createElementNS(NS, "rect");
  for (const [name, value] of [
    ["width", "100%"],
    ["height", "100%"],
    ["fill", back],
  ])
    ground.setAttribute(name, value);
  const name = document.createElementNS(NS, "title");
  name.textContent = title;
  svg.prepend(name, ground);
  for (const element of svg.querySelectorAll("[tabindex],[aria-label],[role]"))
    for (const attr of ["tabindex", "aria-label", "role"]) element.removeAttribute(attr);
  svg.setAttribute("role", "img");
  svg.removeAttribute("aria-hidden");
  return new XMLSerializer().serializeToString(svg);
}
