import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { type ModelSheet, type Notice, type Problem, ProblemError, type Provider, problemOf, type SheetValue } from "../../protocol/index.js";
import { type Analysis, analyse } from "./analysis.js";
import { cardWithoutHashes } from "./card.js";
import { locateWeights, type Weights } from "./external.js";
import { findModel, type ModelPlace } from "./folder.js";
import { fullOp, type Model, type Value } from "./graph.js";
import { planInputs } from "./inputs.js";
import { LIMITS } from "./limits.js";
import { variantOf } from "./listing.js";
import { memoryNeeded } from "./memory.js";
import { TYPES } from "./onnx.js";
import { countParameters } from "./parameters.js";
import { parseModel } from "./parse.js";
import { planPixels } from "./pixels.js";
import { precisionOf } from "./precision.js";
import { providerName, providersToTry } from "./providers.js";
import { tappedGraph } from "./rewrite.js";
import { entryOf, structureOf } from "./roles/index.js";
import { listProviders } from "./runtime.js";
import { refuseOtherFormats } from "./sniff.js";
import { fileSource } from "./source.js";

/**
 * Everything that a model file tells without being run: what it is, its layers and taps, what cannot be tapped and why. A file
 * that is refused gets a sheet as well, with the refusal and as much of the graph as could be read.
 * @param path a folder or an .onnx file
 * @throws Problem `model/missing`, `model/none-in-folder`, `model/not-onnx` of what is no regular file
 */
export async function readSheet(path: string, provider: Provider = "auto"): Promise<ModelSheet> {
  const place = findModel(path);
  const base = { path: place.path, folder: place.folder, name: place.name, ...besides(place) };
  const providers = await providersFor(provider);
  const variants = await Promise.all(place.variants.map(variantOf));
  const alone = { files: [{ path: place.path, bytes: statSync(place.path).size, role: "graph" as const }], bytes: statSync(place.path).size };
  let analysis: Analysis;
  try {
    analysis = analyse(path);
  } catch (error) {
    return { ...base, ...alone, refusal: problemOf(error), ...graphOnly(place), providers, variants, notices: ofTokenizer(place) };
  }
  try {
    const { weights, refusal } = weightsOf(analysis);
    const card = cardWithoutHashes(
      analysis,
      weights ?? { folder: place.folder, files: [{ path: place.path, bytes: alone.bytes }], notices: [], unchanged() {}, place: noPlace },
    );
    const cannotFeed = weights && feedable(analysis, weights);
    const files =
      weights?.files.map((file, i) => ({ path: file.path, bytes: file.bytes, role: i === 0 ? ("graph" as const) : ("weights" as const) })) ?? alone.files;
    const told = refusal ?? cannotFeed;
    const graph = graphOf(analysis.model, card.precision);
    return {
      ...base,
      name: card.name,
      ...(told && { refusal: told }),
      files: [{ ...files[0]!, path: place.path }, ...files.slice(1)],
      bytes: card.bytes,
      graph,
      stream: {
        architecture: card.architecture,
        causal: card.causal,
        hiddenSize: card.hiddenSize,
        layers: card.layers,
        taps: structureOf(analysis).places.map(entryOf),
        oneRowAtATime: card.oneRowAtATime,
        maxTokens: card.maxTokens,
      },
      providers,
      memory: memoryNeeded(card.bytes, card.precision, card.hiddenSize, card.layers.length),
      variants,
      notices: [...card.notices, ...ofTokenizer(place)],
    };
  } finally {
    analysis.source.close();
  }
}

function noPlace(): never {
  throw new Error("weights that are missing have no place");
}

function weightsOf({ model }: Analysis): { weights?: Weights; refusal?: Problem } {
  try {
    return { weights: locateWeights(model) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { refusal: error.problem };
  }
}

/** Why a graph whose layers were found cannot be run nevertheless. Inputs that the layers do not need are none of its business. */
function feedable({ place, model, links, taps, config, source }: Analysis, weights: Weights): Problem | undefined {
  try {
    const { inputs } = tappedGraph(model, links, taps, weights, source);
    planInputs(place.path, inputs, config, (input) => planPixels(input, place.folder, config, links).shape);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return error.problem;
  }
}

/** What is left to tell of a file without a stream: its graph, if it is one. */
function graphOnly(place: ModelPlace): Pick<ModelSheet, "graph"> {
  try {
    const source = fileSource(place.path);
    try {
      refuseOtherFormats(source);
      const model = parseModel(source);
      return { graph: graphOf(model, precisionOf(model.graph.nodes, model.graph.initializers.values()).name) };
    } finally {
      source.close();
    }
  } catch {
    return {};
  }
}

function graphOf(model: Model, precision: string): NonNullable<ModelSheet["graph"]> {
  const counts = new Map<string, number>();
  for (const node of model.graph.nodes) counts.set(fullOp(node), (counts.get(fullOp(node)) ?? 0) + 1);
  return {
    parameters: countParameters(model),
    precision,
    producer: model.producer,
    irVersion: model.irVersion,
    opsets: [...model.opsets].map(([domain, version]) => ({ domain: domain || "ai.onnx", version })),
    nodes: model.graph.nodes.length,
    operators: [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => ({ name, count })),
    inputs: model.graph.inputs.filter(({ name }) => !model.graph.initializers.has(name)).map(declared),
    outputs: model.graph.outputs.map(declared),
  };
}

const declared = ({ name, type, dims }: Value): SheetValue => ({
  name,
  type: TYPES.get(type)?.name ?? "unknown",
  ...(dims && { shape: dims.map((dim) => (dim === "" ? "?" : dim)) }),
});

/** Tokenizer and chat template, by the files that hold them. */
function besides({ folder }: ModelPlace): Pick<ModelSheet, "tokenizer" | "chatTemplate"> {
  const at = (name: string) => join(folder, name);
  const stats = statSync(at("tokenizer.json"), { throwIfNoEntry: false });
  const own = ["chat_template.jinja", "chat_template.json"].find((name) => existsSync(at(name)));
  const template = own ?? (hasTemplate(at("tokenizer_config.json")) ? "tokenizer_config.json" : undefined);
  return { ...(stats?.isFile() && { tokenizer: { path: at("tokenizer.json"), bytes: stats.size } }), ...(template && { chatTemplate: basename(template) }) };
}

/** A tokenizer file that no audit could read, told before one is started. */
function ofTokenizer({ folder }: ModelPlace): Notice[] {
  const path = join(folder, "tokenizer.json");
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size > LIMITS.tokenizerBytes) return [];
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return [];
  } catch {
    // Said below, without the parser's quotation of the file.
  }
  return [{ code: "model/bad-tokenizer", message: "tokenizer.json is not a JSON object: texts cannot be read. Download it again from the model's page." }];
}

function hasTemplate(path: string): boolean {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > LIMITS.configBytes) return false;
    const template = (JSON.parse(readFileSync(path, "utf8")) as { chat_template?: unknown } | null)?.chat_template;
    return typeof template === "string" || Array.isArray(template);
  } catch {
    return false;
  }
}

async function providersFor(provider: Provider): Promise<string[]> {
  const supported = await listProviders().catch(() => ["cpu"]);
  return providersToTry(provider, supported).order.map(providerName);
}
