import type { Picture } from "../../protocol/index.js";
import { bars, barsHeight } from "./bars.js";
import { curve } from "./curve.js";
import { matrix, matrixHeight } from "./matrix.js";
import { points } from "./points.js";
import { ranking, rankingHeight } from "./ranking.js";
import { rowHeight } from "./row.js";
import { LIST_HEAD, rows } from "./rows.js";
import { type Clicks, isScene, type Size, type Stage } from "./view.js";

/** The one place that knows which view draws which shape. */
export function drawPicture(at: HTMLElement, picture: Picture, size: Size, scene: Stage, on: Clicks): void {
  switch (picture.shape) {
    case "curve":
      curve(at, picture, size, scene, on);
      break;
    case "matrix":
      matrix(at, picture, size, scene, on);
      break;
    case "points":
      if (isScene(scene)) points(at, picture, size, scene, on);
      break;
    case "strips":
      if (isScene(scene)) rows(at, picture, size, scene, on);
      break;
    case "bars":
      bars(at, picture, size, scene, on);
      break;
    case "ranking":
      ranking(at, picture, size, scene, on);
      break;
    default:
      picture satisfies never;
  }
}

/** AQI, CHI, CHI adjusted, XBI, DBI, Dunn, silhouette, epsilon squared, the same scaled. */
const LAYER_METRICS = 9;

/** Height of a picture, known before it is drawn: from what stands from the first batch on, so that nothing moves later. */
export function pictureHeight(picture: Picture, scene: Stage, width: number): number {
  const { axis } = scene;
  const result = isScene(scene) ? scene.view.result : undefined;
  switch (picture.shape) {
    case "curve":
      return axis.narrow ? 200 : 230;
    case "matrix":
      // A preview has fewer metrics than the end of the run brings: their places are kept.
      return matrixHeight(picture.slot === "metrics" && result?.final === false ? Math.max(LAYER_METRICS, picture.rows.length) : picture.rows.length);
    case "points":
      return mapHeight(width);
    case "strips":
      return Math.max(3, Math.min(axis.narrow ? 10 : 18, result?.dataset.rows ?? scene.rows.count)) * rowHeight(axis.narrow) + LIST_HEAD;
    case "bars":
      return barsHeight(picture.bars.length);
    case "ranking":
      return rankingHeight(scene);
    default:
      picture satisfies never;
      return 0;
  }
}

export const mapHeight = (width: number): number => Math.round(Math.max(260, Math.min(440, width * 0.85)));
