import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectModel, listTaps, openModel } from "../../../src/engine/model/index.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { memorySource } from "../../../src/engine/model/source.js";
import { ProblemError } from "../../../src/protocol/index.js";
import { writeTiny } from "../../fixtures/models.js";
import { meanAndLast, scratch } from "./scratch.js";

const folder = scratch();
const good = writeTiny(join(folder, "good"));
const bytes = readFileSync(good.path);

/** Code, message with the folder cut off, hint of the refusal; fails when there is none. */
function refusal(path: string): { code: string; message: string; hint?: string } {
  try {
    listTaps(path);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { code, message, hint } = error.problem;
    return { code, message: message.replaceAll(`${folder}/`, ""), hint };
  }
  throw new Error("was accepted");
}

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const LENGTH = (n: number) => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(n));
  return head;
};

describe("files that are no ONNX model are named for what they are", () => {
  const cases: [string, Uint8Array | string, string, string?][] = [
    ["empty.onnx", "", "an empty file"],
    ["pointer.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 123\n", "a Git LFS pointer", "git lfs pull"],
    ["page.onnx", "<!DOCTYPE html><html><body>Sign in</body></html>", "a web page", "login"],
    ["zip.onnx", Buffer.from("PK\x03\x04 and so on, more and more", "latin1"), "a zip archive (a PyTorch checkpoint is one too)"],
    ["gguf.onnx", Buffer.from("GGUF\x03\0\0\0 and so on, more", "latin1"), "a GGUF file of llama.cpp"],
    ["pickle.onnx", Buffer.from("\x80\x04\x95 and so on, more and more", "latin1"), "a Python pickle", "never opened"],
    ["weights.onnx", Buffer.concat([LENGTH(2), Buffer.from("{}"), Buffer.alloc(16)]), "a safetensors file"],
    ["keras.onnx", Buffer.from("\x89HDF\r\n\x1a\n and so on", "latin1"), "an HDF5 file (Keras)"],
    ["lite.onnx", Buffer.from("\x1c\0\0\0TFL3 and so on, more", "latin1"), "a TensorFlow Lite model"],
    ["packed.onnx", Buffer.from("\x1f\x8b\x08\0 and so on, more", "latin1"), "a gzip archive"],
    ["config.onnx", '{"model_type": "llama"}', "a JSON or text file"],
  ];
  it.each(cases)("%s", (name, content, what, hint) => {
    const found = refusal(file(name, content));
    expect(found).toMatchObject({ code: "model/not-onnx", message: `${name} is ${what}, not an ONNX model.` });
    expect(found.hint).toContain(hint ?? "");
    expect(found.hint).not.toBe("");
  });

  it("the twin of them all is opened", () => expect(listTaps(good.path).layers).toHaveLength(4));

  it("a missing file, a folder without a model, a device", () => {
    expect(refusal(join(folder, "nothing.onnx"))).toMatchObject({ code: "model/missing", message: "There is no file or folder nothing.onnx." });
    mkdirSync(join(folder, "bare"));
    expect(refusal(join(folder, "bare"))).toMatchObject({
      code: "model/none-in-folder",
      message: "bare holds no .onnx file, neither directly nor in a folder named onnx.",
    });
    expect(refusal("/dev/zero").code).toBe("model/not-onnx");
  });

  it("a file above 2 GiB: only its head is real", () => {
    const path = file("huge.onnx", bytes);
    truncateSync(path, 2 ** 31 + 1);
    expect(refusal(path)).toMatchObject({ code: "model/too-large" });
    rmSync(path);
  });
});

describe("a download that was cut off", () => {
  it("is refused at every 37th byte, and says where it ends", () => {
    const sentences = new Set<string>();
    for (let size = 37; size < bytes.length; size += 37) {
      try {
        parseModel(memorySource("cut.onnx", bytes.subarray(0, size)));
        throw new Error(`was accepted at ${size} bytes`);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        expect(["model/cut-off", "model/malformed"]).toContain(error.problem.code);
        expect(error.problem.message).toContain(`byte ${size}`);
        sentences.add(error.problem.message);
      }
    }
    expect(sentences.size).toBeGreaterThan(100);
    expect(refusal(file("cut.onnx", bytes.subarray(0, 4_000)))).toEqual({
      code: "model/cut-off",
      message: expect.stringMatching(/^cut\.onnx is cut off: it ends at byte 4000, in the middle of data that goes on to byte \d+\.$/),
      hint: "The download or copy did not finish; get the file again.",
    });
    // The whole of it is opened.
    expect(listTaps(file("cut.onnx", bytes)).layers).toHaveLength(4);
  });
});

describe("folders", () => {
  it("prefers the full-precision file, then fp16, q4, quantized, and lists the others", async () => {
    const dir = join(folder, "variants");
    mkdirSync(join(dir, "onnx"), { recursive: true });
    for (const name of ["model_quantized", "model_q4", "model_fp16"]) writeFileSync(join(dir, "onnx", `${name}.onnx`), bytes);
    const names = async () => {
      const card = await inspectModel(dir);
      return [card.path, ...card.variants].map((path) => basename(path, ".onnx"));
    };
    expect(await names()).toEqual(["model_fp16", "model_q4", "model_quantized"]);
    writeFileSync(join(dir, "model.onnx"), bytes);
    expect(await names()).toEqual(["model", "model_fp16", "model_q4", "model_quantized"]);
    writeFileSync(join(dir, "onnx", "model.onnx"), bytes);
    expect((await inspectModel(dir)).path).toBe(join(dir, "onnx", "model.onnx"));
  });

  it("takes the encoder of an encoder-decoder, and a merged decoder before one that wants its past", async () => {
    const dir = join(folder, "pieces");
    mkdirSync(dir);
    for (const name of ["decoder_model_merged", "decoder_with_past_model", "encoder_model"]) writeFileSync(join(dir, `${name}.onnx`), bytes);
    const card = await inspectModel(dir);
    expect([card.path, ...card.variants].map((path) => basename(path, ".onnx"))).toEqual(["encoder_model", "decoder_model_merged", "decoder_with_past_model"]);
  });

  it("finds config and tokenizer one folder above a file, and does without a tokenizer", async () => {
    const card = await inspectModel(good.path);
    expect(card).toMatchObject({ folder: good.folder, name: "good", tokenizer: { path: join(good.folder, "tokenizer.json") } });
    const alone = join(folder, "alone", "deep");
    mkdirSync(alone, { recursive: true });
    writeFileSync(join(alone, "m.onnx"), bytes);
    expect(await inspectModel(join(alone, "m.onnx"))).toMatchObject({ folder: alone, hiddenSize: 16 });
    expect((await inspectModel(join(alone, "m.onnx"))).tokenizer).toBeUndefined();
  });

  it("says that a config is no JSON, without quoting it", () => {
    const bad = writeTiny(join(folder, "bad-config"));
    writeFileSync(join(bad.folder, "config.json"), "{secret");
    expect(refusal(bad.folder)).toMatchObject({ code: "model/bad-config", message: "bad-config/config.json is not a JSON object." });
  });

  it("believes the graph, not a config that speaks of another number of blocks", () => {
    const tiny = writeTiny(join(folder, "lying"), { config: { num_hidden_layers: 7 } });
    const { layers, notices } = listTaps(tiny.folder);
    expect(layers).toHaveLength(4);
    expect(notices.map((notice) => notice.message)).toEqual([
      "config.json speaks of 7 blocks; the graph has 3 (6 additions to the residual stream). The graph is believed.",
    ]);
  });

  it("opens the Hugging Face cache, whose files are links to blobs, and runs it", async () => {
    const source = writeTiny(join(folder, "hub-source"), { external: "model.onnx_data" });
    const hub = join(folder, "models--acme--tiny");
    const snapshot = join(hub, "snapshots", "0123456789012345678901234567890123456789");
    mkdirSync(join(snapshot, "onnx"), { recursive: true });
    mkdirSync(join(hub, "blobs"));
    const link = (from: string, to: string, digit: string) => {
      const blob = join(hub, "blobs", digit.repeat(64));
      writeFileSync(blob, readFileSync(join(source.folder, from)));
      symlinkSync(blob, join(snapshot, to));
    };
    link("onnx/model.onnx", "onnx/model.onnx", "a");
    link("onnx/model.onnx_data", "onnx/model.onnx_data", "b");
    link("config.json", "config.json", "c");
    const model = await openModel(snapshot, { provider: "cpu", threads: 1 });
    const plain = await openModel(source.folder, { provider: "cpu", threads: 1 });
    expect(model.card.name).toBe("acme/tiny");
    expect(await model.run(meanAndLast([[1, 2, 3]]))).toEqual(await plain.run(meanAndLast([[1, 2, 3]])));
    await model.close();
    await plain.close();
  });
});
