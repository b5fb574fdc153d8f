import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, constants, linkSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectModel, openModel } from "../../../src/engine/model/index.js";
import { externalTensorProto, FLOAT, INT64, modelProto, nodeProto, tensorProto, valueProto } from "../../../src/engine/model/onnx.js";
import { WireWriter } from "../../../src/engine/model/write.js";
import { ProblemError } from "../../../src/protocol/index.js";
import { writeTiny } from "../../fixtures/models.js";
import { OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { meanAndLast, scratch } from "./scratch.js";

/** Every file that is refused, with its exact sentence; beside each the same with the fault mended, which is accepted. */
const root = scratch();
const good = readFileSync(writeTiny(join(root, "good"), { file: "model.onnx" }).path);
let count = 0;

/** The sentence of the refusal with the folder cut off; fails when there is none. */
async function sentenceOf(path: string): Promise<string> {
  try {
    await inspectModel(path);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(error.problem.hint, "a hint").toBeTruthy();
    return error.problem.message.replaceAll(`${dirname(path)}/`, "");
  }
  throw new Error("was accepted");
}

function place(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = join(root, `case-${count++}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
const bytes = (text: string) => Buffer.from(text, "latin1");
const padded = (text: string, size = 600) => Buffer.concat([bytes(text), Buffer.alloc(Math.max(0, size - text.length), 1)]);
const header = (json: string) => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([head, Buffer.from(json), Buffer.alloc(64)]);
};

describe("what is no ONNX file", () => {
  const cases: readonly [string, Uint8Array | string, string][] = [
    ["empty", "", "an empty file"],
    ["Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:01ab\nsize 653\n", "a Git LFS pointer"],
    ["login page", "\n<!DOCTYPE html><html><title>Sign in</title></html>", "a web page"],
    ["page without doctype", "<html><body>404</body></html>", "a web page"],
    ["OpenVINO", '<?xml version="1.0"?>\n<net name="bert" version="11"><layers/></net>', "an OpenVINO model (.xml)"],
    ["safetensors", header('{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'), "a safetensors file"],
    ["GGUF", padded("GGUF\x03\0\0\0"), "a GGUF file of llama.cpp"],
    ["old GGML", padded("tjgg\x03\0\0\0"), "a GGML file of an old llama.cpp"],
    ["pickle", padded("\x80\x04\x95\x10\0\0\0"), "a Python pickle"],
    ["old PyTorch", padded("\x80\x02\x8a\nl\xfcF\x9cF\xf9 j\xa8P\x19."), "a Python pickle"],
    ["PyTorch checkpoint", padded("PK\x03\x04\0\0\x08\x08\0\0\0\0archive/data.pkl"), "a PyTorch checkpoint (a zip archive with a pickle inside)"],
    ["zip", padded("PK\x03\x04\x14\0\0\0\x08\0model.onnx"), "a zip archive (a PyTorch checkpoint is one too)"],
    ["TFLite", padded("\x1c\0\0\0TFL3"), "a TensorFlow Lite model"],
    ["ORT format", padded("\x18\0\0\0ORTM"), "a model in ONNX Runtime's own .ort format"],
    ["Keras", padded("\x89HDF\r\n\x1a\n"), "an HDF5 file (Keras)"],
    ["NumPy", padded("\x93NUMPY\x01\0"), "a NumPy array"],
    ["gzip", padded("\x1f\x8b\x08\0"), "a gzip archive"],
    ["zstd", padded("\x28\xb5\x2f\xfd"), "a compressed archive"],
    ["tar", Buffer.concat([padded("model.onnx", 257), bytes("ustar\x0000"), Buffer.alloc(200)]), "a tar archive"],
    ["JSON", '{"model_type": "llama"}', "a JSON or text file"],
    ["text", "Entry not found\n", "a JSON or text file"],
    ["picture", padded("\x89PNG\r\n\x1a\n"), "an image"],
    ["PDF", padded("%PDF-1.7"), "a PDF document"],
    ["Parquet", padded("PAR1"), "a Parquet table"],
    ["library", padded("\x7fELF\x02"), "a program or a library"],
  ];
  it.each(cases)("%s", async (_name, content, what) => {
    const folder = place({ "model.onnx": content });
    expect(await sentenceOf(join(folder, "model.onnx"))).toBe(`model.onnx is ${what}, not an ONNX model.`);
    // The twin: the same name with a model in it.
    writeFileSync(join(folder, "model.onnx"), good);
    expect((await inspectModel(join(folder, "model.onnx"))).layers).toHaveLength(4);
  });

  it("a cut file, noise, a file above 2 GiB, a folder, a pipe's cousin", async () => {
    const folder = place({
      "cut.onnx": good.subarray(0, 4000),
      "noise.onnx": Buffer.from(Uint8Array.from({ length: 600 }, (_, i) => 255 - ((i * 37) % 97))),
      "huge.onnx": good,
    });
    expect(await sentenceOf(join(folder, "cut.onnx"))).toMatch(
      /^cut\.onnx is cut off: it ends at byte 4000, in the middle of data that goes on to byte \d+\.$/,
    );
    expect(await sentenceOf(join(folder, "noise.onnx"))).toMatch(/^noise\.onnx (is not a valid ONNX file: .+ at byte \d+|is cut off: .+)\.$/);
    truncateSync(join(folder, "huge.onnx"), 2 ** 31);
    expect(await sentenceOf(join(folder, "huge.onnx"))).toBe("huge.onnx has 2147483648 bytes; one ONNX file holds at most 2 GiB.");
    rmSync(join(folder, "huge.onnx"));
    mkdirSync(join(folder, "folder.onnx"));
    expect(await sentenceOf(join(folder, "folder.onnx"))).toBe("folder.onnx holds no .onnx file, neither directly nor in a folder named onnx.");
    expect(await sentenceOf("/dev/null")).toBe("/dev/null is no regular file, not an ONNX model.".replace("/dev/", ""));
    expect(await sentenceOf(join(folder, "none.onnx"))).toBe("There is no file or folder none.onnx.");
  });

  it("a folder or a pipe that is named like the model's file", async () => {
    const folder = place({});
    mkdirSync(join(folder, "model.onnx"));
    expect(await sentenceOf(folder)).toMatch(/model\.onnx is no regular file, not an ONNX model\.$/);
    rmSync(join(folder, "model.onnx"), { recursive: true });
    if (process.platform !== "win32") {
      execFileSync("mkfifo", [join(folder, "model.onnx")]);
      // Held open, so that a version that opens the pipe fails here and does not wait for ever.
      const held = openSync(join(folder, "model.onnx"), constants.O_RDWR);
      expect(await sentenceOf(folder)).toMatch(/model\.onnx is no regular file, not an ONNX model\.$/);
      expect((await sentenceOf(join(folder, "model.onnx"))).startsWith("model.onnx is no regular file")).toBe(true);
      closeSync(held);
    }
    writeFileSync(join(folder, "model_fp32.onnx"), good);
    expect((await inspectModel(folder)).layers, "another file of the folder").toHaveLength(4);
    mkdirSync(join(folder, "config.json"));
    expect(await sentenceOf(folder)).toMatch(/config\.json is no regular file\.$/);
  });

  it("a file that may not be read", async () => {
    const folder = place({ "model.onnx": good });
    await asNobody(
      async () => expect(await sentenceOf(join(folder, "model.onnx"))).toBe("model.onnx cannot be read: permission denied."),
      folder,
      "model.onnx",
    );
    expect((await inspectModel(join(folder, "model.onnx"))).layers).toHaveLength(4);
  });
});

/** Root reads everything, so the process gives up its rights for a moment. */
async function asNobody(check: () => Promise<void>, folder: string, file: string): Promise<void> {
  chmodSync(join(folder, file), 0o000);
  for (let at = folder; at.startsWith(root); at = dirname(at)) chmodSync(at, 0o755);
  const root_ = process.geteuid?.() === 0;
  if (root_) process.seteuid!(65_534);
  try {
    await check();
  } finally {
    if (root_) process.seteuid!(0);
    chmodSync(join(folder, file), 0o644);
  }
}

describe("ONNX files without a residual stream", () => {
  it("a CNN says what it is made of", async () => {
    const folder = place({});
    const builder = new OnnxBuilder();
    builder.input("image", FLOAT, ["n", 3, 8, 8]);
    let x = "image";
    for (let i = 0; i < 3; i++) {
      builder.weight(`kernel${i}`, [3, 3, 3, 3], new Float32Array(81));
      x = builder.node("Relu", [builder.node("Conv", [x, `kernel${i}`])]);
    }
    builder.output(x, FLOAT);
    builder.write(join(folder, "cnn.onnx"));
    expect(await sentenceOf(join(folder, "cnn.onnx"))).toBe("No residual stream was found in cnn.onnx: its 6 nodes are mostly Conv (3), Relu (3).");
  });

  it("a tree ensemble and a linear classifier, too", async () => {
    for (const op of ["TreeEnsembleClassifier", "LinearClassifier"]) {
      const model = modelProto({
        nodes: [nodeProto({ op, domain: "ai.onnx.ml", inputs: ["features"], outputs: ["label", "scores"] })],
        initializers: [],
        inputs: [valueProto("features", FLOAT, ["n", 4])],
        outputs: [valueProto("label", INT64), valueProto("scores", FLOAT)],
        opsets: new Map([
          ["", 17],
          ["ai.onnx.ml", 3],
        ]),
      });
      const folder = place({ "trees.onnx": model });
      expect(await sentenceOf(join(folder, "trees.onnx"))).toBe(`No residual stream was found in trees.onnx: its 1 nodes are mostly ai.onnx.ml:${op} (1).`);
    }
  });

  it("a graph of nothing", async () => {
    const folder = place({ "nothing.onnx": modelProto({ nodes: [], initializers: [], inputs: [], outputs: [], opsets: new Map([["", 17]]) }) });
    expect(await sentenceOf(join(folder, "nothing.onnx"))).toBe("No residual stream was found in nothing.onnx: the graph is empty.");
  });
});

/** The smallest model of two blocks; `embedding` is the tensor under test. */
function twoBlocks(embedding: WireWriter, more: readonly WireWriter[] = []): Uint8Array {
  const square = (name: string) => tensorProto(name, FLOAT, [4, 4], new Uint8Array(64));
  return modelProto({
    nodes: [
      nodeProto({ op: "Gather", inputs: ["embed", "input_ids"], outputs: ["x0"] }),
      nodeProto({ op: "MatMul", inputs: ["x0", "w0"], outputs: ["f0"] }),
      nodeProto({ op: "Add", inputs: ["x0", "f0"], outputs: ["x1"] }),
      nodeProto({ op: "MatMul", inputs: ["x1", "w1"], outputs: ["f1"] }),
      nodeProto({ op: "Add", inputs: ["x1", "f1"], outputs: ["x2"] }),
    ],
    initializers: [embedding, square("w0"), square("w1"), ...more],
    inputs: [valueProto("input_ids", INT64, ["b", "s"])],
    outputs: [valueProto("x2", FLOAT)],
    opsets: new Map([["", 17]]),
  });
}
const outside = (location: string, offset = 0, length = 64, dims = [4, 4]) => externalTensorProto("embed", FLOAT, dims, location, offset, length);
/** The fields of external data as they are written, whatever they say. */
const raw = (entries: Readonly<Record<string, string>>) => {
  const tensor = new WireWriter().integer(1, 4).integer(1, 4).integer(2, FLOAT).field(8, "embed");
  for (const [key, value] of Object.entries(entries)) tensor.field(13, new WireWriter().field(1, key).field(2, value));
  return tensor.integer(14, 1);
};
const ok = { "model.onnx": twoBlocks(outside("w.bin")), "w.bin": new Uint8Array(64) };
const accepted = async (folder: string) => expect((await inspectModel(join(folder, "model.onnx"))).layers).toHaveLength(3);

describe("weights in other files", () => {
  it("the twin of all below: in its place, whole, inside", async () => {
    await accepted(place(ok));
    await accepted(place({ "model.onnx": twoBlocks(outside("deep/er/w.bin")), "deep/er/w.bin": new Uint8Array(64) }));
    await accepted(place({ "model.onnx": twoBlocks(outside("a file.bin")), "a file.bin": new Uint8Array(64) }));
  });

  const read = (what: string) => `The weights of tensor "embed" cannot be read: ${what}.`;
  const said = (location: string, why: string) => `The weights of tensor "embed" are said to lie in ${JSON.stringify(location)}, ${why}; that is not opened.`;
  const cases: readonly [string, WireWriter, string][] = [
    ["missing", outside("none.bin"), read("the file none.bin is missing beside the model")],
    ["short", outside("w.bin", 0, 640, [40, 4]), read("w.bin has 64 bytes, the tensor ends at byte 640")],
    ["offset past the end", outside("w.bin", 64), read("w.bin has 64 bytes, the tensor ends at byte 128")],
    ["huge offset", outside("w.bin", 999_999_999_999), read("w.bin has 64 bytes, the tensor ends at byte 1000000000063")],
    ["length that does not fit", outside("w.bin", 0, 32), read("its shape needs 64 bytes, the file gives it 32")],
    ["length of nothing", outside("w.bin", 0, 0), read("its shape needs 64 bytes, the file gives it 0")],
    ["no location", raw({ offset: "0" }), said("", "which is no file name")],
    ["up", outside("../w.bin"), said("../w.bin", "a path that leaves the model's folder")],
    ["up in the middle", outside("a/../../w.bin"), said("a/../../w.bin", "a path that leaves the model's folder")],
    ["up, with backslashes", outside("a\\..\\..\\w.bin"), said("a\\..\\..\\w.bin", "a path that leaves the model's folder")],
    ["absolute", outside("/etc/hostname"), said("/etc/hostname", "an absolute path")],
    ["absolute on Windows", outside("C:\\w.bin"), said("C:\\w.bin", "an absolute path")],
    ["another machine's", outside("\\\\server\\w.bin"), said("\\\\server\\w.bin", "an absolute path")],
    ["NUL", outside("w.bin\0.txt"), said("w.bin\0.txt", "a name with a NUL character")],
    ["memory", outside("*/_ORT_MEM_ADDR_/*"), said("*/_ORT_MEM_ADDR_/*", "a mark for memory addresses, which no file may carry")],
    ["a folder", outside("folder"), said("folder", "which is no regular file")],
    ["a device", outside("device"), said("device", "which is no regular file")],
    ["link out", outside("link.bin"), said("link.bin", "a link that leaves the model's folder")],
    ["link of a folder", outside("linked/secret.bin"), said("linked/secret.bin", "a link that leaves the model's folder")],
    ["a link to nothing", outside("dangling.bin"), read("the file dangling.bin is missing beside the model")],
  ];
  it.each(cases)("%s", async (_name, tensor, sentence) => {
    const folder = place({ ...ok, "model.onnx": twoBlocks(tensor) });
    writeFileSync(join(root, "secret.bin"), "secret".repeat(100));
    mkdirSync(join(folder, "folder"));
    symlinkSync("/dev/zero", join(folder, "device"));
    symlinkSync(join(root, "secret.bin"), join(folder, "link.bin"));
    symlinkSync(root, join(folder, "linked"));
    symlinkSync(join(root, "nowhere"), join(folder, "dangling.bin"));
    expect(await sentenceOf(join(folder, "model.onnx"))).toBe(sentence);
    await expect(openModel(folder, { provider: "cpu", threads: 1 })).rejects.toThrow(sentence);
    writeFileSync(join(folder, "model.onnx"), ok["model.onnx"]);
    await accepted(folder);
  });

  it.each(["-8", "9223372036854775807", "1e3", "0x10", " 8"])("offset %j is no offset", async (offset) => {
    const folder = place({ ...ok, "model.onnx": twoBlocks(raw({ location: "w.bin", offset, length: "64" })) });
    expect(await sentenceOf(join(folder, "model.onnx"))).toMatch(
      new RegExp(
        `^model\\.onnx is not a valid ONNX file: offset ${JSON.stringify(offset).replace(/[.*+?^$()[\]{}|\\]/g, "\\$&")} of the external data of tensor "embed" at byte \\d+\\.$`,
      ),
    );
    writeFileSync(join(folder, "model.onnx"), twoBlocks(raw({ location: "w.bin", offset: "0", length: "64" })));
    await accepted(folder);
  });

  it("a hundred names for the same bytes are a bomb, two are one tensor with two names", async () => {
    const build = (n: number) =>
      twoBlocks(
        outside("w.bin"),
        Array.from({ length: n }, (_, i) => externalTensorProto(`e${i}`, FLOAT, [512, 512], "big.bin", 0, 1 << 20)),
      );
    const folder = place({ ...ok, "big.bin": new Uint8Array(1 << 20), "model.onnx": build(100) });
    expect(await sentenceOf(join(folder, "model.onnx"))).toBe(
      'The weights of tensor "" cannot be read: together the tensors claim 104857600 bytes of big.bin, which has 1048576.',
    );
    writeFileSync(join(folder, "model.onnx"), build(2));
    await accepted(folder);
  });

  it("a tensor of no elements needs no bytes", async () => {
    const none = externalTensorProto("none", FLOAT, [0, 4], "w.bin", 64, 0);
    await accepted(place({ ...ok, "model.onnx": twoBlocks(outside("w.bin"), [none]) }));
  });

  it("weights that may not be read", async () => {
    const folder = place(ok);
    await asNobody(
      async () => expect(await sentenceOf(join(folder, "model.onnx"))).toBe(read("the file w.bin cannot be read: permission denied")),
      folder,
      "w.bin",
    );
    await accepted(folder);
  });

  it("a hard link is opened and said: caches make them, and nobody can tell them from the file itself", async () => {
    const folder = place(ok);
    linkSync(join(folder, "w.bin"), join(root, `second name ${count}`));
    const { notices, layers } = await inspectModel(join(folder, "model.onnx"));
    expect(layers).toHaveLength(3);
    expect(notices.map(({ message }) => message)).toEqual(["w.bin has 2 hard links: the same weights have another name elsewhere on this disk."]);
  });
});

describe("the Hugging Face cache", () => {
  /** A made-up cache with links; `shared`: the blobs lie in the store that all models share, as huggingface_hub 2 keeps them. */
  function cache(shared: boolean): string {
    const hub = join(root, `hub-${count++}`);
    const model = join(hub, "models--acme--tiny");
    const snapshot = join(model, "snapshots", "0123456789012345678901234567890123456789");
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(model, "blobs"));
    mkdirSync(join(hub, "blobs", "ab"), { recursive: true });
    const put = (name: string, content: Uint8Array, digit: string) => {
      const blob = join(model, "blobs", digit.repeat(64));
      if (shared) {
        const stored = join(hub, "blobs", "ab", `ab${digit.repeat(62)}`);
        writeFileSync(stored, content);
        symlinkSync(`../../blobs/ab/ab${digit.repeat(62)}`, blob);
      } else writeFileSync(blob, content);
      symlinkSync(`../../blobs/${digit.repeat(64)}`, join(snapshot, name));
    };
    put("model.onnx", ok["model.onnx"], "a");
    put("w.bin", ok["w.bin"], "b");
    return snapshot;
  }

  it.each([false, true])("links into blobs are followed (shared store: %s), also by the runtime", async (shared) => {
    const model = await openModel(cache(shared), { provider: "cpu", threads: 1 });
    expect(model.card.layers).toHaveLength(3);
    expect(await model.run(meanAndLast([[1, 2]]))).toHaveLength(3 * 2 * 4);
    // A made-up name is no checksum, and that is said.
    expect(model.card.notices.map(({ code }) => code)).toEqual(shared ? [] : ["model/blob-mismatch", "model/blob-mismatch"]);
    await model.close();
  });

  it("a link to anything but a blob is refused there, too", async () => {
    const snapshot = cache(false);
    rmSync(join(snapshot, "w.bin"));
    writeFileSync(join(root, "elsewhere.bin"), ok["w.bin"]);
    symlinkSync(join(root, "elsewhere.bin"), join(snapshot, "w.bin"));
    expect(await sentenceOf(join(snapshot, "model.onnx"))).toBe(
      'The weights of tensor "embed" are said to lie in "w.bin", a link that leaves the model\'s folder; that is not opened.',
    );
  });
});

describe("a file that changes while it is opened", () => {
  /** Aborts nothing; does something when it is asked for the n-th time. The first question comes between the analysis and the weights. */
  const atQuestion = (n: number, action: () => void): AbortSignal => {
    let asked = 0;
    return {
      get aborted() {
        if (++asked === n) action();
        return false;
      },
      addEventListener() {},
      removeEventListener() {},
    } as unknown as AbortSignal;
  };

  it.each([
    ["model.onnx", 1],
    ["w.bin", 2],
  ] as const)("%s replaced between being looked at and being mapped", async (name, question) => {
    const folder = place(ok);
    const path = join(folder, name);
    const replace = () => {
      rmSync(path);
      writeFileSync(path, ok[name]);
    };
    await expect(openModel(folder, { provider: "cpu", threads: 1 }, atQuestion(question, replace))).rejects.toThrow(
      `${path} was changed while the model was being opened.`,
    );
  });

  it("the twin: nothing changes", async () => {
    const model = await openModel(
      place(ok),
      { provider: "cpu", threads: 1 },
      atQuestion(1, () => {}),
    );
    await model.close();
  });
});
