import type { AqiResult, AuditResult, CategoryScore, Interval, LayerScores, Maybe } from "../../protocol/index.js";

type Parts = Pick<AuditResult, "aqi" | "layers" | "probe" | "controls" | "categories" | "dataset">;

/** One sentence made from the numbers, and never more than they say. */
export function verdict(parts: Parts): string {
  const first = parts.aqi.score === null ? aboutProbe(parts) : aboutAqi(parts.aqi, parts.layers);
  const weak = weakest(parts.categories, parts.probe.bestLayer);
  return weak ? `${first} ${weak}` : first;
}

function aboutAqi(aqi: AqiResult, layers: readonly LayerScores[]): string {
  const { score, ci95 } = aqi.gain;
  if (score === null || ci95 === null) return `Safe and unsafe are held apart with an AQI of ${whole(aqi.score)}; what words alone give could not be computed.`;
  if (ci95[0] <= 0) return `No evidence beyond vocabulary: the gain over words alone is ${signed(score)} ${between(ci95)}.`;
  const beyond = layersBeyond(layers, aqi.lexical);
  const where = beyond ? (beyond[0] === beyond[1] ? `Layer ${beyond[0]} holds` : `Layers ${beyond[0]} to ${beyond[1]} hold`) : "The layers together hold";
  return `${where} the two apart beyond vocabulary: ${signed(score)} ${between(ci95)}.`;
}

/** The run of layers around the best one whose whole interval lies above what words alone give. */
function layersBeyond(layers: readonly LayerScores[], lexical: Maybe): readonly [number, number] | undefined {
  const floor = lexical ?? 0;
  const above = layers.map(({ aqiCi95 }) => aqiCi95 !== null && aqiCi95[0] > floor);
  const best = layers.reduce((top, one, i) => ((one.aqi ?? Number.NEGATIVE_INFINITY) > (layers[top]?.aqi ?? Number.NEGATIVE_INFINITY) ? i : top), 0);
  if (!above[best]) return undefined;
  let [from, to] = [best, best];
  while (above[from - 1]) from--;
  while (above[to + 1]) to++;
  return [layers[from].layer, layers[to].layer];
}

function aboutProbe({ layers, probe, controls, dataset, aqi }: Parts): string {
  const [negative, positive] = dataset.classes.map(({ name }) => name);
  const best = probe.bestLayer === null ? undefined : layers.find(({ layer }) => layer === probe.bestLayer);
  if (!best || best.auroc === null) return aqi.reason ?? "There are too few rows for a probe.";
  const nested = probe.nestedAuroc ?? best.auroc;
  const words = controls.words === null ? "" : ` (words alone ${two(controls.words)})`;
  const readable = `${positive} and ${negative} can be told apart with AUROC ${two(nested)}${words}, best at layer ${best.layer}.`;
  const low = best.aurocCi95?.[0];
  if (low !== undefined && low <= 0.5) return `No evidence that ${positive} and ${negative} can be told apart: AUROC ${two(nested)}${words}.`;
  if (low !== undefined && controls.words !== null && low <= controls.words) return `${readable} That is no more than words alone may give.`;
  return readable;
}

function weakest(categories: readonly CategoryScore[], bestLayer: number | null): string | undefined {
  if (bestLayer === null || categories.length < 2) return undefined;
  const scored = categories.flatMap(({ name, auroc }) => {
    const value = auroc[bestLayer];
    return value === null || value === undefined ? [] : [{ name, value }];
  });
  if (scored.length < 2) return undefined;
  const low = scored.reduce((a, b) => (b.value < a.value ? b : a));
  return `Weakest: ${low.name} (AUROC ${two(low.value)} at layer ${bestLayer}).`;
}

const whole = (value: Maybe) => (value === null ? "–" : value.toFixed(0));
const two = (value: number) => value.toFixed(2);
const signed = (value: number) => `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(0)}`;
const between = ([lo, hi]: Interval) => `(${lo.toFixed(0).replace("-", "−")} to ${hi.toFixed(0).replace("-", "−")})`;
