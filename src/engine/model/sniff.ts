import { cutOff, notAModel, tooLarge } from "./errors.js";
import { LIMITS } from "./limits.js";
import type { ByteSource } from "./source.js";

const GET = "Get the .onnx file of the model, or export one: optimum-cli export onnx --model NAME FOLDER.";

interface Format {
  readonly what: string;
  readonly hint: string;
}

const SAFETENSORS: Format = { what: "a safetensors file", hint: `It holds weights without a graph. ${GET}` };

/** How a file begins, what it then is, and what to do. The first that fits. */
const FORMATS: readonly (readonly [RegExp, string, string])[] = [
  [/^version https:\/\/git-lfs\.github\.com\/spec\//, "a Git LFS pointer", "The weights were not downloaded: run `git lfs pull` in the model's folder."],
  [/^\s*(<\?xml[^>]*>\s*)?<net[\s>]/, "an OpenVINO model (.xml)", GET],
  [/^\s*<(!doctype|html|\?xml|!--)/i, "a web page", "The download link led to a page (often a login); download the file itself."],
  [/^PK\x03\x04[\s\S]*data\.pkl/, "a PyTorch checkpoint (a zip archive with a pickle inside)", `Pickles can run code and are never opened. ${GET}`],
  [/^PK\x03\x04/, "a zip archive (a PyTorch checkpoint is one too)", `Unpack it if it holds an .onnx file. ${GET}`],
  [/^GGUF/, "a GGUF file of llama.cpp", GET],
  [/^(ggml|ggjt|lmgg|tjgg)/, "a GGML file of an old llama.cpp", GET],
  [/^\x80[\x01-\x05]/, "a Python pickle", `Pickles can run code and are never opened. ${GET}`],
  [/^\x89HDF/, "an HDF5 file (Keras)", GET],
  [/^[\s\S]{4}TFL3/, "a TensorFlow Lite model", GET],
  [/^[\s\S]{4}ORTM/, "a model in ONNX Runtime's own .ort format", "Use the .onnx file it was made from."],
  [/^\x93NUMPY/, "a NumPy array", GET],
  [/^\x1f\x8b/, "a gzip archive", "Unpack it first."],
  [/^(BZh|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd|Rar!)/, "a compressed archive", "Unpack it first."],
  [/^[\s\S]{257}ustar/, "a tar archive", "Unpack it first."],
  [/^(\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP)/, "an image", "Choose the model's own file."],
  [/^%PDF/, "a PDF document", "Choose the model's own file."],
  [/^PAR1/, "a Parquet table", "Choose the model's own file."],
  [/^(\x7fELF|MZ)/, "a program or a library", "Choose the model's own file."],
];

function formatOf(head: string, bytes: Uint8Array): Format | undefined {
  const found = FORMATS.find(([pattern]) => pattern.test(head));
  if (found) return { what: found[1], hint: found[2] };
  return isText(bytes) ? { what: "a JSON or text file", hint: GET } : undefined;
}

/** Nothing but printable characters of UTF-8: a graph begins with a control character, its version's field. */
function isText(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 127)) return false;
  try {
    // The last character may be cut.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

const latin = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/**
 * Names what is no ONNX model before anything is parsed.
 * @throws Problem `model/not-onnx`, `model/too-large`
 */
export function refuseOtherFormats(source: ByteSource): void {
  const { name, size } = source;
  if (size === 0) throw notAModel(name, "an empty file", "The download or copy did not start; get the file again.");
  const bytes = source.view(0, Math.min(size, 512));
  const head = latin(bytes);
  const found = formatOf(head, bytes) ?? (head[8] === "{" && safetensorsHeader(source) <= size ? SAFETENSORS : undefined);
  if (found) throw notAModel(name, found.what, found.hint);
  if (size > LIMITS.modelBytes) throw tooLarge(name, size);
  if (size < 16) throw cutOff(name, size, 16);
}

/** Where the header of a safetensors file would end. */
function safetensorsHeader(source: ByteSource): number {
  const bytes = source.view(0, 8);
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)) + 8;
}
