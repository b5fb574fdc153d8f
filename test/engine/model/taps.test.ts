import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { locateWeights, tensorBytes } from "../../../src/engine/model/external.js";
import { listTaps, openModel } from "../../../src/engine/model/index.js";
import { chooseTaps } from "../../../src/engine/model/inspect.js";
import { linksOf } from "../../../src/engine/model/links.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { tappedGraph } from "../../../src/engine/model/rewrite.js";
import { Numbers } from "../../../src/engine/model/roles/numbers.js";
import { findPlaces } from "../../../src/engine/model/roles/places.js";
import { memorySource } from "../../../src/engine/model/source.js";
import { findTaps } from "../../../src/engine/model/taps.js";
import { problemOf, type TapEntry } from "../../../src/protocol/index.js";
import { writeTinyDecoder, writeTinyEncoder } from "../../fixtures/models.js";
import { FLOAT, INT64, OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { distance } from "./identities.js";
import { scratch } from "./scratch.js";

const folder = scratch();
const failure = async (run: () => unknown) => {
  try {
    await run();
  } catch (error) {
    return problemOf(error);
  }
  throw new Error("nothing was refused");
};

describe("choosing taps by pattern", () => {
  const tiny = writeTinyDecoder(join(folder, "patterns"), { blocks: 12 });
  const list = listTaps(tiny.folder);
  const names = (...patterns: string[]) => chooseTaps(list, patterns).map(({ name }) => name);

  it("one name, stars, question marks, several patterns in the model's order", () => {
    expect(names("logits", "embed")).toEqual(["embed", "logits"]);
    expect(names("blocks.?.attn_out")).toEqual(Array.from({ length: 10 }, (_, i) => `blocks.${i}.attn_out`));
    expect(names("blocks.1*.mlp_out")).toEqual(["blocks.1.mlp_out", "blocks.10.mlp_out", "blocks.11.mlp_out"]);
    expect(names("blocks.3.*")).toEqual(
      ["resid_pre", "attn_head", "attn_pattern", "attn_out", "resid_mid", "mlp_act", "mlp_out", "resid_post"].map((tap) => `blocks.3.${tap}`),
    );
    expect(names("*")).toHaveLength(12 * 8 + 3);
  });

  it("a pattern without a match says what there is, quickly, whatever it is", async () => {
    const wrong = await failure(() => names("blocks.*.attn_oot"));
    expect(wrong.code).toBe("model/no-such-tap");
    expect(wrong.message).toMatch(/^No tap of .*model\.onnx is called "blocks\.\*\.attn_oot"\.$/);
    expect(wrong.hint).toBe(
      "There are embed, blocks.N.resid_pre, blocks.N.attn_head, blocks.N.attn_pattern, blocks.N.attn_out, blocks.N.resid_mid, blocks.N.mlp_act, blocks.N.mlp_out, blocks.N.resid_post, final_norm, logits (N from 0 to 11).",
    );
    const started = performance.now();
    await failure(() => names("*a".repeat(40)));
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("what is missing is told with its reason", async () => {
    const parallel = listTaps(writeTinyDecoder(join(folder, "parallel"), { parallel: "sum-first" }).folder);
    const why = await failure(() => chooseTaps(parallel, ["blocks.*.resid_mid"]));
    expect(why.message).toBe(
      "blocks.0.resid_mid is not in this export, because the attention and the MLP of block 0 both read resid_pre (parallel); there is no state between them.",
    );
    expect(why.hint).toMatch(/^Found in this export: embed, blocks\.N\.resid_pre/);
    // Beside a tap that is there it is a notice.
    const model = await openModel(join(folder, "parallel"), { provider: "cpu", threads: 1, taps: ["blocks.0.*"] });
    expect(model.taps.map(({ name }) => name)).not.toContain("blocks.0.resid_mid");
    expect(model.card.notices.map(({ code }) => code)).toContain("model/tap-missing");
    await model.close();
  });
});

describe("reading taps", () => {
  const tiny = writeTinyDecoder(join(folder, "reading"));
  const batch = {
    ids: [
      [5, 6, 7],
      [9, 8],
    ],
    weights: [[Float32Array.of(0, 0, 1)], [Float32Array.of(0, 1)]],
  };

  it("beside the layers, or instead of them with the graph cut after the last one needed", async () => {
    const beside = await openModel(tiny.folder, { provider: "cpu", threads: 1, taps: ["blocks.1.resid_post", "blocks.0.mlp_act"] });
    const both = await beside.runTaps(batch);
    expect(beside.card.layers).toHaveLength(4);
    expect(both.layers).toEqual(await beside.run(batch));
    expect(both.taps.get("blocks.1.resid_post")).toEqual({ shape: [2, 1, 16], data: both.layers.slice(2 * 2 * 16, 3 * 2 * 16) });
    expect(both.taps.get("blocks.0.mlp_act")!.shape).toEqual([2, 1, 32]);
    const instead = await openModel(tiny.folder, { provider: "cpu", threads: 1, taps: ["blocks.0.mlp_act"], residual: false });
    expect(instead.card.layers).toHaveLength(1);
    const alone = await instead.runTaps(batch);
    expect(distance(alone.taps.get("blocks.0.mlp_act")!.data, both.taps.get("blocks.0.mlp_act")!.data)).toBeLessThan(1e-6);
    await Promise.all([beside.close(), instead.close()]);
  });

  it("row by row where the export takes one row only: the same numbers, patterns filled up with zeros", async () => {
    const alone = writeTinyDecoder(join(folder, "alone"), { fixed: [1, 6] });
    const free = writeTinyDecoder(join(folder, "free"));
    const [one, many] = await Promise.all(
      [alone, free].map(({ folder: path }) => openModel(path, { provider: "cpu", threads: 1, taps: ["blocks.*.attn_out", "blocks.2.attn_pattern"] })),
    );
    const [a, b] = [await one!.runTaps(batch), await many!.runTaps(batch)];
    for (const [name, { shape, data }] of b.taps) {
      const found = a.taps.get(name)!;
      if (!name.endsWith("pattern")) expect(distance(found.data, data), name).toBeLessThan(1e-5);
      else {
        expect([...found.shape, ...shape]).toEqual([2, 1, 1, 6, 2, 1, 1, 3]);
        expect(distance(Float32Array.from([...found.data.subarray(0, 3), ...found.data.subarray(6, 9)]), data)).toBeLessThan(1e-5);
        expect([...found.data.subarray(3, 6)]).toEqual([0, 0, 0]);
      }
    }
    await Promise.all([one!.close(), many!.close()]);
  });

  it("refuses a reading that would not fit into memory, before it is made", async () => {
    const model = await openModel(tiny.folder, { provider: "cpu", threads: 1, taps: ["logits"] });
    const one = new Float32Array(1);
    const huge = { ids: [[5]], weights: [Array.from({ length: 300_000 }, () => one)] };
    expect((await failure(() => model.runTaps(huge))).code).toBe("model/tap-too-large");
    await model.close();
  });
});

describe("structure", () => {
  it("an encoder's notes, heads and shapes", () => {
    const { taps } = listTaps(writeTinyEncoder(join(folder, "encoder")).folder);
    const of = (name: string): TapEntry => taps.find((tap) => tap.name === name)!;
    expect(of("blocks.0.resid_pre")).toMatchObject({ note: "the same as embed", tensor: of("embed").tensor });
    expect(of("blocks.1.resid_mid").note).toMatch(/post-norm/);
    expect(of("blocks.1.mlp_act").shape).toEqual(["batch", "tokens", 32]);
    // This one normalises once more behind its post-norm blocks.
    expect(of("final_norm").op).toBe("LayerNormalization");
    expect(of("logits").shape).toEqual(["batch", "tokens", 260]);
  });

  it("opset 23's Attention keeps its pattern to itself; its projections and what they give are found", () => {
    const g = new OnnxBuilder();
    g.input("input_ids", INT64, ["b", "s"]);
    g.weight("table", [40, 16], new Float32Array(640));
    for (const name of ["q", "k", "v", "o", "up", "down"]) g.weight(name, [16, 16], new Float32Array(256));
    g.weight("gamma", [16], new Float32Array(16));
    let x = g.node("Gather", ["table", "input_ids"]);
    for (let i = 0; i < 2; i++) {
      const n = g.node("RMSNormalization", [x, "gamma"]);
      const [q, k, v] = ["q", "k", "v"].map((name) => g.node("MatMul", [n, name]));
      x = g.node("Add", [x, g.node("MatMul", [g.node("Attention", [q!, k!, v!], { q_num_heads: 4, kv_num_heads: 4, is_causal: 1 }), "o"])]);
      x = g.node("Add", [x, g.node("MatMul", [g.node("Gelu", [g.node("MatMul", [g.node("RMSNormalization", [x, "gamma"]), "up"])]), "down"])]);
    }
    g.output(x, FLOAT);
    const source = memorySource("opset23.onnx", g.bytes(".", { opset: 23 }));
    const links = linksOf(parseModel(source));
    const { places } = findPlaces(links, findTaps(links), { classes: [] }, new Numbers(links, source));
    const of = (name: string) => places.find((place) => place.name === name)!;
    expect(of("blocks.1.attn_pattern").missing).toBe("not in this export, because Attention computes the pattern inside one fused operator");
    expect(of("blocks.1.attn_head")).toMatchObject({ op: "Attention", heads: 4, shape: ["batch", "tokens", 16] });
    expect(of("blocks.1.mlp_act").op).toBe("Gelu");
    expect(of("logits").missing).toMatch(/no unembedding/);
  });
});

describe("what is read of a model file", () => {
  it("finding every tap and writing the tapped graph touches no byte of a large weight", () => {
    const tiny = writeTinyDecoder(join(folder, "bytes"), { width: 32 });
    const bytes = readFileSync(tiny.path);
    const touched = new Uint8Array(bytes.length);
    const plain = memorySource(tiny.path, bytes);
    const source = {
      ...plain,
      view(start: number, end: number) {
        touched.fill(1, start, end);
        return plain.view(start, end);
      },
    };
    const model = parseModel(source);
    const links = linksOf(model);
    const taps = findTaps(links);
    const { places } = findPlaces(links, taps, { classes: [] }, new Numbers(links, source));
    tappedGraph(
      model,
      links,
      taps,
      locateWeights(model),
      source,
      undefined,
      places.filter((place) => !place.missing),
    );
    let large = 0;
    for (const tensor of links.graph.initializers.values()) {
      if (tensor.data.kind !== "raw" || tensorBytes(tensor) < 1024) continue;
      large++;
      // The reader of the wire format looks 64 bytes ahead.
      expect(touched.subarray(tensor.data.start + 64, tensor.data.end).includes(1), tensor.name).toBe(false);
    }
    expect(large).toBeGreaterThan(15);
  });
});
