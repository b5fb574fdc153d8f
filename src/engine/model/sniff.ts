import { cutOff, notAModel, tooLarge } from "./errors.js";
import { LIMITS } from "./limits.js";
import type { ByteSource } from "./source.js";

const latin = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/**
 * Names what is no ONNX model before anything is parsed.
 * @throws Problem `model/not-onnx`, `model/too-large`
 */
export function refuseOtherFormats(source: ByteSource): void {
  const { name, size } = source;
  const get = "Get the .onnx file of the model, or export one: optimum-cli export onnx --model NAME FOLDER.";
  if (size === 0) throw notAModel(name, "an empty file", "The download or copy did not start; get the file again.");
  const head = latin(source.view(0, Math.min(size, 512)));
  const start = head.trimStart().slice(0, 200).toLowerCase();
  if (head.startsWith("version https://git-lfs.github.com/spec/"))
    throw notAModel(name, "a Git LFS pointer", "The weights were not downloaded: run `git lfs pull` in the model's folder.");
  if (start.startsWith("<!doctype") || start.startsWith("<html") || start.startsWith("<?xml"))
    throw notAModel(name, "a web page", "The download link led to a page (often a login); download the file itself.");
  if (head.startsWith("PK\x03\x04")) throw notAModel(name, "a zip archive (a PyTorch checkpoint is one too)", `Unpack it if it holds an .onnx file. ${get}`);
  if (head.startsWith("GGUF")) throw notAModel(name, "a GGUF file of llama.cpp", get);
  if (head.startsWith("\x80") && /^\x80[\x02-\x05]/.test(head)) throw notAModel(name, "a Python pickle", `Pickles can run code and are never opened. ${get}`);
  if (head.startsWith("\x89HDF")) throw notAModel(name, "an HDF5 file (Keras)", get);
  if (head.slice(4, 8) === "TFL3") throw notAModel(name, "a TensorFlow Lite model", get);
  if (head.startsWith("ORTM", 4)) throw notAModel(name, "a model in ONNX Runtime's own .ort format", "Use the .onnx file it was made from.");
  if (head.startsWith("\x1f\x8b")) throw notAModel(name, "a gzip archive", "Unpack it first.");
  if (head[8] === "{" && safetensorsHeader(source) <= size) throw notAModel(name, "a safetensors file", `It holds weights without a graph. ${get}`);
  if (/^[[{"]/.test(start)) throw notAModel(name, "a JSON or text file", get);
  if (size > LIMITS.modelBytes) throw tooLarge(name, size);
  if (size < 16) throw cutOff(name, size, 16);
}

/** Where the header of a safetensors file would end. */
function safetensorsHeader(source: ByteSource): number {
  const bytes = source.view(0, 8);
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)) + 8;
}
