import { basename } from "node:path";
import type { AuditResult, CategoryScore, LayerScores, LensCard, Maybe } from "../protocol/index.js";
import { axiomRemark, besideIndex, surfaceOf } from "../protocol/index.js";
import { digits, plain, range, sparkline } from "./terminal.js";

/** The result for people at a terminal: verdict, a row of blocks a metric, controls, categories, what was skipped. */
export function textReport(result: AuditResult, { colour }: { colour: boolean }, lenses: readonly LensCard[] = []): string {
  const bold = (text: string) => (colour ? `\x1b[1m${text}\x1b[22m` : text);
  const dim = (text: string) => (colour ? `\x1b[2m${text}\x1b[22m` : text);
  const { model, dataset, aqi, probe, controls, layers, categories, settings, timing } = result;
  const surface = surfaceOf(controls, dataset.input);
  const files = [dataset.path, dataset.contrastPath].filter((path) => path !== undefined).map((path) => plain(basename(path)));
  const lines: string[] = [
    bold(plain(result.verdict)),
    dim(
      `${plain(model.name)}${model.tower ? `, ${plain(model.tower)} tower` : ""} · ${model.precision} · ${model.provider}${model.hosts ? ` (${plain(model.hosts.join(", "))})` : ""} · ${files.join(" against ")} · ${settings.pooling}${settings.tokenSet === "completion" ? " of the answers" : ""}${(settings.chatTemplate ?? "none") === "none" ? "" : " · chat template"} · ${digits(timing.totalMs / 1000)} s${timing.stored ? `, states of ${timing.stored} rows from the store` : ""}`,
    ),
    "",
  ];
  if (aqi.score === null) lines.push(`AQI        absent: ${plain(aqi.reason ?? "not computable")}`);
  else {
    lines.push(`AQI        ${bold(digits(aqi.signed ?? aqi.score))}${range(aqi.ci95)} of 100, p ${aqi.p === null ? "–" : digits(aqi.p)}`);
    lines.push(`           ${surface.name} alone ${digits(aqi.lexical)}, gain ${digits(aqi.gain.score)}${range(aqi.gain.ci95)}`);
  }
  if (aqi.score !== null)
    for (const part of besideIndex(aqi, dataset.input, digits, (ci) => `${digits(ci[0])} to ${digits(ci[1])}`)) lines.push(`           ${part}`);
  lines.push(
    `probe      best layer ${probe.bestLayer ?? "–"}, AUROC ${digits(probe.nestedAuroc)} with the layer chosen on other folds; jump ${probe.jump ?? "–"}, convergence ${probe.converge ?? "–"}`,
    `controls   ${surface.name} ${digits(surface.auroc)}, ${dataset.input ? "" : `length ${digits(controls.length)}, `}shuffled labels ${digits(controls.shuffled)}${range(controls.shuffledCi95)}`,
    "",
    ...heatmap(layers),
  );
  lines.push(...categoryLines(categories, dim));
  lines.push(...axiomLines(result, dim));
  for (const { core, title, state, says, why } of lenses)
    if (!core && state !== "open" && (says || why)) lines.push("", `${title}: ${plain(says ?? `not here, ${why}`)}`);
  const [negative, positive] = dataset.classes;
  lines.push(
    "",
    `rows       ${dataset.used} used of ${dataset.rows} (${counts(result, 0)} ${plain(negative.name)}, ${counts(result, 1)} ${plain(positive.name)})${dataset.truncated.total > 0 ? `, ${dataset.truncated.total} truncated` : ""}`,
  );
  for (const skip of dataset.skipped) lines.push(`  ${skip.count} skipped: ${plain(skip.message)}`);
  for (const notice of result.notices) lines.push(`note: ${plain(notice.message)}`);
  lines.push(dim("An AQI is evidence about geometry, never proof that a model is safe."));
  return `${lines.join("\n")}\n`;
}

const counts = (result: AuditResult, side: 0 | 1) => result.dataset.classes[side].rows;

function heatmap(layers: readonly LayerScores[]): string[] {
  const row = (name: string, pick: (layer: LayerScores) => Maybe, lo: number | "least", hi: number | "most") => {
    const values = layers.map(pick);
    const known = values.filter((v) => v !== null);
    const [from, to] = [lo === "least" ? Math.min(...known) : lo, hi === "most" ? Math.max(...known) : hi];
    return `  ${name.padEnd(11)} ${sparkline(values, from, to)}  ${known.length ? `${digits(from)} to ${digits(to)}` : ""}`;
  };
  return [
    `layers 0 to ${layers.length - 1}`,
    row("AUROC", ({ auroc }) => auroc, 0.5, 1),
    ...(layers.some(({ aqi }) => aqi !== null) ? [row("AQI", ({ aqi }) => aqi, 0, 100)] : []),
    row("CHI (raw)", ({ chi }) => chi, "least", "most"),
    row("silhouette", ({ silhouette }) => silhouette, "least", "most"),
  ];
}

function categoryLines(categories: readonly CategoryScore[], dim: (text: string) => string): string[] {
  const shown = categories.filter(({ auroc }) => auroc.some((value) => value !== null));
  if (categories.length === 0) return [];
  const width = Math.min(32, Math.max(0, ...shown.map(({ name }) => plain(name).length)));
  const rest = categories.length - shown.length;
  return [
    "",
    "categories (AUROC by layer, n)",
    ...shown.map(({ name, n, auroc }) => `  ${plain(name).slice(0, width).padEnd(width)} ${sparkline(auroc, 0.5, 1)} ${dim(`${n[0]}+${n[1]}`)}`),
    ...(rest > 0 ? [dim(`  ${rest} of ${categories.length} have too few rows of one class`)] : []),
  ];
}

/** Axioms that are drawn at a terminal; the JSON has all. */
const MOST_AXIOMS = 12;

/** Weakest first; what points elsewhere is said in words. */
function axiomLines({ aqi: { axioms = [] } }: AuditResult, dim: (text: string) => string): string[] {
  if (axioms.length < 2) return [];
  const sorted = [...axioms].sort((a, b) => a.separation - b.separation);
  const shown = sorted.slice(0, MOST_AXIOMS);
  const width = Math.min(32, Math.max(...shown.map(({ name }) => plain(name).length)));
  return [
    "",
    "axioms, weakest first (separation of 100, share of the scatter, cosine with the others)",
    ...shown.map((axiom) => {
      const { name, separation, ci95, share, cosine } = axiom;
      const numbers = `${digits(separation)}${range(ci95)}, ${Math.round(100 * share)}%, ${cosine === null ? "–" : digits(cosine)}`;
      const remark = axiomRemark(axiom);
      return `  ${plain(name).slice(0, width).padEnd(width)} ${dim(numbers)}${remark ? `  ${remark}` : ""}`;
    }),
    ...(sorted.length > shown.length ? [dim(`  and ${sorted.length - shown.length} more`)] : []),
  ];
}
