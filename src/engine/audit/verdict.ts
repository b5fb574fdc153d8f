import type { AuditResult, CategoryScore, Interval, LayerScores, Maybe } from "../../protocol/index.js";
import { surfaceOf } from "../../protocol/index.js";
import { ROUNDING } from "../lenses/concept-depth/depth.js";

type Parts = Pick<AuditResult, "aqi" | "layers" | "probe" | "controls" | "categories" | "dataset">;

/** One sentence made from the numbers, and never more than they say. */
export function verdict(parts: Parts): string {
  const { claim, sentence } = parts.aqi.score === null ? aboutProbe(parts) : aboutAqi(parts);
  const weak = claim ? weakest(parts.categories, parts.probe.bestLayer) : undefined;
  return weak ? `${sentence} ${weak}` : sentence;
}

interface Sentence {
  readonly sentence: string;
  /** The sentence says that something was found. */
  readonly claim: boolean;
}

/** Where words (or pixels) alone reach this, the classes are told apart already and what is left of the gain is noise. */
const SATURATED = { auroc: 0.98, aqi: 90 };
/** Points below which a gain is not claimed: the interval is blind to the whitening, whose noise is of this size. */
const LEAST_GAIN = 3;
const LEVEL = 0.05;

/** "Beyond vocabulary" needs all of it: an interval, a gain that is worth naming, room above words alone, and the permutation test. */
function aboutAqi({ aqi, layers, probe, controls, dataset }: Parts): Sentence {
  const surface = surfaceOf(controls, dataset.input);
  const { score, ci95 } = aqi.gain;
  const nothing = (sentence: string): Sentence => ({ claim: false, sentence });
  const none = (why: string) => nothing(`No evidence beyond ${surface.beyond}: ${why}.`);
  if (score === null || ci95 === null || aqi.ci95 === null)
    return nothing(`Too few rows to claim anything: ${aqi.why?.["gain"] ?? "no interval could be computed"}.`);
  if ((surface.auroc ?? 0) >= SATURATED.auroc)
    return none(`the classes' ${dataset.input ? surface.beyond : "vocabularies"} alone tell them apart; nothing can be said beyond them`);
  if ((aqi.lexical ?? 0) >= SATURATED.aqi)
    return none(`${dataset.input ? surface.beyond : "words, length and casing"} alone tell the classes apart; nothing can be said beyond them`);
  if (ci95[0] <= 0) return none(`the gain over ${surface.name} alone is ${signed(score)} ${between(ci95)}`);
  if (score < LEAST_GAIN) return none(`the gain over ${surface.name} alone is ${signed(score)}, less than the ${LEAST_GAIN} points that would be claimed`);
  if (aqi.ci95[0] <= 0) return none(`the index itself may be 0 (${between(aqi.ci95).slice(1, -1)})`);
  if (aqi.p !== null && aqi.p > LEVEL) return none(`shuffled labels reach as high too often (p ${two(aqi.p)})`);
  // The index has its own baseline of words or pixels; the stronger one beside it has a say too.
  const { nestedAuroc } = probe;
  if (surface.auroc !== null && nestedAuroc !== null && nestedAuroc <= surface.auroc)
    return none(`${surface.name} alone reach AUROC ${two(surface.auroc)}, the best layer ${two(nestedAuroc)}`);
  const beyond = layersBeyond(layers, aqi.lexical);
  const where = beyond ? (beyond[0] === beyond[1] ? `Layer ${beyond[0]} holds` : `Layers ${beyond[0]} to ${beyond[1]} hold`) : "The layers together hold";
  return { claim: true, sentence: `${where} the two apart beyond ${surface.beyond}: ${signed(score)} ${between(ci95)}.` };
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

function aboutProbe({ layers, probe, controls, dataset, aqi }: Parts): Sentence {
  const [negative, positive] = dataset.classes.map(({ name }) => name);
  const best = probe.bestLayer === null ? undefined : layers.find(({ layer }) => layer === probe.bestLayer);
  if (!best || best.auroc === null) return { claim: false, sentence: asSentence(aqi.reason ?? "there are too few rows for a probe") };
  const nested = probe.nestedAuroc ?? best.auroc;
  const surface = surfaceOf(controls, dataset.input);
  const alone = surface.auroc === null ? "" : ` (${surface.name} alone ${two(surface.auroc)})`;
  const readable = `${positive} and ${negative} can be told apart with AUROC ${two(nested)}${alone}, best at layer ${best.layer}.`;
  const low = best.aurocCi95?.[0];
  if (low === undefined)
    return {
      claim: false,
      sentence: `Too few rows to claim that ${positive} and ${negative} can be told apart${asReason(best.why?.["aurocCi95"])}: AUROC ${two(nested)}${alone}.`,
    };
  if (low <= 0.5 + ROUNDING) return { claim: false, sentence: `No evidence that ${positive} and ${negative} can be told apart: AUROC ${two(nested)}${alone}.` };
  if (surface.auroc !== null && low <= surface.auroc) return { claim: false, sentence: `${readable} That is no more than ${surface.name} alone may give.` };
  return { claim: true, sentence: readable };
}

/** Rows of each class below which a category is not named: with ten each an AUROC is known to about 0.12. */
const LEAST_PER_CLASS = 10;

function weakest(categories: readonly CategoryScore[], bestLayer: number | null): string | undefined {
  if (bestLayer === null || categories.length < 2) return undefined;
  const scored = categories.flatMap(({ name, auroc, n }) => {
    const value = auroc[bestLayer];
    return value === null || value === undefined || Math.min(...n) < LEAST_PER_CLASS ? [] : [{ name, value }];
  });
  if (scored.length < 2) return undefined;
  const low = scored.reduce((a, b) => (b.value < a.value ? b : a));
  return `Weakest: ${low.name} (AUROC ${two(low.value)} at layer ${bestLayer}).`;
}

const asReason = (why: string | undefined) => (why ? ` (${why})` : "");
const two = (value: number) => value.toFixed(2);
const asSentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
const signed = (value: number) => (Math.round(value) === 0 ? "0" : `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(0)}`);
const plain = (value: number) => String(Math.round(value) || 0).replace("-", "−");
const between = ([lo, hi]: Interval) => `(${plain(lo)} to ${plain(hi)})`;
