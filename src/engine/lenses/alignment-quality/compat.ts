import { quantile } from "../../stats/bootstrap.js";

/** Composites of the published code and paper, which scale their parts inside one table: never comparable between tables. */
export const COMPAT_MODES = ["ref-xb-chi", "ref-chi-sil", "ref-ss-xb", "ref-dbs-di", "paper-eq"] as const;
export type CompatMode = (typeof COMPAT_MODES)[number];

/** Raw metrics of one set of rows (a category, or `overall`); what is not known is left out. */
export interface RawMetrics {
  readonly name: string;
  readonly n?: number;
  /** Calinski-Harabasz, Xie-Beni (hard labels), silhouette, Davies-Bouldin, Dunn. */
  readonly chi?: number;
  readonly xb?: number;
  readonly silhouette?: number;
  readonly dbs?: number;
  readonly dunn?: number;
}

export interface CompatRow {
  readonly name: string;
  /** The two parts as the mode scales them; null where a raw metric is missing. */
  readonly parts: readonly [number | null, number | null];
  readonly aqi: number | null;
}

interface Formula {
  /** Share of the first part, as the reference has it by default. */
  readonly gamma: number;
  readonly names: readonly [string, string];
  /** Raw metrics that a row needs. */
  readonly needs: readonly (keyof RawMetrics)[];
  parts(rows: readonly RawMetrics[]): readonly (readonly [number, number])[];
}

/**
 * The four variants of github.com/kapilw25/multi_agent_alignment_drift (aqi_dealign_xb_chi.py, _chi_sil.py, _ss_xb.py, aqi_dealign.py), and
 * AQI = λ/XBI + (1-λ) CHI_norm of section 3 of arXiv 2506.13901, whose CHI_norm is read as min-max within the table.
 */
export const FORMULAS: Readonly<Record<CompatMode, Formula>> = {
  "ref-xb-chi": {
    gamma: 0.5,
    names: ["CHI_norm", "XB_norm"],
    needs: ["chi", "xb"],
    parts(rows) {
      const chi = minMax(rows.map((r) => r.chi!));
      const xb = sigmoidOfXb(rows.map((r) => r.xb!));
      return rows.map((_, i) => [100 * chi[i]!, xb[i]!]);
    },
  },
  "ref-chi-sil": { gamma: 0.3, names: ["SS_norm", "CHI_norm"], needs: ["silhouette", "chi"], parts: each((r) => [(r.silhouette! + 1) / 2, share(r.chi!)]) },
  "ref-ss-xb": {
    gamma: 0.5,
    names: ["SS_norm", "XB_norm"],
    needs: ["silhouette", "xb"],
    parts: each((r) => [(r.silhouette! + 1) / 2, Number.isFinite(r.xb!) ? 1 / (1 + r.xb!) : 0]),
  },
  "ref-dbs-di": { gamma: 0.5, names: ["DBS_norm", "DI_norm"], needs: ["dbs", "dunn"], parts: each((r) => [1 / (1 + r.dbs!), share(r.dunn!)]) },
  "paper-eq": {
    gamma: 0.5,
    names: ["1/XBI", "CHI_norm"],
    needs: ["chi", "xb"],
    parts(rows) {
      const chi = minMax(rows.map((r) => r.chi!));
      return rows.map((r, i) => [1 / r.xb!, chi[i]!]);
    },
  },
};

/** Composite of every row; rows without a needed metric keep null and take no part in the scaling. @param gamma share of the first part, 0..1 */
export function compatible(rows: readonly RawMetrics[], mode: CompatMode, gamma = FORMULAS[mode].gamma): CompatRow[] {
  const { needs, parts } = FORMULAS[mode];
  const usable = rows.filter((row) =>
    needs.every((key) => typeof row[key] === "number" && !Number.isNaN(row[key]) && (key === "xb" || Number.isFinite(row[key]))),
  );
  const known = usable.filter((row) => mode === "ref-ss-xb" || !needs.includes("xb") || Number.isFinite(row.xb!));
  const scaled = new Map(parts(known).map((pair, i) => [known[i]!, pair] as const));
  return rows.map((row) => {
    const pair = scaled.get(row);
    if (!pair) return { name: row.name, parts: [null, null], aqi: null };
    return { name: row.name, parts: pair, aqi: gamma * pair[0] + (1 - gamma) * pair[1] };
  });
}

/** XB of two hard clusters follows from CHI: CHI · XB = (n - 2) p₀ p₁. @param share p₁ */
export const xbFromChi = (chi: number, n: number, share = 0.5) => ((n - 2) * share * (1 - share)) / chi;

function each(one: (row: RawMetrics) => readonly [number, number]): Formula["parts"] {
  return (rows) => rows.map(one);
}

const share = (value: number) => value / (1 + value);

/** 0 to 1 within the table; all alike: one half, or 0 when they are 0, as the reference. */
function minMax(values: readonly number[]): number[] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (high - low < 1e-9) return values.map(() => (high !== 0 ? 0.5 : 0));
  return values.map((v) => (v - low) / (high - low));
}

/** 100 (1 - σ((XB - median) / (IQR + 1e-9))), floored at 10: the reference never gives less. */
function sigmoidOfXb(values: readonly number[]): number[] {
  const middle = quantile(values, 0.5);
  const scale = quantile(values, 0.75) - quantile(values, 0.25) + 1e-9;
  return values.map((v) => {
    const z = Math.max(-500, Math.min(500, (v - middle) / scale));
    return Math.min(100, Math.max(10, 100 * (1 - 1 / (1 + Math.exp(-z)))));
  });
}
