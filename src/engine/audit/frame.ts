import { basename } from "node:path";
import type { AqiResult, AuditPlan, AuditResult } from "../../protocol/index.js";
import { VERSION } from "../version.js";
import type { Collected } from "./collect.js";
import type { Prepared } from "./prepare.js";
import { allSkips, truncation } from "./skips.js";

export interface FrameParts {
  readonly prepared: Prepared;
  readonly plan: AuditPlan;
  readonly collected: Collected;
  readonly used: number;
  readonly totalMs: number;
  readonly openMs: number;
  readonly extractMs: number;
  readonly lensMs: number;
}

type Frame = Pick<AuditResult, "schemaVersion" | "layerscope" | "createdAt" | "model" | "dataset" | "settings" | "notices" | "timing">;

/** The part of a result that says what was measured, with what, and what was left out. */
export function frameOf({ prepared, plan, collected, used, ...times }: FrameParts): Frame {
  const { dataset, model, shown, images, pooling, maxTokens } = prepared;
  const { card } = dataset;
  const cut = truncation(dataset, collected, maxTokens, shown.tokenSet === "completion");
  const column = (role: string) => card.columns.find((c) => c.role === role)?.name;
  const ran = [0, 0];
  for (const row of collected.arrived) ran[dataset.rows[row].label]++;
  return {
    schemaVersion: 1,
    layerscope: VERSION,
    createdAt: new Date().toISOString(),
    model: {
      path: model.card.path,
      name: model.card.name,
      sha256: model.card.sha256,
      hiddenSize: model.card.hiddenSize,
      precision: model.card.precision,
      architecture: model.card.architecture,
      ...(model.card.tower === undefined ? {} : { tower: model.card.tower, towers: model.card.towers }),
      layers: model.card.layers.length - 1,
      provider: model.provider,
      ...(model.hosts ? { hosts: model.hosts } : {}),
      tokenizerSha256: model.card.tokenizer?.sha256,
    },
    dataset: {
      path: card.path,
      contrastPath: card.contrastPath,
      sha256: card.sha256,
      kind: card.kind,
      rows: card.rows,
      classes: [
        { ...card.classes[0], rows: ran[0] },
        { ...card.classes[1], rows: ran[1] },
      ],
      options: card.options,
      used,
      skipped: allSkips(dataset, collected),
      truncated: { total: cut.total, byClass: cut.byClass },
      ...(images ? { input: "images" as const } : {}),
      columns: {
        text: (images && card.images?.column) ?? column("text") ?? basename(card.path),
        label: column("label"),
        category: column("category"),
        group: column("group"),
      },
    },
    settings: { pooling, maxTokens, seed: plan.seed, folds: 5, threads: plan.threads, chatTemplate: shown.chatTemplate, tokenSet: shown.tokenSet },
    notices: [
      ...card.notices,
      ...model.card.notices,
      ...(images ? [images.notice()] : []),
      // Without a wish for one, a machine without an accelerator is nothing to remark on.
      ...(plan.provider === "auto" ? [] : model.providerNotes.map((message) => ({ code: "model/provider", message }))),
      ...shown.notices,
      ...(cut.notice ? [cut.notice] : []),
    ],
    timing: {
      ...times,
      rowsPerSecond: times.extractMs > 0 ? (collected.arrived.length / times.extractMs) * 1000 : 0,
      tokens: collected.totalTokens,
    },
  };
}

export function noAqi(reason: string): AqiResult {
  return { score: null, signed: null, ci95: null, p: null, lexical: null, gain: { score: null, ci95: null }, halfSample: null, layerWeights: [], reason };
}
