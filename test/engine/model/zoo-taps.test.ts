import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openModel, type TapState } from "../../../src/engine/model/index.js";
import { openWeights } from "../../../src/engine/model/weights/index.js";
import { distance, identitiesOf } from "./identities.js";

const zoo = join(import.meta.dirname, "../../../../shared/models/zoo");
const names = existsSync(zoo) ? readdirSync(zoo).filter((name) => existsSync(join(zoo, name, "model.onnx"))) : [];

interface Case {
  readonly name: string;
  readonly input_ids?: number[][];
  readonly attention_mask?: number[][];
  readonly pixel_values?: { shape: [number, number, number, number] };
}
const json = <T>(...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8")) as T;
const goldens = json<{ row: number; taps: Record<string, Record<string, { mean?: number[]; last: number[] }>> }>(import.meta.dirname, "taps-golden.json");

/** Relative error allowed: activations rounded to 8 bits, weights to 4, halves, floats. */
const limitOf = (name: string): number => (/int8|int4|q4/.test(name) ? 2e-2 : name.includes("fp16") ? 1e-3 : 1e-5);

/** Graphs whose blocks have no MLP of one piece, no attention, no pattern; everything else must be found everywhere. */
const absent = (name: string): RegExp => {
  if (name.startsWith("mamba")) return /^blocks\.\d+\.(attn_|mlp_|resid_mid)/;
  const parallel = /^(gpt_neox|gptj|phi)__/.test(name) ? "|resid_mid" : "";
  const experts = name.includes("moe") ? "|mlp_act" : "";
  const fused = /genai|bert__ts17-fused|roberta__ts17-fused|clip_vision__ts17-fused/.test(name) && !name.startsWith("distilbert") ? "|attn_pattern" : "";
  const rest = `(none${parallel}${experts}${fused})$`;
  const postNorm = /^(albert|bert|roberta|distilbert)__/.test(name) || name.startsWith("clip_vision") ? "|final_norm" : "";
  const features = /^(albert|bert|roberta|distilbert|modernbert|t5_encoder|vit|clip_vision)__/.test(name) ? "|logits" : "";
  return new RegExp(`^(blocks\\.\\d+\\.${rest}${postNorm}${features})`);
};

/** Every token of every row read alone, and the batch that does it. */
async function everyToken(name: string) {
  const [wanted] = json<{ cases: Case[] }>(zoo, name, "golden.json").cases.filter((one) => one.name === "right_pad" || one.name === "images");
  const model = await openModel(join(zoo, name), { provider: "cpu", threads: 1, taps: ["*"] });
  const images = wanted!.pixel_values?.shape;
  const ids = images
    ? Array.from({ length: images[0] }, () => new Array<number>(model.image!.tokens).fill(0))
    : wanted!.input_ids!.map((row, b) => row.filter((_, t) => wanted!.attention_mask![b]![t] === 1));
  const lengths = ids.map((row) => row.length);
  const longest = Math.max(...lengths);
  const weights = ids.map((row) => Array.from({ length: longest }, (_, k) => Float32Array.from(row, (_, t) => (t === k ? 1 : 0))));
  const size = images ? images[1] * images[2] * images[3] : 0;
  const pixels = ids.map((_, b) => Float32Array.from({ length: size }, (_, n) => Math.sin(0.05 * n + b)));
  const { taps } = await model.runTaps({ ids, weights, ...(images ? { images: pixels } : {}) });
  await model.close();
  return { model, taps, lengths };
}

/** Mean over a row's tokens, or its last token. */
function pooled({ shape, data }: TapState, row: number, length: number, mean: boolean): Float32Array {
  const [, K = 1] = shape;
  const width = data.length / shape[0]! / K;
  const vector = (t: number) => data.subarray((row * K + t) * width, (row * K + t + 1) * width);
  return mean
    ? Float32Array.from({ length: width }, (_, i) => Array.from({ length }, (_, t) => vector(t)[i]!).reduce((sum, x) => sum + x, 0) / length)
    : vector(length - 1);
}

const table: string[] = [];

describe.skipIf(names.length === 0)("taps and weights of the zoo", () => {
  it.each(names)("%s", async (name) => {
    const { model, taps, lengths } = await everyToken(name);
    const config = json<Record<string, number>>(zoo, name, "config.json");
    const weights = openWeights(join(zoo, name));
    const blocks = model.card.layers.length - 1;

    // What is found, and what is not for a reason.
    const none = absent(name);
    for (const { name: tap, missing, tensor } of model.card.taps!) {
      expect({ tap, found: missing === undefined }).toEqual({ tap, found: !none.test(tap) });
      if (missing) expect(missing).toMatch(/^not in this export, because \S/);
      else expect(tensor).toBeTruthy();
    }
    for (const { name: tap, shape } of model.taps) expect(taps.get(tap)!.shape[2], tap).toBe(shape![tap.endsWith("attn_pattern") ? 1 : 2]);

    // What must hold between them.
    const epsilon =
      config["layer_norm_eps"] ??
      config["rms_norm_eps"] ??
      config["layer_norm_epsilon"] ??
      (name.startsWith("modernbert") ? config["norm_eps"]! : name.startsWith("t5") ? 1e-6 : 1e-5);
    const errors = identitiesOf({ taps, entries: model.taps, lengths, blocks, causal: model.card.causal }, weights, epsilon);
    table.push(
      `${name.padEnd(28)} ${String(taps.size).padStart(3)} taps ${String(weights.entries.filter((one) => !one.missing).length).padStart(3)} weights  ${[...errors].map(([what, error]) => `${what}: ${error.toExponential(0)}`).join("  ")}`,
    );
    expect(errors.size).toBeGreaterThan(name.startsWith("mamba") ? 2 : 3);
    for (const [what, error] of errors) expect({ what, error, ok: error < limitOf(name) }).toMatchObject({ ok: true });
    weights.close();

    // What transformers' own modules gave, where the file is no rounded one.
    const golden = goldens.taps[name.split("__")[0]!];
    if (!golden || /int8|q4/.test(name)) return;
    const row = model.image ? 0 : goldens.row;
    for (const [tap, { mean, last }] of Object.entries(golden)) {
      const found = taps.get(tap);
      if (!found) {
        expect(none.test(tap), `${tap} is not read`).toBe(true);
        continue;
      }
      const limit = name.includes("fp16") ? 5e-3 : 1e-5;
      const whole = pooled(found, row, lengths[row]!, false);
      const [, , heads = 1, tokens = 1] = found.shape;
      // A pattern's keys behind the row's own end are padding.
      const got = tap.endsWith("attn_pattern")
        ? Float32Array.from({ length: heads * lengths[row]! }, (_, i) => whole[Math.floor(i / lengths[row]!) * tokens + (i % lengths[row]!)]!)
        : whole;
      expect(distance(got, Float32Array.from(last)), `${tap}, last token`).toBeLessThan(limit);
      if (mean) expect(distance(pooled(found, row, lengths[row]!, true), Float32Array.from(mean)), `${tap}, mean`).toBeLessThan(limit);
    }
  });

  const families = [...new Set(names.map((name) => name.split("__")[0]!))].filter(
    (family) => names.filter((name) => name.startsWith(`${family}__`)).length > 1,
  );
  it.each(families)("%s: the same weights, whatever exporter wrote them", (family) => {
    const own = names.filter((name) => name.startsWith(`${family}__`));
    const exact = own.filter((name) => !/fp16|int8|int4|q4/.test(name));
    const reference = openWeights(join(zoo, exact.find((name) => name.includes("ts17")) ?? exact[0]!));
    for (const name of own) {
      const weights = openWeights(join(zoo, name));
      const known = new Set(reference.entries.filter((entry) => !entry.missing).map((entry) => entry.name));
      for (const { name: role, missing } of weights.entries) {
        // A head that only one of the exports has; a shift of zeros that one of them writes out.
        if (missing || !known.has(role)) continue;
        const limit = /int4|q4/.test(name) ? 0.3 : name.includes("int8") ? 3e-2 : name.includes("fp16") ? 1e-3 : 1e-6;
        expect({ name, role, near: distance(weights.read(role), reference.read(role)) < limit }).toEqual({ name, role, near: true });
      }
      weights.close();
    }
    reference.close();
  });

  afterAll(() => {
    if (process.env["LAYERSCOPE_TABLE"]) console.log(table.join("\n"));
  });
});
