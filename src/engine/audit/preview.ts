import type { AuditPlan, AuditView, Curve, LayerScores, Matrix, Maybe, Picture, Strips } from "../../protocol/index.js";
import { previewRows } from "../lenses/preview.js";
import type { Collected } from "./collect.js";
import { frameOf, noAqi } from "./frame.js";
import type { Prepared } from "./prepare.js";
import { rowTable } from "./rows.js";

/** Rows that a preview looks at; more would not change the picture, only its cost. */
const MOST_ROWS = 1500;

/** Pictures of an unfinished run from a cheap estimator, marked as such; the lenses' own come at the end. */
export function startPreview(prepared: Prepared, plan: AuditPlan, collected: Collected) {
  const layers = prepared.model.card.layers.length;
  return {
    /** undefined = too few rows yet for a picture. */
    view(elapsedMs: number): AuditView | undefined {
      const rows = collected.arrived.slice(0, MOST_ROWS);
      if (rows.length < 8) return undefined;
      const label = Uint8Array.from(rows, (row) => prepared.dataset.rows[row].label);
      const states = Array.from({ length: layers }, (_, layer) => collected.states.pick(layer, rows));
      const { auroc, chi, score } = previewRows({ label, states, width: prepared.model.card.hiddenSize, group: groupsOf(prepared, rows) });
      const scores = auroc.map((value, layer) => layerPreview(layer, value, chi[layer]));
      const best = auroc.reduce<number>((top, value, layer) => ((value ?? 0) > (auroc[top] ?? 0) ? layer : top), 0);
      const result = {
        ...frameOf({ prepared, plan, collected, used: collected.arrived.length, totalMs: elapsedMs, openMs: 0, extractMs: elapsedMs, lensMs: 0 }),
        final: false,
        aqi: noAqi("the rows are still arriving"),
        layers: scores,
        probe: { bestLayer: auroc[best] === null ? null : best, nestedAuroc: null, jump: null, converge: null, depth95: null, areaDepth: null },
        controls: { words: null, wordsCi95: null, length: null, shuffled: null, shuffledCi95: null, residualised: null },
        categories: [],
        verdict: `A first look at ${collected.arrived.length} of ${prepared.dataset.rows.length} rows.`,
      };
      const table = rowTable(prepared.dataset, rows, layers, collected.tokens, {
        score,
        probability: new Float32Array(rows.length).fill(Number.NaN),
        probabilityLayer: -1,
      });
      return { result, rows: table, pictures: pictures(auroc, chi) };
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

function layerPreview(layer: number, auroc: Maybe, chi: Maybe): LayerScores {
  const none = { aqi: null, aqiCi95: null, aurocCi95: null, accuracy: null, balancedAccuracy: null, f1: null };
  return { layer, ...none, auroc, chi, xbi: null, dbi: null, dunn: null, silhouette: null, epsilonSquared: null };
}

function pictures(auroc: readonly Maybe[], chi: readonly Maybe[]): Picture[] {
  const note = "A first look from a simple discriminant; the probe follows when all rows are in.";
  const curve: Curve = {
    shape: "curve",
    id: "concept-depth/curve",
    lens: "concept-depth",
    slot: "curve",
    title: "Probe by layer",
    note,
    about: "concept-depth",
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    series: [{ id: "probe", name: "First look", kind: "main", values: auroc }],
    marks: [],
  };
  const matrix: Matrix = {
    shape: "matrix",
    id: "alignment-quality/metrics",
    lens: "alignment-quality",
    slot: "metrics",
    title: "Metrics by layer",
    note,
    about: "alignment-quality",
    scale: "amount",
    rows: [
      { id: "auroc", name: "AUROC", chance: 0.5, best: 1, values: auroc },
      { id: "chi", name: "Calinski-Harabasz (raw)", chance: 1, best: Math.max(1, ...chi.map((v) => v ?? 1)), values: chi },
    ],
  };
  const strips: Strips = { shape: "strips", id: "concept-depth/rows", lens: "concept-depth", slot: "rows", title: "Rows", about: "concept-depth" };
  return [curve, matrix, strips];
}
