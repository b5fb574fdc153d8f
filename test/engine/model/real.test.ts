import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openModel } from "../../../src/engine/model/index.js";
import { meanAndLast, worstError } from "./scratch.js";

const models = join(dirname(fileURLToPath(import.meta.url)), "../../../../shared/models");
const smol = join(models, "SmolLM2-135M-Instruct");
const mini = join(models, "all-MiniLM-L6-v2");

interface Prompt {
  input_ids: number[];
  hidden_states_mean: number[][];
  hidden_states_last: number[][];
  last_block_output_mean?: number[];
  last_block_output_last?: number[];
}

async function errorOf(folder: string): Promise<{ error: number; layers: number; causal: boolean; vocabulary?: number }> {
  const { prompts } = JSON.parse(readFileSync(join(folder, "golden.json"), "utf8")) as { prompts: Prompt[] };
  const model = await openModel(folder, { provider: "cpu", threads: 2 });
  const { layers, hiddenSize, causal } = model.card;
  const got = await model.run(meanAndLast(prompts.map((prompt) => prompt.input_ids)));
  await model.close();
  const error = worstError(got, layers.length, prompts.length, hiddenSize, (layer, row, pooling) => {
    const prompt = prompts[row]!;
    const last = layer === layers.length - 1 ? (pooling === 0 ? prompt.last_block_output_mean : prompt.last_block_output_last) : undefined;
    return last ?? (pooling === 0 ? prompt.hidden_states_mean : prompt.hidden_states_last)[layer];
  });
  return { error, layers: layers.length, causal: causal === true, vocabulary: model.vocabularySize };
}

describe("real models", () => {
  it.skipIf(!existsSync(smol))("SmolLM2-135M-Instruct: 8 prompts, every layer, before the final norm", async () => {
    const { error, ...rest } = await errorOf(smol);
    expect(rest).toEqual({ layers: 31, causal: true, vocabulary: 49152 });
    expect(error).toBeLessThan(1e-3);
  });

  it.skipIf(!existsSync(mini))("all-MiniLM-L6-v2 int8: structure exact, states within the file's own rounding", async () => {
    const { error, ...rest } = await errorOf(mini);
    expect(rest).toEqual({ layers: 7, causal: false, vocabulary: 30522 });
    expect(error).toBeLessThan(0.1);
  });
});
