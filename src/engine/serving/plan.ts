import type { Notice } from "../../protocol/index.js";
import { analyse } from "../model/analysis.js";
import { locateWeights } from "../model/external.js";
import { type Feeds, planInputs } from "../model/inputs.js";
import { planPixels } from "../model/pixels.js";
import { tappedGraph } from "../model/rewrite.js";
import { planTaps } from "../model/roles/plan.js";
import type { TappedModel } from "../model/tapped.js";
import { VERSION } from "../version.js";
import { type ServedGraph, servedGraph } from "./graph.js";
import { identityNumbers, modelHash } from "./identity.js";
import { type Settled, settle } from "./settle.js";
import { copiedWeights, type ExportedWeights, linkedWeights } from "./weights.js";

export interface GraphWish {
  readonly tower?: string;
  readonly images?: boolean;
  readonly link?: boolean;
  /** The layers, beside further taps. */
  readonly residual: boolean;
  readonly taps: readonly string[];
}

export interface PlannedGraph {
  readonly graph: ServedGraph;
  readonly weights: ExportedWeights;
  readonly feeds: Feeds;
  readonly metadata: Readonly<Record<string, string>>;
  readonly notices: readonly Notice[];
}

/**
 * The graph that is served, and the weights it names.
 * @param opened the same model, opened here: it knows what only a run tells (how states are kept, whether rows go alone)
 */
export function planGraph(path: string, wish: GraphWish, opened: TappedModel): PlannedGraph {
  const analysis = analyse(path, wish.images, wish.tower);
  try {
    const { card } = opened;
    const wanted = { provider: "cpu", threads: 0, taps: wish.taps, residual: wish.residual } as const;
    const { places, options, notices } = planTaps(analysis, wanted);
    const located = locateWeights(analysis.model);
    const weights = wish.link ? linkedWeights(located) : copiedWeights(located);
    const tapped = tappedGraph(analysis.model, analysis.links, analysis.taps, weights, analysis.source, options.upTo, places, opened.layout);
    const shapeOf = (input: Parameters<typeof planPixels>[0]) => planPixels(input, analysis.place.folder, analysis.config, analysis.links).shape;
    const feeds = planInputs(analysis.place.path, tapped.inputs, analysis.config, shapeOf);
    const settled: Settled[] = [];
    const inputs = tapped.inputs.filter((input) => {
      // What a text or an image is fed by is never a constant.
      const found = input.name === feeds.ids || input === feeds.pixels ? undefined : settle(input, feeds.feeds.get(input.name)!);
      if (found) settled.push(found);
      return !found;
    });
    const identity = {
      version: VERSION,
      layers: card.layers.length,
      width: card.hiddenSize,
      oneRowAtATime: card.oneRowAtATime,
      tokens: opened.image?.tokens ?? 0,
      hash: modelHash(card),
    };
    const metadata = {
      "layerscope.version": VERSION,
      "layerscope.model": card.name,
      "layerscope.sha256": card.sha256,
      "layerscope.identity": identity.hash,
      "layerscope.layers": String(identity.layers),
      "layerscope.width": String(identity.width),
      "layerscope.pooled": `[rows, ${identity.layers}, poolings, ${identity.width}]`,
      "layerscope.taps": [...(wish.residual ? ["residual"] : []), ...places.map(({ name }) => name)].join(","),
      ...(card.tower === undefined ? {} : { "layerscope.tower": card.tower }),
    };
    const graph = servedGraph(tapped.bytes, {
      inputs,
      settled,
      // The width of an image's states is left open: asked for all numbers at once, it tells how many tokens there are.
      ...(wish.residual ? { layers: { count: identity.layers, width: opened.image ? undefined : identity.width } } : {}),
      taps: places.map(({ name, axes, heads, shape }) => {
        const last = shape?.at(-1);
        return { name, axes, ...(heads ? { heads } : {}), ...(axes === "tokens" && typeof last === "number" ? { width: last } : {}) };
      }),
      identity: identityNumbers(identity),
      metadata,
    });
    return { graph, weights, feeds, metadata, notices };
  } finally {
    analysis.source.close();
  }
}
