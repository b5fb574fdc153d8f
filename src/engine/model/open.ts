import type { ModelCard, Notice } from "../../protocol/index.js";
import { rawText, throwIfAborted } from "../errors.js";
import type { PixelShape } from "../image/pixels.js";
import { type Analysis, analyse } from "./analysis.js";
import { blobNotices } from "./blob-names.js";
import type { Cache } from "./caches.js";
import { cardWithoutHashes, hashes } from "./card.js";
import { notOneGrid, unsupported } from "./errors.js";
import { explainSession } from "./explain.js";
import { locateWeights, type Weights } from "./external.js";
import { type Feeds, planInputs } from "./inputs.js";
import { findLayouts, type Layouts } from "./layout.js";
import { planPixels, prefixOf } from "./pixels.js";
import { PooledRunner } from "./pooled.js";
import { SHAPE } from "./pooling.js";
import { precisionOf } from "./precision.js";
import { PrefixRunner } from "./prefix.js";
import { probeProvider } from "./probe.js";
import { chooseProvider, type RealProvider } from "./providers.js";
import { type TappedGraph, tappedGraph } from "./rewrite.js";
import { entryOf } from "./roles/index.js";
import { planTaps } from "./roles/plan.js";
import { createSession, listProviders, runtimeVersion, type Session } from "./runtime.js";
import { openFastest, settledTokens } from "./settle.js";
import { runTaps } from "./tap-runner.js";
import type { OpenOptions, TappedModel } from "./tapped.js";
import { machine, TempoFile } from "./tempo.js";
import { distance, type ImageTrial, type Trial, tryImages, tryOut } from "./trial.js";
import { positionsOf, vocabularyOf } from "./vocabulary.js";
import { roundedWeights } from "./weights/rounding.js";

/**
 * Opens a model with its layers tapped and pooled.
 * @param path a folder or an .onnx file
 * @throws Problem of any `model/…` code; `run/cancelled`
 */
export async function openModel(path: string, wanted: OpenOptions, signal?: AbortSignal): Promise<TappedModel> {
  const analysis = analyse(path, wanted.images, wanted.tower);
  try {
    const { places, options, notices: ofTaps } = planTaps(analysis, wanted);
    throwIfAborted(signal);
    const weights = locateWeights(analysis.model);
    const card = cardWithoutHashes(analysis, weights);
    const rounded = wanted.rounding === undefined ? undefined : await roundedWeights(analysis, weights, wanted.rounding, signal);
    const build: Build = (layout) =>
      tappedGraph(analysis.model, analysis.links, analysis.taps, weights, analysis.source, options.upTo, layout ? [] : places, layout, rounded, true);
    const graph = build();
    let pixels: ReturnType<typeof planPixels> | undefined;
    const feeds = planInputs(analysis.place.path, graph.inputs, analysis.config, (input) => {
      pixels = planPixels(input, analysis.place.folder, analysis.config, analysis.links);
      return pixels.shape;
    });
    const hashing = hashes(analysis, weights);
    // Awaited below; a failure before that must not end the process.
    hashing.catch(() => {});
    const tempoOf = async (provider: string) => {
      if (wanted.memory === undefined) return undefined;
      const { sha256, weights: files = [] } = await hashing;
      const what = [sha256, files.map((file) => file.sha256), analysis.taps.tower, options.upTo ?? null, wanted.rounding ?? null];
      return new TempoFile(wanted.memory, [...what, provider, wanted.threads, machine(), await runtimeVersion()]);
    };
    const openWith = (threads: number) =>
      openSession(analysis, graph, feeds, weights, { ...options, threads }, pixels?.shape, signal, places.length > 0 ? undefined : build);
    const { opened, threads } = await openFastest(openWith, options.threads, () => tempoOf("cpu"), undefined, options.settled);
    const { runner, session, trial } = opened;
    const found = await hashing;
    try {
      weights.unchanged();
    } catch (error) {
      await session.release();
      throw error;
    }
    const blobs = blobNotices([{ path: weights.files[0]!.path, sha256: found.sha256 }, ...(found.weights ?? [])]);
    const notices: Notice[] = [...card.notices, ...blobs, ...ofTaps, ...(pixels?.processing.notices ?? []), ...opened.notices];
    const tokens = trial && "tokens" in trial ? trial.tokens : undefined;
    const image = pixels && tokens ? { ...pixels, tokens, prefix: prefixOf(analysis.links, feeds.pixels!.name, pixels.shape, tokens) } : undefined;
    const full: ModelCard = {
      ...card,
      ...found,
      layers: card.layers.slice(0, options.upTo === undefined ? undefined : options.upTo + 1),
      hiddenSize: trial?.width ?? card.hiddenSize,
      causal: trial?.causal ?? card.causal,
      oneRowAtATime: runner.oneRowAtATime,
      maxTokens: feeds.fixedLength ?? card.maxTokens,
      notices,
      ...(image ? { image: { height: image.shape.height, width: image.shape.width, tokens: image.tokens, prefix: image.prefix } } : {}),
    };
    const prefix = opened.caches && feeds.ids ? new PrefixRunner(runner, opened.caches, graph.inputs, feeds.ids, opened.vocabulary) : undefined;
    let tokensPerBatch: Promise<number> | undefined;
    return {
      card: full,
      image,
      threads,
      tokensPerBatch() {
        tokensPerBatch ??= tempoOf(opened.provider).then((file) => settledTokens(runner, full, image, file));
        return tokensPerBatch;
      },
      provider: opened.provider,
      providerNotes: opened.notes,
      vocabularySize: opened.vocabulary,
      layout: opened.layout,
      reusedTokens: () => prefix?.reused ?? 0,
      run: (batch) => prefix?.run(batch) ?? runner.run(batch),
      taps: places.map(entryOf),
      runTaps: (batch) => runTaps(runner, places, batch),
      close: () => session.release(),
    };
  } finally {
    analysis.source.close();
  }
}

type Build = (layout?: Layouts | "find") => TappedGraph;

export interface Opened {
  readonly session: Session;
  readonly runner: PooledRunner;
  readonly provider: RealProvider;
  readonly notes: string[];
  readonly notices: Notice[];
  readonly vocabulary?: number;
  readonly layout?: Layouts;
  /** What the rest of a row can continue from. */
  readonly caches?: readonly Cache[];
  /** Absent when the export takes nothing but the shape it was traced with. */
  readonly trial?: Trial | ImageTrial;
}

/** Tries providers in order; one other than the CPU is kept only when its states agree with the CPU's. */
async function openSession(
  analysis: Analysis,
  graph: TappedGraph,
  feeds: Feeds,
  weights: Weights,
  options: OpenOptions,
  pixels: PixelShape | undefined,
  signal?: AbortSignal,
  /** Makes the graph again for states that are kept in another order; absent when that was done. */
  rebuild?: Build,
): Promise<Opened> {
  const layers = options.upTo === undefined ? analysis.taps.layers.length : Math.min(options.upTo + 1, analysis.taps.layers.length);
  const precision = precisionOf(graph.nodes, graph.tensors);
  const vocabulary = feeds.ids === undefined ? undefined : vocabularyOf(analysis.links, feeds.ids);
  const most = positionsOf(analysis.links, analysis.taps.width) ?? analysis.config.maxTokens;
  const open = async (provider: RealProvider) => {
    throwIfAborted(signal);
    const session = await createSession(graph.bytes, { provider, threads: options.threads, folder: weights.folder });
    const runner = new PooledRunner(analysis.place.path, session, feeds, layers, precision.dynamic || feeds.fixedRows === 1, vocabulary, most);
    return { provider, session, runner };
  };
  const ofCpu = async () => {
    try {
      return await open("cpu");
    } catch (error) {
      throw error instanceof Error && "problem" in error ? error : explainSession(analysis.place.path, error);
    }
  };
  const cpu = await ofCpu();
  const notices: Notice[] = [];
  const tryIt = (runner: PooledRunner): Promise<Trial> =>
    pixels
      ? tryImages(runner, layers, precision.name, pixels.channels * pixels.height * pixels.width, analysis.taps.width)
      : tryOut(runner, layers, precision.name, vocabulary);
  let trial: Trial | undefined;
  try {
    trial = await tryIt(cpu.runner);
  } catch (error) {
    if (pixels) {
      await cpu.session.release();
      throw notOneGrid(analysis.place.path, rawText(error));
    }
    notices.push({
      code: "model/trial-failed",
      message: `A trial with two short rows failed; this export may accept only the shape it was traced with (${rawText(error).slice(0, 120)}).`,
    });
  }
  if (rebuild && !pixels && !trial?.ordered && !cpu.runner.fixed) {
    const probe = await createSession(rebuild("find").bytes, { provider: "cpu", threads: options.threads, folder: weights.folder });
    try {
      const names = analysis.taps.layers.map((layer) => layer.name);
      const found = await findLayouts(analysis.place.path, probe, SHAPE, feeds.feeds, names);
      if (found) {
        await cpu.session.release();
        return { ...(await openSession(analysis, rebuild(found), feeds, weights, options, pixels, signal)), layout: found };
      }
    } finally {
      await probe.release();
    }
  }
  if (trial?.channelsFirst) {
    await cpu.session.release();
    const file = analysis.place.path;
    throw unsupported(
      file,
      `${file} keeps its states with the tokens as the last axis ([batch, width, tokens]), which is not pooled yet.`,
      "Export the model with states of [batch, tokens, width].",
    );
  }
  if (trial && !trial.batches) {
    cpu.runner.oneRowAtATime = true;
    notices.push({
      code: "model/batch-wrong",
      message: "This export computes padded rows of a batch differently from the same rows alone, so rows are run one at a time.",
    });
  } else if (cpu.runner.oneRowAtATime)
    notices.push({
      code: "model/one-row",
      message: precision.dynamic
        ? "Rows of this dynamically quantised file influence each other in a batch, so they are run one at a time."
        : "This export accepts one row at a time.",
    });
  const supported = options.provider === "cpu" ? ["cpu"] : await listProviders();
  const openOther = async (provider: RealProvider) => {
    const other = await open(provider);
    const differs = async () => (trial ? distance(trial.states, (await tryIt(other.runner)).states) : 0);
    return { ...other, distance: differs, close: () => other.session.release() };
  };
  const choice = await chooseProvider(options.provider, supported, openOther, probeProvider);
  if (choice.candidate) await cpu.session.release();
  const { session, runner } = choice.candidate ?? cpu;
  return { session, runner, provider: choice.provider, notes: choice.notes, notices, vocabulary, trial, caches: runner.fixed ? undefined : graph.caches };
}
