import type { AuditPlan, AuditView, LayerScores, Maybe, Picture } from "../../protocol/index.js";
import { metricMatrix } from "../lenses/alignment-quality/pictures.js";
import { probeCurve, strips } from "../lenses/concept-depth/pictures.js";
import { previewRows } from "../lenses/preview.js";
import type { Scatter } from "../stats/indices.js";
import type { Collected } from "./collect.js";
import { frameOf, noAqi } from "./frame.js";
import type { Prepared } from "./prepare.js";
import { rowTable } from "./rows.js";

/** Rows that a preview looks at; more would not change the picture, only its cost. */
const MOST_ROWS = 1500;
const LATER = "follows when all rows are in";

/** Pictures of an unfinished run from a cheap estimator, marked as such; the lenses' own come at the end. */
export function startPreview(prepared: Prepared, plan: AuditPlan, collected: Collected) {
  const layers = prepared.model.card.layers.length;
  // Once there are as many rows as are looked at, the picture stays; only the counts go on.
  let settled: { scores: LayerScores[]; best: number; known: boolean; table: AuditView["rows"]; pictures: Picture[] } | undefined;
  const look = (rows: readonly number[]) => {
    const label = Uint8Array.from(rows, (row) => prepared.dataset.rows[row].label);
    const states = Array.from({ length: layers }, (_, layer) => collected.states.pick(layer, rows));
    const { auroc, geometry, score } = previewRows({ label, states, width: prepared.model.card.hiddenSize, group: groupsOf(prepared, rows) });
    const scores = auroc.map((value, layer) => layerPreview(layer, value, geometry[layer]));
    const names = prepared.dataset.card.classes;
    const best = auroc.reduce<number>((top, value, layer) => ((value ?? 0) > (auroc[top] ?? 0) ? layer : top), 0);
    const table = rowTable(prepared.dataset, rows, layers, collected.tokens, {
      score,
      probability: new Float32Array(rows.length).fill(Number.NaN),
      probabilityLayer: -1,
    });
    return { scores, best, known: auroc[best] !== null, table, pictures: pictures(scores, label, [names[0].name, names[1].name]) };
  };
  return {
    /** undefined = too few rows yet for a picture. */
    view(elapsedMs: number): AuditView | undefined {
      const rows = collected.arrived.slice(0, MOST_ROWS);
      if (rows.length < 8) return undefined;
      const seen = settled ?? look(rows);
      if (rows.length === MOST_ROWS) settled = seen;
      const result = {
        ...frameOf({ prepared, plan, collected, used: collected.arrived.length, totalMs: elapsedMs, openMs: 0, extractMs: elapsedMs, lensMs: 0 }),
        final: false,
        aqi: noAqi("the rows are still arriving"),
        layers: seen.scores,
        probe: { bestLayer: seen.known ? seen.best : null, nestedAuroc: null, jump: null, converge: null, depth95: null, areaDepth: null },
        controls: { words: null, wordsCi95: null, length: null, shuffled: null, shuffledCi95: null, residualised: null },
        categories: [],
        verdict: `A first look at ${collected.arrived.length} of ${prepared.dataset.rows.length} rows.`,
      };
      return { result, rows: seen.table, pictures: seen.pictures };
    },
  };
}

/** Rows of one group share a half; group names as numbers, -1 never meets another. */
function groupsOf(prepared: Prepared, rows: readonly number[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(rows, (row, i) => {
    const name = prepared.dataset.rows[row].group;
    if (name === undefined) return -1 - i;
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
}

function layerPreview(layer: number, auroc: Maybe, geometry: Scatter | undefined): LayerScores {
  const later = { aqi: null, aqiCi95: null, aurocCi95: null, accuracy: null, balancedAccuracy: null, f1: null, dunn: null, silhouette: null };
  const { chi = null, xbi = null, dbi = null, epsilonSquared = null } = geometry ?? {};
  return { layer, ...later, auroc, chi, xbi, dbi, epsilonSquared, why: { all: LATER } };
}

/** The lenses' own pictures with what is known so far, so that nothing moves when the rest arrives. */
function pictures(layers: readonly LayerScores[], label: Uint8Array, classNames: readonly [string, string]): Picture[] {
  const probe = { bestLayer: null, nestedAuroc: null, jump: null, converge: null, depth95: null, areaDepth: null };
  const none = { words: null, length: null, shuffled: null, shuffledCi95: null };
  const later = Object.fromEntries(["aqi", "chi", "xbi", "dbi", "dunn", "silhouette", "epsilonSquared"].map((key) => [key, LATER]));
  const note = "A first look from a simple discriminant; the probe follows when all rows are in.";
  return [{ ...probeCurve(layers, probe, none, { classNames }), note }, metricMatrix(layers, { count: label.length, label }, later), strips()];
}
