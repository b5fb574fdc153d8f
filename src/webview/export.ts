import type { Picture } from "../protocol/index.js";
import { el } from "./dom.js";
import { drawnOf, isTable } from "./drawn.js";
import { layerAxis } from "./layers.js";
import { HEAD, paperHead } from "./paperHead.js";
import { paperTheme } from "./theme.js";
import { barsHeight, drawBars } from "./views/bars.js";
import { drawCurve } from "./views/curve.js";
import { drawMatrix, matrixHeight } from "./views/matrix.js";
import { drawMap, drawStrips } from "./views/paper.js";
import { drawRanking } from "./views/rankingPaper.js";
import { isScene, type Scene, type Stage } from "./views/view.js";

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 900;
const MARGIN = 12;

/** The pictures as SVG texts by picture id: fixed colours on white, nothing referred to, no row text. */
export function exportPictures(scene: Scene): Record<string, string> {
  return picturesOnPaper(scene.view.pictures, scene);
}

export function picturesOnPaper(pictures: readonly Picture[], scene: Stage): Record<string, string> {
  const theme = paperTheme();
  const paper: Stage = { ...scene, theme, axis: layerAxis(scene.axis.count, WIDTH), hover: null };
  return Object.fromEntries(
    pictures
      .filter((picture) => !isTable(picture))
      .map(drawnOf)
      .map((picture) => [picture.id, serialise(drawOnPaper(picture, paper), picture, paper)]),
  );
}

function drawOnPaper(picture: Picture, paper: Stage): SVGSVGElement {
  const at = el("div");
  switch (picture.shape) {
    case "curve":
      return drawCurve(at, picture, { width: WIDTH, height: 260 }, paper.axis, paper.theme);
    case "matrix":
      return drawMatrix(at, picture, { width: WIDTH, height: matrixHeight(picture.rows.length) }, paper.axis, paper.theme);
    case "points":
      if (isScene(paper)) return drawMap(at, picture, paper, { width: 600, height: 460 });
      break;
    case "strips":
      if (isScene(paper)) return drawStrips(at, picture, paper, WIDTH);
      break;
    case "bars":
      return drawBars(at, picture, { width: WIDTH, height: barsHeight(picture.bars.length) }, paper.axis, paper.theme);
    case "ranking":
      return drawRanking(at, picture, paper, WIDTH);
    default:
      picture satisfies never;
  }
  throw new Error(`A picture of shape ${picture.shape} has no place here.`);
}

/** The picture under its head, on a ground; attributes that only serve the keyboard go. */
function serialise(drawn: SVGSVGElement, picture: Picture, scene: Stage): string {
  const [width, height] = [Number(drawn.getAttribute("width")), Number(drawn.getAttribute("height"))];
  const svg = document.createElementNS(NS, "svg");
  const set = (element: Element, attrs: Record<string, string | number>) => {
    for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, String(value));
  };
  set(svg, { width: width + 2 * MARGIN, height: height + HEAD, viewBox: `${-MARGIN} 0 ${width + 2 * MARGIN} ${height + HEAD}`, role: "img" });
  const name = svg.appendChild(document.createElementNS(NS, "title"));
  name.textContent = picture.title;
  set(svg.appendChild(document.createElementNS(NS, "rect")), { x: -MARGIN, width: "100%", height: "100%", fill: scene.theme.back });
  paperHead(svg, picture, scene, width);
  for (const element of [drawn, ...drawn.querySelectorAll("[tabindex],[aria-label],[role],[aria-hidden]")])
    for (const attr of ["tabindex", "aria-label", "role", "aria-hidden"]) element.removeAttribute(attr);
  set(drawn, { y: HEAD });
  svg.append(drawn);
  return new XMLSerializer().serializeToString(svg);
}
