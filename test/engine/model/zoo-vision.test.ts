import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { openModel } from "../../../src/engine/model/index.js";
import { worstError } from "./scratch.js";

const zoo = join(dirname(fileURLToPath(import.meta.url)), "../../../../shared/models/zoo");

interface Golden {
  kind: string;
  num_layers: number;
  hidden_size: number;
  cases: {
    pixel_values: { shape: [number, number, number, number] };
    hidden_states_mean: number[][][];
    hidden_states_last: number[][][];
    block_output_mean: number[][][];
    block_output_last: number[][][];
  }[];
}

const goldenOf = (name: string) => JSON.parse(readFileSync(join(zoo, name, "golden.json"), "utf8")) as Golden;
const names = existsSync(zoo)
  ? readdirSync(zoo).filter(
      (name) => existsSync(join(zoo, name, "model.onnx")) && existsSync(join(zoo, name, "golden.json")) && goldenOf(name).kind === "vision",
    )
  : [];

/** Architecture x exporter: layers found of layers expected, largest relative error. */
const table: string[] = [];

describe.skipIf(names.length === 0)("the zoo's vision encoders", () => {
  it.each(names)("%s: pooled states of pixels", async (name) => {
    const golden = goldenOf(name);
    const [wanted] = golden.cases as [Golden["cases"][0]];
    const [rows, channels, height, width] = wanted.pixel_values.shape;
    const model = await openModel(join(zoo, name), { provider: "cpu", threads: 1 });
    expect(model.image).toMatchObject({ shape: { channels, height, width, last: false }, tokens: 17, prefix: 1 });
    expect(model.card).toMatchObject({ causal: false, oneRowAtATime: false, hiddenSize: golden.hidden_size });
    expect(model.card.layers).toHaveLength(golden.num_layers + 1);
    const tokens = model.image!.tokens;
    const weights = [new Float32Array(tokens).fill(1 / tokens), Float32Array.from({ length: tokens }, (_, t) => (t === tokens - 1 ? 1 : 0))];
    // The formula of the golden file: sin(0.05 n + b), n over channels, rows and columns.
    const images = Array.from({ length: rows }, (_, b) => Float32Array.from({ length: channels * height * width }, (_, n) => Math.sin(0.05 * n + b)));
    const ids = images.map(() => new Array<number>(tokens).fill(0));
    const got = await model.run({ ids, weights: images.map(() => weights), images });
    const error = worstError(got, golden.num_layers + 1, rows, golden.hidden_size, (layer, row, pooling) => {
      if (layer > 0) return (pooling === 0 ? wanted.block_output_mean : wanted.block_output_last)[layer - 1]![row];
      return (pooling === 0 ? wanted.hidden_states_mean : wanted.hidden_states_last)[0]![row];
    });
    await model.close();
    table.push(`${name.padEnd(34)} ${model.card.layers.length - 1} of ${golden.num_layers}  ${error.toExponential(1)}`);
    expect(error).toBeLessThan(name.includes("fp16") ? 5e-3 : 1e-4);
  });

  afterAll(() => {
    if (process.env["LAYERSCOPE_TABLE"]) console.log(table.join("\n"));
  });
});
