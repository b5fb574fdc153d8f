import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectModel, openModel } from "../../../src/engine/model/index.js";
import { externalTensorProto, FLOAT, INT64, modelProto, nodeProto, tensorProto, valueProto } from "../../../src/engine/model/onnx.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { memorySource } from "../../../src/engine/model/source.js";
import { WireWriter } from "../../../src/engine/model/write.js";
import { ProblemError } from "../../../src/protocol/index.js";
import { writeTiny } from "../../fixtures/models.js";
import { OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { meanAndLast, scratch } from "./scratch.js";

const folder = scratch();
const SECRET = "the secret of another folder";

async function refusalOf(action: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(JSON.stringify(error.problem)).not.toContain(SECRET);
    return error.problem;
  }
  throw new Error("was accepted");
}

/** A tiny model whose external data names `location`; the real data file is written too. */
function withLocation(name: string, location: string): string {
  const dir = join(folder, name);
  const tiny = writeTiny(dir, { external: "w.bin", file: "model.onnx" });
  const bytes = Buffer.from(readFileSync(tiny.path));
  // Same length, so that no length field has to change.
  if (location.length === "w.bin".length) {
    for (let at = bytes.indexOf("w.bin"); at >= 0; at = bytes.indexOf("w.bin", at)) bytes.write(location, at, "latin1");
    writeFileSync(tiny.path, bytes);
    return tiny.path;
  }
  const builder = oneTensor((b) => externalTensorProto("embed.weight", FLOAT, [4, 4], b, 0, 64), location);
  writeFileSync(tiny.path, builder);
  return tiny.path;
}

/** The smallest model with a residual stream of two blocks, whose embedding is whatever tensor is given. */
function oneTensor(tensor: (location: string) => WireWriter, location = "w.bin"): Uint8Array {
  const square = (name: string) => tensorProto(name, FLOAT, [4, 4], new Uint8Array(64));
  return modelProto({
    nodes: [
      nodeProto({ op: "Gather", inputs: ["embed.weight", "input_ids"], outputs: ["x0"] }),
      nodeProto({ op: "MatMul", inputs: ["x0", "w0"], outputs: ["f0"] }),
      nodeProto({ op: "Add", inputs: ["x0", "f0"], outputs: ["x1"] }),
      nodeProto({ op: "MatMul", inputs: ["x1", "w1"], outputs: ["f1"] }),
      nodeProto({ op: "Add", inputs: ["x1", "f1"], outputs: ["x2"] }),
    ],
    initializers: [tensor(location), square("w0"), square("w1")],
    inputs: [valueProto("input_ids", INT64, ["b", "s"])],
    outputs: [valueProto("x2", FLOAT)],
    opsets: new Map([["", 17]]),
  });
}

describe("external data", () => {
  const escapes = [
    "../secret.bin",
    "a/../../secret.bin",
    "/etc/hostname",
    "C:\\secret.bin",
    "\\\\server\\share",
    "w.bin\0.txt",
    "*/_ORT_MEM_ADDR_/*",
    "",
    "link.bin",
    "linked/secret.bin",
  ];
  it.each(escapes)("%j is refused before anything is opened", async (location) => {
    const name = `escape-${escapes.indexOf(location)}`;
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "secret.bin"), SECRET.repeat(8));
    const path = withLocation(name, location);
    symlinkSync(join(folder, "secret.bin"), join(folder, name, "link.bin"));
    symlinkSync(folder, join(folder, name, "linked"));
    expect((await refusalOf(() => openModel(path, { provider: "cpu", threads: 1 }))).code).toBe("model/external-path");
    expect((await refusalOf(() => inspectModel(path))).code).toBe("model/external-path");
  });

  it("its twin, a plain name, a subfolder and a link inside the folder are opened", async () => {
    const dir = join(folder, "twin");
    mkdirSync(join(dir, "sub"), { recursive: true });
    const data = new Uint8Array(Float32Array.from({ length: 16 }, (_, i) => i).buffer);
    writeFileSync(join(dir, "w.bin"), data);
    writeFileSync(join(dir, "sub", "w.bin"), data);
    symlinkSync(join(dir, "w.bin"), join(dir, "l.bin"));
    for (const location of ["w.bin", "sub/w.bin", "l.bin"]) {
      writeFileSync(
        join(dir, "model.onnx"),
        oneTensor((l) => externalTensorProto("embed.weight", FLOAT, [4, 4], l, 0, 64), location),
      );
      const model = await openModel(dir, { provider: "cpu", threads: 1 });
      const got = await model.run({ ids: [[2]], weights: [[Float32Array.of(1)]] });
      expect([...got]).toEqual([8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11]);
      await model.close();
    }
  });

  it("a hard link is opened with a notice", async () => {
    const tiny = writeTiny(join(folder, "hard"), { external: "w.bin" });
    expect((await inspectModel(tiny.folder)).notices).toEqual([]);
    linkSync(join(tiny.folder, "onnx", "w.bin"), join(folder, "other-name.bin"));
    expect((await inspectModel(tiny.folder)).notices.map((notice) => notice.code)).toEqual(["model/hard-link"]);
  });

  it.each([
    ["missing file", (l: string) => externalTensorProto("embed.weight", FLOAT, [4, 4], `no-${l}`, 0, 64), "the file no-w.bin is missing beside the model"],
    ["file too short", (l: string) => externalTensorProto("embed.weight", FLOAT, [40, 4], l, 0, 640), "w.bin has 64 bytes, the tensor ends at byte 640"],
    ["offset past the end", (l: string) => externalTensorProto("embed.weight", FLOAT, [4, 4], l, 4, 64), "w.bin has 64 bytes, the tensor ends at byte 68"],
    [
      "length that does not fit the shape",
      (l: string) => externalTensorProto("embed.weight", FLOAT, [4, 4], l, 0, 32),
      "its shape needs 64 bytes, the file gives it 32",
    ],
  ])("%s: tensor, file, wanted and present bytes", async (name, tensor, sentence) => {
    const dir = join(folder, name.replaceAll(" ", "-"));
    mkdirSync(dir);
    writeFileSync(join(dir, "w.bin"), new Uint8Array(64));
    writeFileSync(join(dir, "model.onnx"), oneTensor(tensor));
    expect(await refusalOf(() => inspectModel(dir))).toMatchObject({
      code: "model/external-data",
      message: `The weights of tensor "embed.weight" cannot be read: ${sentence}.`,
    });
  });

  it.each(["-8", "9223372036854775807", "1e3"])("offset %s is refused", async (offset) => {
    const entry = (key: string, value: string) => new WireWriter().field(1, key).field(2, value);
    const tensor = (l: string) =>
      new WireWriter()
        .integer(1, 16)
        .integer(2, FLOAT)
        .field(8, "embed.weight")
        .field(13, entry("location", l))
        .field(13, entry("offset", offset))
        .integer(14, 1);
    expect((await refusalOf(() => parseModel(memorySource("m.onnx", oneTensor(tensor))))).code).toBe("model/malformed");
  });

  it("a hundred tensors that claim the same bytes are refused, two are not", async () => {
    const dir = join(folder, "bomb");
    mkdirSync(dir);
    writeFileSync(join(dir, "w.bin"), new Uint8Array(1 << 20));
    const build = (count: number) => {
      const model = oneTensor((l) => externalTensorProto("embed.weight", FLOAT, [512, 512], l, 0, 1 << 20));
      // Further initializers go into the graph by protobuf's own rule: appended fields.
      const extra = new WireWriter();
      for (let i = 0; i < count; i++) extra.field(5, externalTensorProto(`e${i}`, FLOAT, [512, 512], "w.bin", 0, 1 << 20));
      writeFileSync(join(dir, "model.onnx"), appendToGraph(model, extra.finish()));
    };
    build(100);
    expect((await refusalOf(() => inspectModel(dir))).message).toContain("together the tensors claim 105906176 bytes of w.bin, which has 1048576");
    build(1);
    expect((await inspectModel(dir)).layers).toHaveLength(3);
  });
});

/** Puts more fields into the graph (field 7) of a model. */
function appendToGraph(model: Uint8Array, fields: Uint8Array): Uint8Array {
  const parts = new WireWriter();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = model[at++]!;
      value += (byte & 0x7f) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < model.length) {
    const start = at;
    const tag = varint();
    if (tag % 8 === 0) {
      varint();
      parts.bytes(model.subarray(start, at));
      continue;
    }
    const length = varint();
    const body = model.subarray(at, at + length);
    at += length;
    if (tag === 7 * 8 + 2) parts.field(7, new WireWriter().bytes(body).bytes(fields));
    else parts.bytes(model.subarray(start, at));
  }
  return parts.finish();
}

describe("the wire format", () => {
  const refused = async (bytes: Uint8Array) => (await refusalOf(() => parseModel(memorySource("m.onnx", bytes)))).message;

  it("names the byte of what is wrong", async () => {
    expect(await refused(Uint8Array.of(8, 8, 3))).toBe("m.onnx is not a valid ONNX file: a field without a number at byte 2.");
    expect(await refused(Uint8Array.of(8, 8, 0x3b))).toBe("m.onnx is not a valid ONNX file: a group, which ONNX does not use, at byte 2.");
    expect(await refused(Uint8Array.of(8, ...new Array<number>(11).fill(0xff)))).toBe(
      "m.onnx is not a valid ONNX file: a number of more than 10 bytes at byte 11.",
    );
    expect(await refused(Uint8Array.of(8, 8, 0x3a, 100, 1))).toBe("m.onnx is cut off: it ends at byte 5, in the middle of data that goes on to byte 104.");
    expect(await refused(Uint8Array.of(8, 8, 0x3a, 2, 0x0a, 5, 0, 0, 0, 0, 0))).toBe(
      "m.onnx is not a valid ONNX file: a field that is longer than what holds it at byte 6.",
    );
  });

  it("nesting 10,000 graphs deep is refused, a few levels are not", async () => {
    const nested = (depth: number) => {
      let graph = new WireWriter();
      for (let i = 0; i < depth; i++) {
        const attribute = new WireWriter().field(1, "body").bytes(new WireWriter().field(6, graph).finish()).integer(20, 5);
        graph = new WireWriter().field(1, new WireWriter().field(4, "Loop").field(5, attribute));
        if (graph.size > 2_000) graph = new WireWriter().bytes(graph.finish());
      }
      return new WireWriter().integer(1, 8).field(7, graph).field(8, new WireWriter().integer(2, 17)).finish();
    };
    expect(await refused(nested(10_000))).toBe("m.onnx has more than 8 graphs inside graphs.");
    expect(parseModel(memorySource("m.onnx", nested(5))).graph.nodes).toHaveLength(1);
  });

  it("dimensions that overflow, a size that does not fit the data, two tensors of one name are refused", async () => {
    const model = (tensor: WireWriter) => oneTensor(() => tensor);
    expect(await refused(model(tensorProto("embed.weight", FLOAT, [2 ** 40, 2 ** 40], new Uint8Array(4))))).toContain("impossible dimensions");
    expect(await refused(model(tensorProto("embed.weight", FLOAT, [-1], new Uint8Array(4))))).toContain("impossible dimensions");
    expect(await refused(model(tensorProto("embed.weight", FLOAT, [4], new Uint8Array(12))))).toContain("says 16 bytes and has 12");
    expect(await refused(model(tensorProto("w0", FLOAT, [1], new Uint8Array(4))))).toContain('a second initializer named "w0"');
  });

  it("flipped bits never crash the reader: a Problem or a graph", () => {
    const bytes = readFileSync(writeTiny(join(folder, "flip"), { blocks: 1, width: 4 }).path);
    let state = 7;
    let refusals = 0;
    for (let i = 0; i < 2_000; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const copy = Uint8Array.from(bytes);
      copy[state % copy.length]! ^= 1 << (state >>> 29);
      try {
        parseModel(memorySource("m.onnx", copy));
      } catch (error) {
        expect(error).toBeInstanceOf(ProblemError);
        refusals++;
      }
    }
    expect(refusals).toBeGreaterThan(50);
  });
});

describe("graphs", () => {
  const matmul = (x: string, y: string) => nodeProto({ op: "MatMul", inputs: [x, "w0"], outputs: [y], name: `make ${y}` });
  const add = (a: string, b: string, y: string) => nodeProto({ op: "Add", inputs: [a, b], outputs: [y], name: `make ${y}` });
  const blocks = [matmul("x0", "f0"), add("x0", "f0", "x1"), matmul("x1", "f1"), add("x1", "f1", "x2")];

  function openNodes(name: string, nodes: WireWriter[], opset = 17, threads = 0) {
    const dir = join(folder, name);
    mkdirSync(dir);
    const gather = nodeProto({ op: "Gather", inputs: ["embed.weight", "input_ids"], outputs: ["x0"] });
    const square = (weight: string) => tensorProto(weight, FLOAT, [4, 4], new Uint8Array(64));
    const spec = { nodes: [gather, ...nodes], initializers: [square("embed.weight"), square("w0")], inputs: [valueProto("input_ids", INT64, ["b", "s"])] };
    writeFileSync(join(dir, "model.onnx"), modelProto({ ...spec, outputs: [valueProto("x2", FLOAT)], opsets: new Map([["", opset]]) }));
    return openModel(dir, { provider: "cpu", threads });
  }

  it("nodes out of order are sorted; a cycle and a second maker of a tensor are refused by name", async () => {
    for (const [name, nodes] of [
      ["plain", blocks],
      ["shuffled", [...blocks].reverse()],
    ] as const) {
      const model = await openNodes(name, [...nodes]);
      expect(await model.run(meanAndLast([[1]]))).toHaveLength(3 * 2 * 4);
      await model.close();
    }
    const cycle = await refusalOf(() => openNodes("cycle", [matmul("x2", "f0"), ...blocks.slice(1)]));
    expect(cycle.message).toMatch(/is not a valid ONNX file: a cycle through node "make f0" at byte \d+\.$/);
    const twice = await refusalOf(() => openNodes("twice", [...blocks, add("x0", "x0", "f0")]));
    expect(twice.message).toMatch(/a second tensor named "f0" at byte \d+\.$/);
  });

  it("an operator that nobody knows, and an opset of the future", async () => {
    const path = (name: string) => join(folder, name, "model.onnx");
    const strange = (domain: string) => [
      ...blocks.slice(0, 3),
      nodeProto({ op: "Frobnicate", domain, inputs: ["f1"], outputs: ["f2"] }),
      add("x1", "f2", "x2"),
    ];
    expect(await refusalOf(() => openNodes("unknown", strange("")))).toMatchObject({
      code: "model/unknown-operator",
      message: `${path("unknown")} uses the operator Frobnicate, which opset 17 of this ONNX Runtime does not have.`,
    });
    expect(await refusalOf(() => openNodes("custom", strange("acme.ops")))).toMatchObject({
      code: "model/unknown-operator",
      message: `${path("custom")} uses the operator acme.ops:Frobnicate (node f2), which this ONNX Runtime does not have.`,
    });
    expect((await refusalOf(() => openNodes("future", blocks, 99))).message).toMatch(/is written for opset 99; this ONNX Runtime knows up to \d+\.$/);
  });

  it("a graph without a residual stream says what it is made of", async () => {
    const builder = new OnnxBuilder();
    builder.input("image", FLOAT, ["n", 3, 8, 8]);
    builder.weight("kernel", [4, 3, 3, 3], new Float32Array(108));
    builder.output(builder.node("Relu", [builder.node("Conv", ["image", "kernel"])]), FLOAT);
    const path = join(folder, "cnn.onnx");
    builder.write(path);
    expect((await refusalOf(() => inspectModel(path))).message).toBe(`No residual stream was found in ${path}: its 2 nodes are mostly Conv (1), Relu (1).`);
  });

  it("names inputs that cannot be fed", async () => {
    for (const [input, sentence] of [
      ["inputs_embeds", "wants embeddings, not token ids; Layerscope cannot feed: inputs_embeds (float32 [batch, sequence, 4])"],
      ["pixel_values", "reads images in a shape that is not fed; Layerscope cannot feed: pixel_values (float32 [batch, sequence, 4])"],
      ["audio_features", "reads audio; Layerscope cannot feed: audio_features (float32 [batch, sequence, 4])"],
    ]) {
      const builder = new OnnxBuilder();
      builder.input(input!, FLOAT, ["batch", "sequence", 4]);
      builder.weight("w", [4, 4], new Float32Array(16));
      let x = input!;
      for (let i = 0; i < 2; i++) x = builder.node("Add", [x, builder.node("MatMul", [x, "w"])]);
      builder.output(x, FLOAT);
      const path = join(folder, `${input}.onnx`);
      builder.write(path);
      expect(await refusalOf(() => openModel(path, { provider: "cpu", threads: 1 }))).toMatchObject({
        code: "model/unsupported",
        message: expect.stringContaining(sentence!),
      });
      expect((await inspectModel(path)).layers).toHaveLength(3);
    }
  });

  it("tensors named like an object's own properties are tapped like any other", async () => {
    const builder = new OnnxBuilder();
    builder.input("input_ids", INT64, ["b", "s"]);
    builder.weight(
      "__proto__",
      [4, 4],
      Float32Array.from({ length: 16 }, (_, i) => i),
    );
    builder.weight("w", [4, 4], new Float32Array(16));
    let x = builder.node("Gather", ["__proto__", "input_ids"], {}, { outputs: ["constructor"] });
    for (const name of ["toString", "hasOwnProperty"]) x = builder.node("Add", [x, builder.node("MatMul", [x, "w"])], {}, { outputs: [name] });
    builder.output(x, FLOAT);
    const path = join(folder, "proto.onnx");
    builder.write(path);
    const model = await openModel(path, { provider: "cpu", threads: 1 });
    expect([...(await model.run({ ids: [[1]], weights: [[Float32Array.of(1)]] }))]).toEqual([4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7]);
    await model.close();
  });
});
