import type { AuditResult, ComparabilityCard } from "../../protocol/index.js";

/** One setting in which two runs differ, as people read it. */
export interface Clash {
  readonly field: string;
  readonly a: string;
  readonly b: string;
  /** The rows themselves differ, not only how they were measured. */
  readonly data: boolean;
}

interface Field {
  readonly name: string;
  readonly data: boolean;
  of(result: AuditResult): unknown;
}

const major = (version: string) =>
  version
    .split(".")
    .slice(0, version.startsWith("0.") ? 2 : 1)
    .join(".");

/** All but the model: what has to be the same before a difference may be blamed on the model. */
const FIELDS: readonly Field[] = [
  { name: "dataset SHA-256", data: true, of: ({ dataset }) => dataset.sha256.slice(0, 12) },
  { name: "kind", data: true, of: ({ dataset }) => dataset.kind },
  { name: "classes", data: true, of: ({ dataset }) => dataset.classes.map(({ name, values }) => `${name}: ${[...values].sort().join("|")}`).join("; ") },
  { name: "text column", data: true, of: ({ dataset }) => dataset.columns.text },
  { name: "label column", data: true, of: ({ dataset }) => dataset.columns.label },
  { name: "category column", data: true, of: ({ dataset }) => dataset.columns.category },
  { name: "group column", data: true, of: ({ dataset }) => dataset.columns.group },
  { name: "pooling", data: false, of: ({ settings }) => settings.pooling },
  { name: "maximal tokens", data: false, of: ({ settings }) => settings.maxTokens },
  { name: "pooled tokens", data: false, of: ({ settings }) => settings.tokenSet ?? "all" },
  { name: "chat template", data: false, of: ({ settings }) => (settings.chatTemplate ?? "none").slice(0, 12) },
  { name: "seed", data: false, of: ({ settings }) => settings.seed },
  { name: "folds", data: false, of: ({ settings }) => settings.folds },
  { name: "Layerscope version", data: false, of: ({ layerscope }) => major(layerscope) },
];

/** What the index itself was measured with; runs of versions without a card have none of it. Rows and cells follow from the rows that took part. */
const CARD: readonly { readonly name: string; of(card: ComparabilityCard): unknown }[] = [
  { name: "frame of the index", of: ({ frame }) => frame },
  { name: "folds of the index", of: ({ folds }) => folds },
  { name: "divisions into folds", of: ({ divisions }) => divisions },
  { name: "shrinkage", of: ({ shrinkage }) => shrinkage },
  { name: "weight of the axioms", of: ({ gamma }) => gamma },
];

/** Every field in which the runs differ; empty = they may be compared. */
export function clashesOf(a: AuditResult, b: AuditResult): Clash[] {
  const shown = (value: unknown) => (value === undefined ? "none" : String(value));
  const clash = (field: string, one: unknown, other: unknown, data: boolean): Clash[] =>
    shown(one) === shown(other) ? [] : [{ field, a: shown(one), b: shown(other), data }];
  const [x, y] = [a.aqi.card, b.aqi.card];
  return [
    ...FIELDS.flatMap(({ name, data, of }) => clash(name, of(a), of(b), data)),
    ...(x && y ? CARD.flatMap(({ name, of }) => clash(name, of(x), of(y), false)) : []),
  ];
}
