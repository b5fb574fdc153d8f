import type { MatrixRow, Picture, Ranking } from "../protocol/index.js";
import { el } from "./dom.js";
import { isTable } from "./drawn.js";
import { count, digits, probability } from "./format.js";
import { NO_CATEGORY, risk } from "./order.js";
import { at1 } from "./views/curve.js";
import { listed } from "./views/ranking.js";
import { isScene, type Stage } from "./views/view.js";

/** Rows of a table that stands for a picture of rows; the export has all. */
const MOST_ROWS = 100;

/** The numbers of a picture as a table: the same for everybody, and all of it for a screen reader. */
export function pictureTable(picture: Picture, scene: Stage): HTMLElement {
  const { head, body, caption } = tableOf(picture, scene);
  const table = el(
    "table",
    {},
    el("caption", { text: caption }),
    el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { text, attrs: { scope: "col" } })))),
    el(
      "tbody",
      {},
      ...body.map((cells) => el("tr", {}, ...cells.map((text, i) => (i === 0 ? el("th", { text, attrs: { scope: "row" } }) : el("td", { text }))))),
    ),
  );
  return el("div", { class: "table", attrs: { tabindex: 0, role: "region", "aria-label": `${picture.title}, table` } }, table);
}

interface Cells {
  readonly caption: string;
  readonly head: string[];
  readonly body: string[][];
}

function tableOf(picture: Picture, scene: Stage): Cells {
  const layers = Array.from({ length: isTable(picture) ? (picture.columns?.length ?? 0) : scene.axis.count }, (_, l) => l);
  const named = (l: number) => picture.columns?.[l] ?? String(l);
  switch (picture.shape) {
    case "curve":
      return {
        caption: `${picture.title}: ${picture.unit}`,
        head: ["layer", ...picture.series.flatMap((s) => (s.lo === undefined ? [s.name] : [s.name, "low", "high"])), "mark"],
        body: layers.map((l) => [
          named(l),
          ...picture.series.flatMap((s) =>
            s.lo === undefined ? [digits(at1(s.values, l))] : [digits(at1(s.values, l)), digits(at1(s.lo, l)), digits(at1(s.hi, l))],
          ),
          picture.marks
            .filter((m) => m.layer === l)
            .map((m) => m.text)
            .join("; "),
        ]),
      };
    case "matrix": {
      const counted = picture.rows.some((row) => row.count);
      return {
        caption: picture.title,
        head: ["", ...(counted ? ["count"] : []), ...layers.map(named), "remark"],
        body: picture.rows.map((row) => [row.name, ...(counted ? [row.count ?? ""] : []), ...layers.map((l) => withInterval(row, l)), row.why ?? ""]),
      };
    }
    case "strips":
    case "points":
      return rowsOf(picture, scene);
    case "bars":
      return {
        caption: `${picture.title}: ${picture.unit}`,
        head: ["", picture.unit, "low", "high", "rows", "cannot be told from", "remark"],
        body: picture.bars.map((bar) => [
          bar.name,
          digits(bar.value),
          digits(bar.lo),
          digits(bar.hi),
          bar.rows ? String(bar.rows.length) : "",
          [...new Set((picture.ties ?? []).filter((ids) => ids.includes(bar.id)).flat())]
            .filter((id) => id !== bar.id)
            .map((id) => picture.bars.find((other) => other.id === id)?.name ?? id)
            .join(", "),
          [bar.remark, bar.why].filter(Boolean).join("; "),
        ]),
      };
    case "ranking":
      return rankingOf(picture, scene);
    default:
      picture satisfies never;
      return { caption: "", head: [], body: [] };
  }
}

function withInterval(row: MatrixRow, l: number): string {
  const [lo, hi] = [row.lo?.[l], row.hi?.[l]];
  return typeof lo === "number" && typeof hi === "number" ? `${digits(row.values[l])} (${digits(lo)} to ${digits(hi)})` : digits(row.values[l]);
}

function rankingOf(picture: Ranking, scene: Stage): Cells {
  const { rows, layer, classNames } = scene;
  const at = (values: Float32Array | undefined, i: number) => digits(values?.[layer * rows.count + i]);
  const both = picture.from && picture.to;
  return {
    caption: `${picture.title} at layer ${picture.columns?.[layer] ?? layer}`,
    head: ["row", "class", "category", ...(both ? [picture.fromName ?? "from", picture.toName ?? "to"] : []), picture.valueName],
    body: listed(picture, scene).map((i) => [
      String(rows.id[i] + 1),
      classNames[rows.label[i]],
      rows.categories[rows.category[i]] ?? "",
      ...(both ? [at(picture.from, i), at(picture.to, i)] : []),
      at(picture.value, i),
    ]),
  };
}

function rowsOf(picture: Picture, scene: Stage): Cells {
  const { rows, layer, classNames } = scene;
  const order = isScene(scene) ? scene.order : Uint32Array.from({ length: rows.count }, (_, i) => i);
  const shown = Array.from(order.subarray(0, MOST_ROWS));
  const points = picture.shape === "points" ? picture : undefined;
  return {
    caption: `${picture.title} at layer ${layer}: the first ${count(shown.length)} of ${count(order.length)} rows in the list's order`,
    head: ["row", "class", "category", `probability of ${classNames[1]}`, "score", ...(points ? [points.xName, points.yName] : [])],
    body: shown.map((i) => [
      String(rows.id[i] + 1),
      classNames[rows.label[i]],
      rows.category[i] === NO_CATEGORY ? "" : (rows.categories[rows.category[i]] ?? ""),
      probability(risk(rows, i)),
      digits(rows.score[i * rows.columns + layer]),
      ...(points ? [digits(points.x[layer * rows.count + i]), digits(points.y[layer * rows.count + i])] : []),
    ]),
  };
}
