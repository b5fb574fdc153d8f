import type { AqiResult, AuditPlan, AuditView, CategoryScore, LayerScores, Matrix, Notice, Picture } from "../../protocol/index.js";
import { type AlignmentQuality, alignmentQuality } from "../lenses/alignment-quality/index.js";
import { lensCards, reportsOf } from "../lenses/choice.js";
import { type ConceptDepth, conceptDepth } from "../lenses/concept-depth/index.js";
import type { LensOutput } from "../lenses/lens.js";
import { surfaceVersusMeaning } from "../lenses/surface-versus-meaning/index.js";
import type { Collected } from "./collect.js";
import { frameOf } from "./frame.js";
import { wrongWay } from "./leaks.js";
import type { Prepared } from "./prepare.js";
import { rowTable } from "./rows.js";
import type { StudyOfRows } from "./study.js";
import { terse } from "./terse.js";
import { verdict } from "./verdict.js";

export interface Finished {
  readonly plan: AuditPlan;
  readonly prepared: Prepared;
  readonly collected: Collected;
  readonly study: StudyOfRows;
  readonly outputs: ReadonlyMap<string, LensOutput<unknown>>;
  /** Moments on one clock, ms. */
  readonly started: number;
  readonly opened: number;
  readonly extracted: number;
}

/** The lenses' values as one result, their pictures as one view. */
export function assemble({ plan, prepared, collected, study, outputs, started, opened, extracted }: Finished): AuditView {
  const probe = valuesOf(outputs, conceptDepth);
  const alignment = valuesOf(outputs, alignmentQuality);
  const controls = valuesOf(outputs, surfaceVersusMeaning);
  const now = performance.now();
  const frame = frameOf({
    prepared,
    plan,
    collected,
    used: study.count,
    totalMs: now - started,
    openMs: opened - started,
    extractMs: extracted - opened,
    lensMs: now - extracted,
  });
  const withheld = new Map([...study.notFinite].map(([layer, rows]) => [layer, `${rows} of ${study.count} rows have states that are not finite`]));
  const layers = alignment.layers.map((geometry, layer): LayerScores => layerScores(geometry, probe.layers[layer], withheld.get(layer)));
  const categories = probe.categories.map(
    (category, i): CategoryScore => ({ ...category, separation: alignment.separation[i]?.values ?? [], why: category.why ?? alignment.separation[i]?.why }),
  );
  const reports = reportsOf(outputs);
  const parts = {
    dataset: { ...frame.dataset, groups: study.leaks.groups },
    aqi: carded(alignment.aqi, frame),
    layers,
    probe: probe.probe,
    controls,
    categories,
  };
  const notices: Notice[] = [
    ...frame.notices,
    ...study.leaks.notices,
    ...wrongWay(controls, frame.dataset.columns.group),
    ...[...withheld].map(([layer, reason]) => ({ code: "audit/not-finite", message: `Layer ${layer} is withheld: ${reason}.` })),
    ...[...outputs.values()].flatMap((output) => output.notices),
  ];
  const rows = { ...rowTable(prepared.dataset, study.rows, study.layers, collected.tokens, probe), group: study.group };
  return {
    result: { ...frame, final: true, ...parts, ...(reports ? { lenses: reports } : {}), verdict: verdict(parts), notices: terse(notices) },
    pictures: [...outputs.values()].flatMap((output) => output.pictures).map((picture) => withhold(picture, withheld)),
    rows,
    lenses: lensCards(study.kind, outputs),
  };
}

/** The comparability card with the model and version that the lens does not know. */
function carded(aqi: AqiResult, { model, layerscope }: ReturnType<typeof frameOf>): AqiResult {
  return aqi.card ? { ...aqi, card: { ...aqi.card, model: { sha256: model.sha256, precision: model.precision }, version: layerscope } } : aqi;
}

function valuesOf<V>(outputs: ReadonlyMap<string, LensOutput<unknown>>, lens: { readonly id: string; run(...args: never): Promise<LensOutput<V>> }): V {
  return outputs.get(lens.id)?.values as V;
}

function layerScores(geometry: AlignmentQuality["layers"][number], probe: ConceptDepth["layers"][number], withheld: string | undefined): LayerScores {
  const all: LayerScores = { ...geometry, ...probe, why: { ...geometry.why, ...probe.why } };
  if (!withheld) return all;
  const values = Object.fromEntries(Object.keys(all).map((key) => [key, key === "layer" ? geometry.layer : null]));
  return { ...(values as unknown as LayerScores), why: { all: withheld } };
}

/** A layer whose states are not finite shows nothing, with its reason. */
function withhold(picture: Picture, withheld: ReadonlyMap<number, string>): Picture {
  if (withheld.size === 0) return picture;
  const blank = <T>(values: readonly T[]) => values.map((value, layer) => (withheld.has(layer) ? null : value));
  if (picture.shape === "matrix")
    return { ...picture, rows: picture.rows.map((row) => ({ ...row, values: blank(row.values), why: row.why ?? [...withheld.values()][0] })) } satisfies Matrix;
  if (picture.shape !== "curve") return picture;
  return { ...picture, series: picture.series.map((s) => (Array.isArray(s.values) ? { ...s, values: blank(s.values) } : s)) };
}
