import type { ModelCard, Notice } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { analyse } from "../model/analysis.js";
import { blobNotices } from "../model/blob-names.js";
import { cardWithoutHashes, hashes } from "../model/card.js";
import { locateWeights } from "../model/external.js";
import { type Feeds, planInputs } from "../model/inputs.js";
import { planPixels, prefixOf } from "../model/pixels.js";
import { PooledRunner } from "../model/pooled.js";
import { POOL as LOCAL_POOL } from "../model/pooling.js";
import { precisionOf } from "../model/precision.js";
import { tappedGraph } from "../model/rewrite.js";
import { entryOf } from "../model/roles/index.js";
import { planTaps } from "../model/roles/plan.js";
import type { Session } from "../model/runtime.js";
import type { Batch, OpenOptions, TappedModel } from "../model/tapped.js";
import { distance } from "../model/trial.js";
import { positionsOf, vocabularyOf } from "../model/vocabulary.js";
import { modelHash } from "../serving/identity.js";
import { settle } from "../serving/settle.js";
import { VERSION } from "../version.js";
import { addressesOf } from "./address.js";
import { disagreeing, noTaps, notRemote, otherModel, unreachable } from "./errors.js";
import { type Met, meet } from "./meet.js";
import type { Names, Needs } from "./metadata.js";
import { POOL, Pool, type PoolOptions } from "./pool.js";
import { flooded, RemoteRunner } from "./runner.js";
import { type Limits, Passing, Server } from "./server.js";
import { tokenFor } from "./token.js";

export interface RemoteOptions extends Pick<OpenOptions, "images" | "tower" | "taps" | "residual"> {
  readonly endpoints: readonly string[];
  /** For tests: shorter waits. */
  readonly limits?: Partial<Limits>;
  readonly pool?: Partial<PoolOptions>;
}

/** A tapped model whose runs go to servers; nothing is computed here but the statistics. */
export interface RemoteModel extends TappedModel {
  readonly hosts: readonly string[];
  readonly parallel: number;
}

/** Longest wait for an answer; LAYERSCOPE_ENGINE_TIMEOUT (seconds) says otherwise. */
const limitsOf = (wanted: Partial<Limits> = {}): Limits => ({ connectMs: 10_000, answerMs: seconds("LAYERSCOPE_ENGINE_TIMEOUT") ?? 120_000, ...wanted });

/** Milliseconds of an environment variable that holds seconds. */
function seconds(name: string): number | undefined {
  const value = Number(process.env[name]);
  return value > 0 && value <= 86_400 ? value * 1_000 : undefined;
}

/**
 * The model's folder is read here for its layers, card, tokenizer and poolings; no session is made. Each server is asked what it serves
 * before it is sent a text's token ids.
 * @param signal ends the requests of all runs, too
 * @throws Problem `remote/…`, any `model/…` code of the analysis, `run/cancelled`
 */
export async function openRemote(path: string, wanted: RemoteOptions, signal?: AbortSignal): Promise<RemoteModel> {
  const addresses = addressesOf(wanted.endpoints);
  for (const address of addresses) tokenFor(address);
  const analysis = analyse(path, wanted.images, wanted.tower);
  try {
    const { places, options, notices: ofTaps } = planTaps(analysis, { provider: "cpu", threads: 0, ...wanted });
    if (places.some(({ axes }) => axes === "pattern")) throw notRemote("An attention pattern");
    const weights = locateWeights(analysis.model);
    const card = cardWithoutHashes(analysis, weights);
    const graph = tappedGraph(analysis.model, analysis.links, analysis.taps, weights, analysis.source, options.upTo, places);
    let pixels: ReturnType<typeof planPixels> | undefined;
    const feeds = planInputs(analysis.place.path, graph.inputs, analysis.config, (input) => {
      pixels = planPixels(input, analysis.place.folder, analysis.config, analysis.links);
      return pixels.shape;
    });
    const found = await hashes(analysis, weights);
    weights.unchanged();
    throwIfAborted(signal);

    const whole = analysis.taps.layers.length;
    const vocabulary = feeds.ids === undefined ? undefined : vocabularyOf(analysis.links, feeds.ids);
    const precision = precisionOf(graph.nodes, graph.tensors);
    const alone = precision.dynamic || feeds.fixedRows === 1;
    const most = positionsOf(analysis.links, analysis.taps.width) ?? analysis.config.maxTokens;
    const local = new PooledRunner(analysis.place.path, NO_SESSION, feeds, whole, alone, vocabulary, most);
    const optional = new Set(
      graph.inputs.filter((one) => one !== feeds.pixels && one.name !== feeds.ids && settle(one, feeds.feeds.get(one.name)!)).map(({ name }) => name),
    );
    const size = pixels ? pixels.shape.channels * pixels.shape.height * pixels.shape.width : 0;
    const first = sample(feeds, vocabulary, size, 1);
    const names = new Map<Server, Names>();
    const runner = new RemoteRunner(local, whole, card.hiddenSize, names);
    const withLayers = places.length === 0 || wanted.residual !== false;
    const needs: Needs = {
      inputs: new Map([...local.feed(first).inputs].filter(([name]) => name !== LOCAL_POOL)),
      optional,
      layers: whole,
      width: card.hiddenSize,
      taps: withLayers ? [] : places.map(({ name }) => name),
    };
    const hash = modelHash({ ...found, tower: card.tower });
    const notices: Notice[] = [];
    const say = (host: string, what: string) => notices.push({ code: "remote/server", message: `${host} ${what}.` });
    const meeting = (server: Server, stop?: AbortSignal): Promise<Met> =>
      meet(server, needs, runner, names, first, { hash, layers: whole, width: card.hiddenSize }, stop);

    const poolOptions: PoolOptions = { ...POOL, patienceMs: seconds("LAYERSCOPE_ENGINE_PATIENCE") ?? POOL.patienceMs, ...wanted.pool };
    const proven = new Set<Server>();
    const servers = addresses.map((address) => new Server(address, poolOptions.inFlight, limitsOf(wanted.limits)));
    const pool = new Pool(servers, poolOptions, async (server) => meetAgain(await meeting(server), proven), say);
    try {
      const met = await meetAll(pool, servers, meeting, poolOptions, signal);
      throwIfAborted(signal);
      for (const { server, identity } of met) if (identity) proven.add(server);
      const identities = met.flatMap(({ identity }) => (identity ? [identity] : []));
      const unnamed = met.filter(({ identity }) => !identity).map(({ server }) => server.address.host);
      if (unnamed.length > 0)
        notices.push({ code: "remote/unnamed", message: `${unnamed.join(", ")} cannot say which model file it serves; that it is this one is not checked.` });
      for (const version of new Set(identities.map((one) => one.version)))
        if (version !== VERSION)
          notices.push({ code: "remote/version", message: `The served model was exported by Layerscope ${version}; this is ${VERSION}.` });
      for (const { name } of places)
        for (const { server, outputs } of met) if (outputs.length > 0 && !outputs.includes(name)) throw noTaps(server.address.host, [name]);

      local.oneRowAtATime ||= identities.some((one) => one.oneRowAtATime);
      const tokens = identities[0]?.tokens ?? 0;
      if (pixels && tokens < 1) throw otherModel(met[0]!.server.address.host, "it does not say how many tokens an image has");
      const image = pixels ? { ...pixels, tokens, prefix: prefixOf(analysis.links, feeds.pixels!.name, pixels.shape, tokens) } : undefined;
      const trial = withLayers
        ? await tryServers(pool, runner, met, { feeds, vocabulary, size, tokens }, precision.name, signal, poolOptions.pauseMs)
        : undefined;
      if (trial && !trial.batches) local.oneRowAtATime = true;
      if (local.oneRowAtATime)
        notices.push({
          code: "model/one-row",
          message: "Rows of this model are run one at a time: in a batch they would change each other, or the export takes no more.",
        });

      const full: ModelCard = {
        ...card,
        ...found,
        layers: card.layers.slice(0, options.upTo === undefined ? undefined : options.upTo + 1),
        causal: trial?.causal ?? card.causal,
        oneRowAtATime: local.oneRowAtATime,
        maxTokens: feeds.fixedLength ?? card.maxTokens,
        // Grows while the run goes on: what became of a server stands in the result.
        notices,
        ...(image ? { image: { height: image.shape.height, width: image.shape.width, tokens, prefix: image.prefix } } : {}),
      };
      notices.unshift(...card.notices, ...blobNotices([{ path: weights.files[0]!.path, sha256: found.sha256 }, ...(found.weights ?? [])]), ...ofTaps);
      const kept = full.layers.length;
      return {
        card: full,
        image,
        provider: "remote",
        providerNotes: [],
        hosts: [...new Set(addresses.map(({ host }) => host))],
        ...(met.some(({ server, identity }) => !identity && pool.memberOf(server)?.out === undefined) ? { unproven: true } : {}),
        parallel: poolOptions.inFlight * met.length,
        vocabularySize: vocabulary,
        run: async (batch) => upTo(await runner.run(pool, batch, signal), whole, kept),
        taps: places.map(entryOf),
        runTaps: async (batch) => ({
          layers: withLayers ? upTo(await runner.run(pool, batch, signal), whole, kept) : new Float32Array(0),
          taps: await runner.runTaps(
            pool,
            batch,
            places.map(({ name }) => name),
            signal,
          ),
        }),
        close: async () => pool.close(),
      };
    } catch (error) {
      pool.close();
      throw error;
    }
  } finally {
    analysis.source.close();
  }
}

const never = () => Promise.reject(new Error("a model on servers has no session here"));
const NO_SESSION: Session = { run: never, release: async () => {} };

/** The first layers of [whole, …]. */
const upTo = (states: Float32Array, whole: number, kept: number): Float32Array =>
  kept === whole ? states : states.subarray(0, (states.length / whole) * kept);

/** Made-up ids (or noise) of a few rows; the poolings are the first token and the mean. */
function sample({ fixedLength }: Feeds, vocabulary: number | undefined, size: number, rows: number, tokens = 1): Batch {
  const most = vocabulary ?? 64;
  const long = size > 0 ? tokens : Math.min(fixedLength ?? 5, 5);
  const lengths = size > 0 ? Array<number>(rows).fill(long) : rows === 1 ? [Math.min(3, long)] : [Math.min(3, long), long];
  // Both begin alike, so that what the first token's state depends on shows.
  const ids = lengths.map((n, b) => Array.from({ length: n }, (_, t) => (size > 0 ? 0 : Math.min(t === 0 ? 5 : 5 + t + 2 * b, most - 1))));
  const weights = ids.map((row) => [Float32Array.from(row, (_, t) => (t === 0 ? 1 : 0)), new Float32Array(row.length).fill(1 / row.length)]);
  return { ids, weights, ...(size > 0 ? { images: ids.map((_, b) => Float32Array.from({ length: size }, (__, i) => Math.sin(0.7 * i + b))) } : {}) };
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");

/** Everybody at once; those that cannot be used are out, with the reason, as long as one is left. */
async function meetAll(
  pool: Pool,
  servers: readonly Server[],
  meeting: (server: Server, stop?: AbortSignal) => Promise<Met>,
  options: PoolOptions,
  signal?: AbortSignal,
): Promise<Met[]> {
  const outcomes = await Promise.all(
    servers.map(async (server) => {
      for (let tries = 0; ; tries++) {
        try {
          return await meeting(server, signal);
        } catch (error) {
          throwIfAborted(signal);
          // A server that has just been started may need a moment.
          if (tries < 2 && !(error instanceof Error && "problem" in error)) await new Promise((resolve) => setTimeout(resolve, options.pauseMs * 2 ** tries));
          else return { server, error };
        }
      }
    }),
  );
  const failed = outcomes.flatMap((one) => ("error" in one ? [one] : []));
  const met = outcomes.flatMap((one) => ("error" in one ? [] : [one]));
  if (met.length === 0) {
    const [only] = failed;
    if (failed.length === 1 && only && only.error instanceof Error && "problem" in only.error) throw only.error;
    throw unreachable(failed.map(({ server, error }) => ({ host: server.address.host, why: whyOf(error) })));
  }
  for (const { server, error } of failed) pool.dismiss(pool.memberOf(server)!, whyOf(error));
  return met;
}

/** A server that proved its model and no longer does may have become another. @throws Problem `remote/other-model` */
function meetAgain({ server, identity }: Met, proven: ReadonlySet<Server>): void {
  if (!identity && proven.has(server)) throw otherModel(server.address.host, "it no longer tells which one it has");
}

/** What passes is tried a few times. */
async function patiently<T>(ask: () => Promise<T>, pauseMs: number): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Passing) || tries >= 3) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs * 2 ** tries));
    }
  }
}

/** Two rows together and one alone on the first server, the rows alone on all: causal or not, in batches or not, and all of one mind. */
async function tryServers(
  pool: Pool,
  runner: RemoteRunner,
  met: readonly Met[],
  { feeds, vocabulary, size, tokens }: { feeds: Feeds; vocabulary: number | undefined; size: number; tokens: number },
  precision: string,
  signal: AbortSignal | undefined,
  pauseMs: number,
): Promise<{ causal: boolean | undefined; batches: boolean } | undefined> {
  const limit = precision === "float32" ? 1e-3 : 3e-2;
  const both = sample(feeds, vocabulary, size, 2, tokens);
  const short: Batch = { ids: [both.ids[0]!], weights: [both.weights[0]!], ...(both.images ? { images: [both.images[0]!] } : {}) };
  const answers: (Pick<Met, "server" | "identity"> & { states: Float32Array })[] = [];
  const failed: { host: string; why: string }[] = [];
  await Promise.all(
    met.map(async ({ server, identity }, i) => {
      const { host } = server.address;
      try {
        answers[i] = { server, identity, states: await patiently(() => runner.ask(server, short, undefined, signal), pauseMs) };
      } catch (error) {
        throwIfAborted(signal);
        failed.push({ host, why: whyOf(error) });
        pool.dismiss(pool.memberOf(server)!, whyOf(error));
      }
    }),
  );
  // One that proved what it serves is believed before one that did not, numbers before none.
  const given = answers.filter(Boolean);
  const withNumbers = given.filter(({ states }) => !flooded(states));
  const first = withNumbers.find(({ identity }) => identity) ?? withNumbers[0] ?? given[0];
  if (!first) throw unreachable(failed);
  const { states } = first;
  for (const { server, states: other } of given) {
    if (server === first.server || distance(states, other) <= limit) continue;
    if (!first.identity && !flooded(other)) throw disagreeing(first.server.address.host, server.address.host);
    pool.dismiss(pool.memberOf(server)!, `it gives other states than ${first.server.address.host} for the same tokens`);
  }
  const together = await runner.run(pool, both, signal);
  // [L, 2, K, D] against [1, L, K, D]: the first row's layers.
  const layers = runner.layers;
  const row = together.length / layers / 2;
  let batches = true;
  for (let layer = 0; layer < layers && batches && !runner.oneRowAtATime; layer++)
    batches = distance(together.subarray(2 * layer * row, (2 * layer + 1) * row), states.subarray(layer * row, (layer + 1) * row)) < limit;
  if (size > 0) return { causal: false, batches };
  const last = 2 * (layers - 1) * row;
  const width = row / 2;
  const causal =
    distance(together.subarray(last, last + width), together.subarray(last + row, last + row + width)) < (precision.includes("dynamic") ? 0.1 : limit);
  return { causal: both.ids[1]!.length > both.ids[0]!.length ? causal : undefined, batches };
}
