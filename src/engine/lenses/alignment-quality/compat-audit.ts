import type { CompatResult, Matrix, Maybe } from "../../../protocol/index.js";
import { scatterIndices } from "../../stats/indices.js";
import type { Rows } from "../../stats/moments.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import { COMPAT_MODES, compatible, type RawMetrics } from "./compat.js";
import { loadLayer } from "./layers.js";
import { pairGeometry } from "./pairs.js";

/** Rows and classes that a category needs, as the reference. */
const LEAST_ROWS = 5;
const OVERALL = "overall";

/** The published composites fed by our own raw states of the last layer, as the reference takes it (without its t-SNE). */
export async function compatOf(study: Study, tools: LensTools, pace: Pace): Promise<CompatResult> {
  const layer = study.layers - 1;
  const x = await loadLayer(study, layer);
  const sets = [...study.categories.map((name, category) => ({ name, category })), { name: OVERALL, category: undefined }];
  const raw: (RawMetrics & { n: number })[] = [];
  for (const { name, category } of sets) {
    const rows = Array.from(study.label, (_, i) => i).filter((i) => category === undefined || study.category[i] === category);
    const label = Uint8Array.from(rows, (i) => study.label[i]!);
    if (rows.length < LEAST_ROWS || new Set(label).size < 2) continue;
    const part = rows.length === x.n ? x : partOf(x, rows);
    const group = Int32Array.from(rows, (i) => study.group[i]!);
    const scatter = scatterIndices(part, label);
    const pairs = await pairGeometry(part, { label, group, seed: study.seed }, tools, pace);
    raw.push({
      name,
      n: rows.length,
      chi: scatter?.chi,
      xb: scatter?.xbi,
      dbs: scatter?.dbi,
      silhouette: pairs.silhouette ?? undefined,
      dunn: pairs.dunn ?? undefined,
    });
    await pace.breathe();
  }
  const byMode = COMPAT_MODES.map((mode) => [mode, compatible(raw, mode).map((row) => finite(row.aqi))] as const);
  return {
    layer,
    comparable: false,
    rows: raw.map((row, i) => ({
      name: row.name,
      n: row.n,
      chi: finite(row.chi),
      xb: finite(row.xb),
      silhouette: finite(row.silhouette),
      dbs: finite(row.dbs),
      dunn: finite(row.dunn),
      aqi: Object.fromEntries(byMode.map(([mode, values]) => [mode, values[i]!])),
    })),
  };
}

function partOf({ data, d }: Rows, rows: readonly number[]): Rows {
  const out = new Float32Array(rows.length * d);
  rows.forEach((row, k) => {
    out.set(data.subarray(row * d, (row + 1) * d), k * d);
  });
  return { data: out, n: rows.length, d };
}

const finite = (value: number | null | undefined): Maybe => (value !== null && value !== undefined && Number.isFinite(value) ? value : null);

/** A small table: one row a mode, one column a set of rows. */
export function compatPicture({ rows, layer }: CompatResult): Matrix {
  return {
    id: "alignment-quality/compat",
    lens: "alignment-quality",
    slot: "extra",
    shape: "matrix",
    title: "Published formulas (not comparable)",
    note: `Composites of the paper's public code, from the raw states of layer ${layer}. Each is scaled inside this table: never compare them with another run or table.`,
    about: "alignment-quality",
    scale: "amount",
    columnsAre: "category",
    columns: rows.map(({ name }) => name),
    rows: COMPAT_MODES.map((mode) => {
      const values = rows.map(({ aqi }) => aqi[mode] ?? null);
      const best = Math.max(mode === "ref-xb-chi" ? 100 : 1, ...values.filter((v) => v !== null));
      return { id: mode, name: mode, chance: 0, best, values, why: "a raw metric that the formula needs is missing" };
    }),
  };
}
