import type { Difference, Interval, LayerDifference, Maybe, PairComparison } from "../../protocol/index.js";

type Parts = Pick<PairComparison, "a" | "b" | "aqi" | "layers" | "identical" | "matched" | "rows">;

/** One sentence or two from the numbers, and never more than they say: what an interval does not exclude is not claimed. */
export function verdictOf(parts: Parts, classNames: readonly [string, string]): string {
  const { a, b, aqi, layers, identical } = parts;
  if (identical) return `${a} and ${b} score every row alike at every layer: no difference.`;
  const both = `${classNames[0]} and ${classNames[1]}`;
  const better = runsOf(layers, (band) => band[0] > 0);
  const worse = runsOf(layers, (band) => band[1] < 0);
  const where = [
    ...(better.length ? [`better at ${layersText(better, parts)}${most(layers, better)}`] : []),
    ...(worse.length ? [`worse at ${layersText(worse, parts)}${most(layers, worse)}`] : []),
  ].join(", ");
  const probe = where ? `Its probe is ${where}.` : undefined;
  if (aqi.ci95 && clears(aqi.ci95)) {
    const sentence = `${b} holds ${both} ${aqi.value! > 0 ? "further apart" : "less far apart"} than ${a}: AQI ${whole(aqi.value, aqi.ci95)} ${between(aqi.ci95)}.`;
    return `${sentence} ${probe ?? "At no single layer is its probe better or worse by more than chance may do."}`;
  }
  const index = aboutAqi(aqi);
  if (where) return `${b}'s probe is ${where}.${index ? ` ${index}` : ""}`;
  if (!layers.some(({ auroc }) => auroc.band95)) return `The rows are too few to say whether ${b} differs from ${a}.${index ? ` ${index}` : ""}`;
  return `No difference between ${a} and ${b} that these ${parts.rows.common} rows can show: no layer's AUROC differs by more than chance may do.${index ? ` ${index}` : ""}`;
}

function aboutAqi({ value, ci95, why }: Difference): string | undefined {
  if (value === null) return undefined;
  if (ci95 === null) return `AQI ${whole(value)}, without an interval: ${why ?? "not computed"}.`;
  return `AQI ${whole(value, ci95)} ${between(ci95)}: no difference can be claimed.`;
}

const clears = (ci: Interval) => ci[0] > 0 || ci[1] < 0;

/** Runs of neighbouring columns whose simultaneous band lies on one side of 0. */
function runsOf(layers: readonly LayerDifference[], on: (band: Interval) => boolean): (readonly [number, number])[] {
  const out: [number, number][] = [];
  layers.forEach(({ auroc: { band95 } }, column) => {
    if (!band95 || !on(band95)) return;
    const last = out.at(-1);
    if (last && last[1] === column - 1) last[1] = column;
    else out.push([column, column]);
  });
  return out;
}

function layersText(runs: readonly (readonly [number, number])[], { layers, matched, b }: Parts): string {
  const number = (column: number) => layers[column].layerB;
  const parts = runs.map(([from, to]) => (from === to ? `${number(from)}` : `${number(from)} to ${number(to)}`));
  const one = runs.length === 1 && runs[0][0] === runs[0][1];
  return `layer${one ? "" : "s"} ${parts.join(" and ")}${matched === "layer" ? "" : ` of ${b}`}`;
}

function most(layers: readonly LayerDifference[], runs: readonly (readonly [number, number])[]): string {
  const columns = runs.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => layers[from + i].auroc));
  const top = columns.reduce((x, y) => (Math.abs(y.value ?? 0) > Math.abs(x.value ?? 0) ? y : x));
  return ` (AUROC ${columns.length > 1 ? "up to " : ""}${two(top.value)}, ${two(top.band95![0])} to ${two(top.band95![1])})`;
}

const sign = (value: number, text: string) => (Number(text) === 0 ? "0" : `${value > 0 ? "+" : "−"}${text}`);
/** One decimal where a whole number would say too little. */
const points = (size: number, ci: Interval | null) => size.toFixed(Math.max(size, ...(ci ?? []).map(Math.abs)) < 3 ? 1 : 0);
const whole = (value: Maybe, ci: Interval | null = null) => (value === null ? "–" : sign(value, points(Math.abs(value), ci)));
const two = (value: Maybe) => (value === null ? "–" : sign(value, Math.abs(value).toFixed(2)));
const between = (ci: Interval) => `(${ci.map((x) => plain(x, points(Math.abs(x), ci))).join(" to ")})`;
const plain = (value: number, text: string) => (Number(text) === 0 ? "0" : `${value < 0 ? "−" : ""}${text}`);
