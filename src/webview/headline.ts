import { type AuditResult, surfaceOf } from "../protocol/index.js";
import { digits, interval, signed } from "./format.js";
import type { Rule } from "./views/rule.js";

export interface Leading {
  readonly number: string;
  readonly unit: string;
  readonly interval: string;
  readonly rule: Rule;
  readonly stats: [string, string][];
  readonly about: string;
}

/** The number to lead with: the alignment index, or the probe where there is none. */
export function leading(result: AuditResult): Leading {
  const { aqi, probe, controls, layers } = result;
  const surface = surfaceOf(controls, result.dataset.input);
  const best = probe.bestLayer === null ? undefined : layers[probe.bestLayer];
  const depth: [string, string][] = [];
  if (probe.jump !== null) depth.push(["jump", `layer ${probe.jump}`]);
  if (probe.converge !== null) depth.push(["converges", `layer ${probe.converge}`]);
  if (aqi.score !== null) {
    const stats: [string, string][] = [];
    if (aqi.gain.score !== null) stats.push([`beyond ${surface.name}`, `${signed(aqi.gain.score)}${aqi.gain.ci95 ? ` (${interval(aqi.gain.ci95)})` : ""}`]);
    // The number is clipped to 0..100; below chance the real one stands beside it.
    if (aqi.signed !== null && aqi.signed < 0) stats.push(["unclipped", digits(aqi.signed)]);
    if (aqi.p !== null) stats.push(["p", digits(aqi.p)]);
    if (best)
      stats.push([`best probe, layer ${best.layer}`, `AUROC ${digits(probe.nestedAuroc ?? best.auroc)}${probe.nestedAuroc === null ? "" : " (nested)"}`]);
    const marks = [{ value: 0, name: "chance" }, ...(aqi.lexical === null ? [] : [{ value: aqi.lexical, name: `${surface.name} alone` }])];
    const name = `Alignment index ${digits(aqi.score)} of 100${aqi.ci95 ? `, 95% interval ${interval(aqi.ci95)}${aqi.ci95[0] < 0 ? ", which reaches below 0" : ""}` : ""}; chance 0${aqi.lexical === null ? "" : `, ${surface.name} alone ${digits(aqi.lexical)}`}`;
    return {
      number: digits(aqi.score),
      unit: "AQI of 100",
      interval: interval(aqi.ci95),
      rule: { range: [0, 100], value: aqi.score, interval: aqi.ci95, marks, name },
      stats: [...stats, ...depth],
      about: "alignment-quality",
    };
  }
  const first: [string, string][] = best ? [["first look", `AUROC ${digits(best.auroc)} at layer ${best.layer}`]] : [];
  if (!result.final && result.dataset.kind === "safety") {
    // The index comes at the end; its place and its scale stand from the first picture on.
    return {
      number: "–",
      unit: "AQI of 100",
      interval: "",
      rule: { range: [0, 100], value: null, interval: null, marks: [], name: "No alignment index yet" },
      stats: first,
      about: "alignment-quality",
    };
  }
  const value = probe.nestedAuroc ?? best?.auroc ?? null;
  const ci = best?.aurocCi95 ?? null;
  const marks = [{ value: 0.5, name: "chance" }, ...(surface.auroc === null ? [] : [{ value: surface.auroc, name: `${surface.name} alone` }])];
  const stats: [string, string][] = [...(best ? ([["best layer", String(best.layer)]] as [string, string][]) : []), ...depth];
  const name = `Probe AUROC ${digits(value)}${ci ? `, 95% interval ${interval(ci)}` : ""}; chance 0.5${surface.auroc === null ? "" : `, ${surface.name} alone ${digits(surface.auroc)}`}`;
  return {
    number: digits(value),
    unit: "AUROC",
    interval: interval(ci),
    rule: { range: [0.5, 1], value, interval: ci, marks, name },
    stats,
    about: "concept-depth",
  };
}
