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
import { type Checked, differs, state, stated, summary, table } from "./zoo-report.js";

const here = dirname(fileURLToPath(import.meta.url));
const zoo = join(here, "../../../../shared/models/zoo");
const readme = join(here, "../../../README.md");
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
  pixel_values?: { shape: number[] };
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
  return differs(name) ? 1e-3 : 1e-4;
}

const checked: Checked[] = [];
/** Graphs whose structure was right. */
const structured = new Set<string>();

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
    if (name.includes("merged")) {
      structured.add(name);
      return;
    }
    [found.embed, ...found.blocks].forEach(({ hits }, layer) => {
      // transformers calls block 0's output of Mamba hidden_states[0]; here layer 0 is the embedding everywhere.
      if (golden.arch === "mamba" && layer === 0) return;
      const tensor = layers[layer]!.tensor;
      // Sums that fused exports leave out have no name of their own.
      const known = hits.map((hit) => (hit.tensor.startsWith("__sum__") ? "sum" : hit.tensor));
      expect(known).toContain(tensor.startsWith("layerscope/sum/") ? "sum" : tensor);
    });
    structured.add(name);
  });

  const images = names.filter((name) => json<Golden>(name, "golden.json").kind === "vision");
  const texts = names.filter((name) => !images.includes(name));
  /** The states of layer l >= 1 are the block's output: hidden_states holds the last one after the final norm. */
  const compare = (name: string, golden: Golden, wanted: Case, got: Float32Array, layers: number, rows: number) => {
    const error = worstError(got, layers, rows, golden.hidden_size, (layer, row, pooling) => {
      if (layer > 0) return (pooling === 0 ? wanted.block_output_mean : wanted.block_output_last)[layer - 1]![row];
      return golden.arch === "mamba" ? undefined : (pooling === 0 ? wanted.hidden_states_mean : wanted.hidden_states_last)[0]![row];
    });
    const limit = limitOf(name);
    const right = structured.has(name) && layers === golden.num_layers + 1 && error < (limit ?? Number.POSITIVE_INFINITY);
    checked.push({ name, found: layers - 1, expected: golden.num_layers, ...(limit === undefined ? {} : { error }), right });
    expect(error).toBeLessThan(limit ?? Number.POSITIVE_INFINITY);
  };

  it.each(images)("%s: pooled states of images", async (name) => {
    const golden = json<Golden>(name, "golden.json");
    const wanted = golden.cases[0]!;
    const [rows, ...sizes] = wanted.pixel_values!.shape as [number, ...number[]];
    const size = sizes.reduce((n, dim) => n * dim, 1);
    const model = await openModel(join(zoo, name), { provider: "cpu", threads: 1 });
    const pixels = Array.from({ length: rows }, (_, b) => Float32Array.from({ length: size }, (_, n) => Math.sin(0.05 * n + b)));
    const tokens = Array.from({ length: rows }, () => new Array<number>(model.card.image!.tokens).fill(0));
    const got = await model.run({ ...meanAndLast(tokens), images: pixels });
    await model.close();
    compare(name, golden, wanted, got, model.card.layers.length, rows);
  });

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
    await model.close();
    compare(name, golden, wanted, got, layers.length, ids.length);
  });

  // The figure in the README comes from this command: npm run zoo-table.
  it("is what the README says", () => {
    const line = summary(checked);
    if (process.env["MODE"] === "zoo-table") state(readme, line);
    expect(checked).toHaveLength(names.length);
    const numbers = (text: string) => (text.match(/\d[\d.e+-]*/g) ?? []).map((number) => Number(number.replace(/\.$/, "")));
    const [ours, theirs] = [numbers(line), numbers(stated(readme) ?? "")];
    // Errors depend on the processor: they may be smaller here than stated.
    expect(theirs).toHaveLength(ours.length);
    ours.forEach((number, i) => {
      if (number >= 1) expect(number).toBe(theirs[i]);
      else expect(number).toBeLessThanOrEqual(2 * theirs[i]!);
    });
  });

  afterAll(() => {
    console.log(`${table(checked)}\n${summary(checked)}`);
  });
});

if (names.length === 0)
  it("the zoo", ({ skip }) => {
    skip("../shared/models/zoo is not here, so nothing was compared");
  });
