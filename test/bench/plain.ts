import { readFileSync } from "node:fs";
import { analyse } from "../../src/engine/model/analysis.js";
import { locateWeights } from "../../src/engine/model/external.js";
import { planInputs } from "../../src/engine/model/inputs.js";
import { precisionOf } from "../../src/engine/model/precision.js";
import { createSession, type RuntimeTensor } from "../../src/engine/model/runtime.js";

/** The peer of what taps cost: ONNX Runtime on the user's own file, its first output (logits of a causal model) fetched, with the same session options. */
export interface PlainModel {
  readonly layers: number;
  /** Rows of a dynamically quantised file influence each other, so tapped ones run alone. */
  readonly dynamic: boolean;
  /** Milliseconds of processor and wall time that finding the layers took. */
  readonly understood: number;
  readonly nodes: number;
  run(ids: readonly (readonly number[])[]): Promise<unknown>;
  close(): Promise<void>;
}

export async function openPlain(path: string, threads: number): Promise<PlainModel> {
  const started = performance.now();
  const analysis = analyse(path);
  const understood = performance.now() - started;
  const { links, model, place, taps } = analysis;
  const weights = locateWeights(model);
  const { dynamic } = precisionOf(links.nodes, links.graph.initializers.values());
  const { feeds } = planInputs(path, links.graph.inputs, analysis.config);
  const output = model.graph.outputs[0]!.name;
  analysis.source.close();
  const session = await createSession(readFileSync(place.path), { provider: "cpu", threads, folder: weights.folder });
  return {
    layers: taps.layers.length - 1,
    dynamic,
    understood,
    nodes: links.nodes.length,
    run(ids) {
      const length = Math.max(...ids.map((row) => row.length));
      return session.run(new Map<string, RuntimeTensor>([...feeds].map(([name, feed]) => [name, feed({ ids, length })])), [output]);
    },
    close: () => session.release(),
  };
}

/** Rows of seeded token ids that differ from each other, pooled by the mean and by the last token. */
export function madeBatch(rows: number, length: number, vocabulary: number, shared = 0) {
  const most = vocabulary - 1;
  const ids = Array.from({ length: rows }, (_, b) => Array.from({ length }, (_, t) => (5 + (t < shared ? 0 : b) * length + t * 7) % most));
  const mean = new Float32Array(length).fill(1 / length);
  const last = new Float32Array(length).fill(0, 0, length - 1).fill(1, length - 1);
  return { ids, weights: ids.map(() => [mean, last]) };
}
