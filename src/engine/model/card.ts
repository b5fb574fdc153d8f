import { statSync } from "node:fs";
import { join } from "node:path";
import type { ModelCard, Notice } from "../../protocol/index.js";
import { problem } from "../errors.js";
import type { Analysis } from "./analysis.js";
import { causalBy } from "./causal.js";
import type { Weights } from "./external.js";
import { sha256Of } from "./hash.js";
import { LIMITS } from "./limits.js";
import { precisionOf } from "./precision.js";
import { entryOf, structureOf } from "./roles/index.js";

/** Folder names that say nothing about the model. */
const GENERIC = /^(model|models|model-early|onnx|export|exported|out|output|checkpoint[-\w]*)$/i;

/** Everything a card says but the hashes, which may take a second. */
export function cardWithoutHashes(analysis: Analysis, weights: Weights): Omit<ModelCard, "sha256" | "weights" | "tokenizer"> {
  const { place, config, model, links, taps } = analysis;
  const precision = precisionOf(links.nodes, allTensors(analysis));
  const notices: Notice[] = [...taps.notices, ...weights.notices, ...precision.notices];
  return {
    path: place.path,
    folder: place.folder,
    name: GENERIC.test(place.name) && config.title ? config.title : place.name,
    bytes: weights.files.reduce((sum, file) => sum + file.bytes, 0),
    architecture: config.architecture,
    causal: looksCausal(analysis),
    hiddenSize: taps.width ?? config.hiddenSize ?? 0,
    layers: taps.layers,
    ...(taps.towers.length > 1 ? { tower: taps.towers[taps.tower]!.name, towers: taps.towers.map(({ name }) => name) } : {}),
    taps: structureOf(analysis).places.map(entryOf),
    precision: precision.name,
    oneRowAtATime: precision.dynamic,
    inputs: model.graph.inputs.filter((input) => !model.graph.initializers.has(input.name)).map((input) => input.name),
    maxTokens: config.maxTokens,
    variants: place.variants,
    notices,
  };
}

/** @returns the hashes of a card: of the .onnx file, of its weight files, of the tokenizer */
export async function hashes(analysis: Analysis, weights: Weights): Promise<Pick<ModelCard, "sha256" | "weights" | "tokenizer">> {
  const path = tokenizerOf(analysis);
  const [own, ...others] = weights.files;
  const [sha256, tokenizer, ...rest] = await Promise.all([sha256Of(own!.path), path ? sha256Of(path) : "", ...others.map((file) => sha256Of(file.path))]);
  return {
    sha256: sha256!,
    ...(others.length > 0 ? { weights: others.map((file, i) => ({ path: file.path, sha256: rest[i]! })) } : {}),
    ...(path ? { tokenizer: { path, sha256: tokenizer! } } : {}),
  };
}

function tokenizerOf({ place }: Analysis): string | undefined {
  const path = join(place.folder, "tokenizer.json");
  const stats = statSync(path, { throwIfNoEntry: false });
  // What is no regular file is refused where the tokenizer is read; hashing a pipe would wait for ever.
  if (!stats?.isFile()) return undefined;
  if (stats.size > LIMITS.tokenizerBytes)
    throw problem("model/tokenizer-too-large", `${path} is larger than ${LIMITS.tokenizerBytes} bytes.`, { where: { file: path } });
  return path;
}

function* allTensors({ links }: Analysis) {
  yield* links.graph.initializers.values();
  for (const node of links.nodes) {
    const constant = node.attributes.get("value")?.tensor;
    if (constant) yield constant;
  }
}

/** By the graph; where it does not tell, by what config.json calls the model. Opening the model finds out for sure. */
const looksCausal = (analysis: Analysis): boolean | undefined =>
  causalBy(analysis) ?? (analysis.config.isDecoder || analysis.config.classes.some((name) => /CausalLM|LMHead/.test(name)) ? true : undefined);
