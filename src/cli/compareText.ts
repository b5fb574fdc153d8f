import { basename } from "node:path";
import type { CompareResult, Difference, Maybe, PairComparison } from "../protocol/index.js";
import { digits, plain, range, sparkline } from "./terminal.js";

/** A comparison for people at a terminal. */
export function compareText(result: CompareResult, { colour }: { colour: boolean }): string {
  const bold = (text: string) => (colour ? `\x1b[1m${text}\x1b[22m` : text);
  const dim = (text: string) => (colour ? `\x1b[2m${text}\x1b[22m` : text);
  const { runs, pairs, dataset, settings } = result;
  const files = [dataset.path, dataset.contrastPath].filter((path) => path !== undefined).map((path) => plain(basename(path)));
  const width = Math.min(48, Math.max(...runs.map(({ name }) => plain(name).length)));
  const lines = [
    bold(plain(result.verdict)),
    dim(`${files.join(" against ")} · ${settings.pooling} · at most ${settings.maxTokens} tokens · seed ${settings.seed}`),
    "",
    ...runs.map(
      ({ mark, name, aqi, aqiCi95, auroc, bestLayer, model, rows }) =>
        `${mark.padEnd(3)}${plain(name).slice(0, width).padEnd(width)}  AQI ${digits(aqi)}${range(aqiCi95)}, AUROC ${digits(auroc)}, best layer ${bestLayer ?? "–"} of ${model.layers}, ${rows} rows`,
    ),
    ...pairs.flatMap((pair) => ["", ...pairLines(pair, pairs.length > 1, dim)]),
    ...result.notices.map(({ message }) => `note: ${plain(message)}`),
    dim("An AQI is evidence about geometry, never proof that a model is safe."),
  ];
  return `${lines.join("\n")}\n`;
}

function pairLines(pair: PairComparison, several: boolean, dim: (text: string) => string): string[] {
  const { a, b, aqi, layers, column, categories, depth, moved, rows } = pair;
  const best = column === null ? undefined : layers[column];
  const values = layers.map(({ auroc }) => auroc.value);
  const reach = Math.max(0, ...values.map((v) => Math.abs(v ?? 0)));
  const lines = [
    ...(several ? [`${b} against ${a}: ${plain(pair.verdict)}`] : []),
    `rows       ${rows.common} in both, ${rows.groups} groups drawn${rows.onlyA + rows.onlyB > 0 ? `; ${rows.onlyA} in ${a} only, ${rows.onlyB} in ${b} only` : ""}`,
    ...(aqi.value === null ? [] : [`AQI        ${difference(aqi)}`]),
  ];
  if (best) {
    const { onlyA, onlyB, p } = best.disagreements ?? { onlyA: 0, onlyB: 0, p: 1 };
    const bounds = best.auroc.band95 ? `, ${signed(best.auroc.band95[0])} to ${signed(best.auroc.band95[1])} for all layers at once` : "";
    lines.push(
      `AUROC      ${difference(best.auroc)} at ${place(pair, column!)} (best of both)${bounds}`,
      `           by layer ${sparkline(values, -reach, reach)}  ${signed(-reach)} to ${signed(reach)}; beyond chance: ${beyond(pair)}`,
      `rows right in ${a} and wrong in ${b}: ${onlyA}; the other way: ${onlyB} (exact p ${digits(p)})`,
    );
  }
  lines.push(`depth      ${depth.map(({ what, a: x, b: y }) => `${DEPTH[what]} ${layerOrShare(x)} → ${layerOrShare(y)}`).join(", ")}`);
  const shown = categories.filter(({ auroc }) => column !== null && auroc[column].value !== null);
  if (shown.length > 0) {
    const width = Math.min(32, Math.max(...shown.map(({ name }) => plain(name).length)));
    lines.push(`categories (AUROC, ${b} less ${a}, at ${place(pair, column!)})`);
    for (const { name, n, auroc } of shown)
      lines.push(`  ${plain(name).slice(0, width).padEnd(width)} ${difference(auroc[column!], false)} ${dim(`${n[0]}+${n[1]}`)}`);
  }
  const crossed = moved.filter((row) => row.crossed).slice(0, 5);
  if (crossed.length > 0)
    lines.push(`moved most and across the boundary: rows ${crossed.map(({ row, direction }) => `${row + 1} (${direction} its label)`).join(", ")}`);
  for (const notice of pair.notices) lines.push(`note: ${plain(notice.message)}`);
  return lines;
}

const DEPTH = { bestLayer: "best layer", jump: "jump", converge: "convergence", depth95: "depth95", areaDepth: "area depth" } as const;

function place({ layers, a, b, matched }: PairComparison, column: number): string {
  const { layerA, layerB } = layers[column];
  return matched === "layer" ? `layer ${layerA}` : `layer ${layerA} of ${a}, ${layerB} of ${b}`;
}

function beyond({ layers, matched }: PairComparison): string {
  const found = layers.filter(({ auroc: { band95 } }) => band95 && (band95[0] > 0 || band95[1] < 0));
  if (found.length === 0) return "none";
  return `${found.map(({ layerB }) => layerB).join(" ")}${matched === "layer" ? "" : " (of the later run)"}`;
}

const layerOrShare = (value: Maybe) => (Number.isInteger(value) ? String(value) : digits(value));

const signed = (value: Maybe) => (value !== null && value > 0 ? `+${digits(value)}` : digits(value).replace("-", "−"));

function difference({ value, ci95, why }: Difference, withWhy = true): string {
  const bounds = ci95 ? ` (${signed(ci95[0])} to ${signed(ci95[1])})` : withWhy && why ? ` (no interval: ${plain(why)})` : "";
  return `${signed(value)}${bounds}`;
}
