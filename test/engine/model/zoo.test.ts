import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { listTaps, openModel } from "../../../src/engine/model/index.js";
import { liftBranches } from "../../../src/engine/model/lift.js";
import { linksOf } from "../../../src/engine/model/links.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { fileSource } from "../../../src/engine/model/source.js";
import { findTaps } from "../../../src/engine/model/taps.js";
import { meanAndLast, worstError } from "./scratch.js";

const zoo = join(dirname(fileURLToPath(import.meta.url)), "../../../../shared/models/zoo");
const names = existsSync(zoo) ? readdirSync(zoo).filter((name) => existsSync(join(zoo, name, "model.onnx"))) : [];

interface Hit {
  tensor: string;
}
interface FoundTaps {
  blocks: { hits: Hit[] }[];
  embed: { hits: Hit[] };
}
interface Case {
  name: string;
  input_ids: number[][];
  attention_mask: number[][];
  hidden_states_mean: number[][][];
  hidden_states_last: number[][][];
  block_output_mean: number[][][];
  block_output_last: number[][][];
}
interface Golden {
  arch: string;
  kind: string;
  num_layers: number;
  hidden_size: number;
  cases: Case[];
}

const json = <T>(name: string, file: string) => JSON.parse(readFileSync(join(zoo, name, file), "utf8")) as T;

/** Relative error allowed, undefined = structure only: random weights quantise badly. */
function limitOf(name: string): number | undefined {
  if (/int8|int4|q4/.test(name)) return undefined;
  if (name.includes("fp16")) return 5e-3;
  // This exporter drops Gemma's soft-capping: the file itself differs from the reference.
  return name.startsWith("gemma2__optimum") ? 1e-3 : 1e-4;
}

/** Architecture x exporter: layers found of layers expected, largest relative error. */
const table: string[] = [];

describe.skipIf(names.length === 0)("the zoo", () => {
  it.each(names)("%s: layers by structure", (name) => {
    const golden = json<Golden>(name, "golden.json");
    const { layers, hiddenSize } = listTaps(join(zoo, name));
    expect(hiddenSize).toBe(golden.hidden_size);
    expect(layers).toHaveLength(golden.num_layers + 1);
    // The same layers without a word from config.json.
    const source = fileSource(join(zoo, name, "model.onnx"));
    expect(findTaps(linksOf(liftBranches(parseModel(source)))).layers).toEqual(layers);
    source.close();
    const found = json<FoundTaps>(name, "taps.json");
    // Inner tensors of merged decoders could not be exposed when the list was made.
    if (name.includes("merged")) return;
    [found.embed, ...found.blocks].forEach(({ hits }, layer) => {
      // transformers calls block 0's output of Mamba hidden_states[0]; here layer 0 is the embedding everywhere.
      if (golden.arch === "mamba" && layer === 0) return;
      const tensor = layers[layer]!.tensor;
      // Sums that fused exports leave out have no name of their own.
      const known = hits.map((hit) => (hit.tensor.startsWith("__sum__") ? "sum" : hit.tensor));
      expect(known).toContain(tensor.startsWith("layerscope/sum/") ? "sum" : tensor);
    });
  });

  const texts = names.filter((name) => json<Golden>(name, "golden.json").kind !== "vision");
  it.each(texts)("%s: pooled states", async (name) => {
    const golden = json<Golden>(name, "golden.json");
    const wanted = golden.cases.find((c) => c.name === "right_pad")!;
    const ids = wanted.input_ids.map((row, b) => row.filter((_, t) => wanted.attention_mask[b]![t] === 1));
    const model = await openModel(join(zoo, name), { provider: "cpu", threads: 1 });
    const got = await model.run(meanAndLast(ids));
    const { layers, hiddenSize, causal } = model.card;
    expect(got).toHaveLength(layers.length * ids.length * 2 * hiddenSize);
    expect(causal).toBe(["decoder", "ssm"].includes(golden.kind) || golden.arch === "mamba");
    expect(model.vocabularySize).toBe(260);
    const error = worstError(got, layers.length, ids.length, hiddenSize, (layer, row, pooling) => {
      if (layer > 0) return (pooling === 0 ? wanted.block_output_mean : wanted.block_output_last)[layer - 1]![row];
      return golden.arch === "mamba" ? undefined : (pooling === 0 ? wanted.hidden_states_mean : wanted.hidden_states_last)[0]![row];
    });
    await model.close();
    const limit = limitOf(name);
    table.push(`${name.padEnd(34)} ${layers.length - 1} of ${golden.num_layers}  ${limit === undefined ? "structure" : error.toExponential(1)}`);
    expect(error).toBeLessThan(limit ?? Number.POSITIVE_INFINITY);
  });

  afterAll(() => {
    if (process.env["LAYERSCOPE_TABLE"]) console.log(table.join("\n"));
  });
});
