import { readFile, stat } from "node:fs/promises";
import type { ChatMode, DataOptions, Notice, Pooling, Provider, TokenSet } from "../../protocol/index.js";
import { openTexts } from "../data/index.js";
import type { TextRow } from "../data/texts.js";
import { problem, rawText } from "../errors.js";
import { readsImages, readsText } from "../image/errors.js";
import { openModel } from "../model/index.js";
import type { TappedModel } from "../model/tapped.js";
import { openRemote } from "../remote/model.js";
import { createActivations } from "../store/activations.js";
import { writeSafetensors } from "../store/safetensors.js";
import { foreignTokenizer, noTokenizer } from "../text/errors.js";
import { encodeRows, showRows } from "../text/shown.js";
import { type Encoded, openTokenizer } from "../text/tokenizer.js";
import { extractStates } from "./extract.js";
import { CHUNK_IMAGES, ImageRows } from "./images.js";
import { joinTaps, tapTensors } from "./tap-states.js";

export interface ExtractionPlan {
  /** A dataset, or a JSON file of token-id lists. */
  readonly source: { readonly path: string; readonly options: DataOptions } | { readonly ids: string };
  readonly model: string;
  readonly poolings: readonly Pooling[];
  /** Names or patterns of taps that are written instead of the layers. */
  readonly taps?: readonly string[];
  readonly out: string;
  readonly maxTokens: number;
  readonly chatTemplate?: ChatMode;
  readonly tokens?: TokenSet;
  readonly provider: Provider;
  readonly threads: number;
  readonly tower?: string;
  /** Servers that compute in place of this machine. */
  readonly endpoints?: readonly string[];
  readonly seed: number;
}

export interface ExtractionSummary {
  readonly rows: number;
  readonly layers: number;
  readonly width: number;
  /** With taps: what was written, `name width`. */
  readonly taps?: readonly string[];
  readonly truncated: number;
  /** Rows without a state (no tokens), NaN in the file. */
  readonly empty: number;
  /** Which layers were found, where that is in doubt. */
  readonly notices: readonly Notice[];
}

/** What is said about the layers that a file holds. */
const OF_LAYERS = new Set(["model/block-count", "model/towers", "model/tap-missing"]);

/** A list of token-id lists may be at most this long; it is parsed whole. */
const MAX_IDS_BYTES = 256 * 1024 * 1024;

/**
 * Pooled states of every layer as safetensors: one tensor a pooling, [layers + 1, rows, width] float32, NaN where a row has no
 * value (too few tokens). With taps instead one tensor a tap, [rows, width]. Metadata: `rows` (ids, JSON), `model`, `sha256`, `precision`.
 */
export async function extractToFile(plan: ExtractionPlan, onProgress: (done: number, of: number) => void, signal?: AbortSignal): Promise<ExtractionSummary> {
  const source = "ids" in plan.source ? await readIds(plan.source.ids) : await openTexts(plan.source.path, plan.source.options, signal);
  const wanted = plan.taps ? { taps: plan.taps, residual: false } : {};
  const looked = { tower: plan.tower, images: "images" in source && source.images, ...wanted };
  const opened = plan.endpoints?.length
    ? await openRemote(plan.model, { endpoints: plan.endpoints, ...looked }, signal)
    : await openModel(plan.model, { provider: plan.provider, threads: plan.threads, ...looked }, signal);
  try {
    const images = imagesOf(opened, source);
    const joined = plan.taps ? await joinTaps(opened) : undefined;
    const model = joined?.model ?? opened;
    const { layers, hiddenSize } = model.card;
    const maxTokens = Math.min(plan.maxTokens, model.card.maxTokens ?? plan.maxTokens);
    const encode = images
      ? (which: readonly number[]) => images.encode(which, signal)
      : "lists" in source
        ? idsEncoder(source.lists, maxTokens)
        : await textEncoder(model, source.rows, plan, maxTokens, signal);
    const count = "lists" in source ? source.lists.length : source.rows.length;
    const ids = "lists" in source ? source.lists.map((_, i) => i) : source.rows.map((row) => row.id);
    const stores = await Promise.all(plan.poolings.map(() => createActivations(layers.length, count, hiddenSize)));
    let done = 0;
    let truncated = 0;
    let empty = 0;
    try {
      await extractStates({
        model,
        count,
        encode,
        poolings: plan.poolings,
        foreignId: (id, size) =>
          "lists" in source
            ? problem(
                "extract/ids",
                `List ${source.lists.findIndex((list) => list.includes(id)) + 1} holds token ${id}, but the model's embedding has only ${size} rows.`,
                {
                  hint: "Token ids are those of the model's own tokenizer, from 0.",
                },
              )
            : foreignTokenizer(model.card.tokenizer?.path ?? model.card.path, id, size),
        seed: plan.seed,
        signal,
        ...(images ? { chunkRows: CHUNK_IMAGES } : {}),
        sink: (kind, layer, rows, values) => stores[kind].put(layer, rows, values),
        onRow(_, __, cut) {
          if (cut) truncated++;
        },
        onSkip() {
          empty++;
        },
        onBatch(rows) {
          done += rows.length;
          onProgress(done, count);
        },
      });
      const ofLayers = plan.poolings.map((name, kind) => ({
        name,
        shape: [layers.length, count, hiddenSize],
        *parts() {
          for (let layer = 0; layer < layers.length; layer++) yield stores[kind].get(layer);
        },
      }));
      const tensors = joined ? tapTensors(joined, plan.poolings, stores) : ofLayers;
      writeSafetensors(plan.out, tensors, { rows: JSON.stringify(ids), model: model.card.name, sha256: model.card.sha256, precision: model.card.precision });
    } finally {
      for (const store of stores) store.close();
    }
    const taps = joined?.names.map((name, i) => `${name} ${joined.widths[i]}`);
    const notices = opened.card.notices.filter(({ code }) => OF_LAYERS.has(code));
    return { rows: count, layers: layers.length, width: hiddenSize, taps, truncated, empty, notices };
  } finally {
    await opened.close();
  }
}

/** The images of the rows, for a model that reads images. @throws Problem when one has images and the other texts */
function imagesOf({ image, card }: TappedModel, source: { lists: unknown } | Awaited<ReturnType<typeof openTexts>>): ImageRows | undefined {
  const none = "lists" in source || !source.rows.some((row) => row.image);
  if (image && none) throw readsImages(card.name);
  if (!image && "images" in source && source.images) throw readsText(card.name);
  return image && "rows" in source ? new ImageRows(source.rows, image) : undefined;
}

/** As the audit shows rows to the model; a blank text has nothing to show. */
async function textEncoder(model: TappedModel, rows: readonly TextRow[], plan: ExtractionPlan, maxTokens: number, signal?: AbortSignal) {
  if (!model.card.tokenizer) throw noTokenizer(model.card.folder);
  const tokenizer = await openTokenizer(model.card.tokenizer.path);
  const shown = await showRows(rows, model.card.folder, { chat: plan.chatTemplate, tokens: plan.tokens }, signal);
  return (which: readonly number[]) => encodeRows(tokenizer, shown, which, maxTokens, signal);
}

function idsEncoder(lists: readonly (readonly number[])[], maxTokens: number) {
  return async (which: readonly number[]): Promise<Encoded[]> =>
    which.map((row) => {
      const ids = lists[row].slice(0, maxTokens);
      return { ids, truncated: ids.length < lists[row].length, problem: ids.length === 0 ? "no-tokens" : undefined };
    });
}

async function readIds(path: string): Promise<{ lists: number[][] }> {
  const wrong = (what: string, details?: string) =>
    problem("extract/ids", `${path}: ${what}.`, {
      hint: "The file is a JSON list of lists of token ids, for example [[1, 15, 27], [1, 9]].",
      where: { file: path },
      details,
    });
  let json: unknown;
  try {
    if ((await stat(path)).size > MAX_IDS_BYTES) throw wrong(`it is larger than ${MAX_IDS_BYTES} bytes`);
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong("it is not valid JSON", rawText(error));
    if ((error as NodeJS.ErrnoException).code) throw wrong("it cannot be read", rawText(error));
    throw error;
  }
  if (!Array.isArray(json) || json.length === 0) throw wrong("it is not a list of lists");
  json.forEach((row: unknown, i) => {
    if (!Array.isArray(row)) throw wrong(`entry ${i + 1} is no list`);
    const at = row.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= 2 ** 31);
    if (at >= 0) throw wrong(`list ${i + 1} holds ${String(JSON.stringify(row[at])).slice(0, 40)} at place ${at + 1}, which is no token id`);
  });
  return { lists: json as number[][] };
}
