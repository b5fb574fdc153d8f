import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { AuditPlan, Pooling } from "../../protocol/index.js";
import type { Dataset } from "../data/dataset.js";
import { openDataset } from "../data/index.js";
import { problem } from "../errors.js";
import { readsImages, readsText } from "../image/errors.js";
import { openModel } from "../model/index.js";
import type { TappedModel } from "../model/tapped.js";
import { openRemote } from "../remote/model.js";
import { noTokenizer } from "../text/errors.js";
import { type ShownRows, showRows } from "../text/shown.js";
import { openTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { ImageRows } from "./images.js";
import { recall, remember } from "./remembered.js";

export interface Prepared {
  readonly dataset: Dataset;
  readonly model: TappedModel;
  readonly tokenizer: Tokenizer;
  /** What the model reads of every row of the dataset. */
  readonly shown: ShownRows;
  /** Present when the model reads images; nothing is tokenised then. */
  readonly images?: ImageRows;
  readonly pooling: Pooling;
  readonly maxTokens: number;
}

/** File order; of two files the one whose name sorts first leads, so that it does not matter which of them was named first. */
function canonical(dataset: Dataset): Dataset {
  const { path, contrastPath } = dataset.card;
  if (contrastPath === undefined || [basename(path), path].join("\n") <= [basename(contrastPath), contrastPath].join("\n")) return dataset;
  return { ...dataset, rows: [...dataset.rows].sort((a, b) => b.place.file - a.place.file || a.id - b.id) };
}

/** What has no words is never tokenised. */
const refuse = () => Promise.reject(new Error("a model of images has no tokenizer"));
const NO_TOKENIZER: Tokenizer = { encode: refuse, encodeShown: refuse };
/** Read by the first row that has to be tokenised: it was read before, and has not changed since. */
function lazyTokenizer(path: string): Tokenizer {
  let opened: Promise<Tokenizer> | undefined;
  const real = () => {
    opened ??= openTokenizer(path);
    return opened;
  };
  return {
    encode: async (...args) => (await real()).encode(...args),
    encodeShown: async (...args) => (await real()).encodeShown(...args),
  };
}
const NOTHING_SHOWN: ShownRows = { chatTemplate: "none", tokenSet: "all", notices: [], of: () => undefined };

/** The patches are pooled without what leads them: at layer 0 the class token is the same for every image, and later it need not stand for them. */
function imagesPrepared(dataset: Dataset, model: TappedModel, tokenizer: Tokenizer, plan: AuditPlan): Prepared {
  if (!dataset.card.images || !model.image) throw readsImages(model.card.name);
  const images = new ImageRows(dataset.rows, model.image);
  return { dataset, model, tokenizer, shown: NOTHING_SHOWN, images, maxTokens: model.image.tokens, pooling: plan.pooling ?? "mean-skip-first" };
}

/** Keeps the last model and tokenizer open, so that a second audit starts at once. */
export class Workbench {
  private open: { key: string; stamp: string; model: TappedModel; tokenizer: Tokenizer } | undefined;

  /**
   * The dataset first: a bad file costs no model work.
   * @param settled threads that this very run was begun with, 0 too; absent: as the plan says
   */
  async prepare(plan: AuditPlan, signal?: AbortSignal, settled?: number): Promise<Prepared> {
    const dataset = canonical(await openDataset(plan.data.path, plan.data.options, signal));
    const { model, tokenizer } = await this.model(plan, dataset.card.images?.only === true, signal, settled);
    if (model.image) return imagesPrepared(dataset, model, tokenizer, plan);
    if (dataset.card.images?.only) throw readsText(model.card.name);
    const maxTokens = Math.min(plan.maxTokens, model.card.maxTokens ?? plan.maxTokens);
    if (maxTokens < 2) throw problem("audit/max-tokens", "At least two tokens a row are needed.", { hint: "Raise the limit of tokens." });
    const shown = await showRows(dataset.rows, model.card.folder, { chat: plan.chatTemplate, tokens: plan.tokens }, signal);
    return { dataset, model, tokenizer, shown, maxTokens, pooling: plan.pooling ?? (model.card.causal ? "mean-skip-first" : "mean") };
  }

  private async model(plan: AuditPlan, images: boolean, signal?: AbortSignal, settled?: number) {
    const key = JSON.stringify([plan.model, plan.provider, plan.threads, images, plan.tower, plan.endpoints, settled]);
    // Servers are met anew for each run: they may have changed since, and their requests end with this run's signal.
    if (this.open?.key === key && !this.open.model.hosts && this.open.stamp === (await stampOf(this.open.model))) return this.open;
    await this.close();
    const { endpoints, provider, tower } = plan;
    const open = (found = settled) =>
      endpoints?.length
        ? openRemote(plan.model, { endpoints, images, tower }, signal)
        : openModel(plan.model, { provider, threads: found ?? plan.threads, settled: found !== undefined, images, tower, memory: plan.storeFolder }, signal);
    const memory = endpoints?.length ? undefined : plan.storeFolder;
    const known = memory === undefined ? undefined : recall(memory, key, open);
    if (known?.card.tokenizer && !images) {
      this.open = { key, stamp: await stampOf(known), model: known, tokenizer: lazyTokenizer(known.card.tokenizer.path) };
      return this.open;
    }
    const model = await open();
    try {
      if (model.image) {
        this.open = { key, stamp: await stampOf(model), model, tokenizer: NO_TOKENIZER };
        return this.open;
      }
      // Said before a tokenizer is missed: the dataset has no use for one.
      if (images) throw readsText(model.card.name);
      if (!model.card.tokenizer) throw noTokenizer(model.card.folder);
      this.open = { key, stamp: await stampOf(model), model, tokenizer: await openTokenizer(model.card.tokenizer.path) };
      if (memory !== undefined) remember(memory, key, model);
      return this.open;
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    await open?.model.close();
  }
}

/** Changes when the model's or the tokenizer's file does. */
async function stampOf(model: TappedModel): Promise<string> {
  const files = [model.card.path, model.card.tokenizer?.path].filter((path) => path !== undefined);
  const stats = await Promise.all(files.map((path) => stat(path).catch(() => undefined)));
  return stats.map((s) => `${s?.size}:${s?.mtimeMs}:${s?.ino}`).join(" ");
}
