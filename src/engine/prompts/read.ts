import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { type DataOptions, type Notice, POOLINGS, TOKEN_SETS } from "../../protocol/index.js";
import { rawText } from "../errors.js";
import { type DomainStatistics, MARKS } from "./domain.js";
import { brokenProfile, futureProfile, noProfile, oldProfile, tooLarge } from "./errors.js";
import type { Frame } from "./frame.js";
import { unpackedBytes, unpackedFloats } from "./pack.js";
import type { LayerProbe } from "./probe.js";
import { MAX_PROFILE_BYTES, MOST_ROWS, OLDEST_PROFILE, PROFILE_SCHEMA, PROFILE_VERSION, type Profile, type ProfileRows } from "./profile.js";
import { checksumOf } from "./write.js";

type Json = Readonly<Record<string, unknown>>;

/** Layers and width that any transformer has at most; beyond, a file is no profile. */
const MOST_LAYERS = 1024;
const MOST_WIDTH = 65_536;

export interface ReadProfile {
  readonly profile: Profile;
  /** Of the file's bytes. */
  readonly sha256: string;
}

/**
 * Reads a profile that anybody may have written: every length is checked against the others before it is used.
 * @throws Problem `profile/missing`, `profile/too-large`, `profile/broken`, `profile/future`
 */
export async function readProfile(file: string): Promise<ReadProfile> {
  const bytes = await bytesOf(file);
  return { profile: parseProfile(file, bytes.toString("utf8")), sha256: createHash("sha256").update(bytes).digest("hex") };
}

async function bytesOf(file: string): Promise<Buffer> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") throw noProfile(file);
    throw error;
  });
  // Asked before it is opened: opening a pipe would wait for ever.
  if (!found.isFile()) throw brokenProfile(file, found.isDirectory() ? "it is a folder" : "it is no regular file");
  if (found.size > MAX_PROFILE_BYTES) throw tooLarge(file, found.size, MAX_PROFILE_BYTES);
  return readFile(file);
}

export function parseProfile(file: string, text: string): Profile {
  const broken = (what: string, details?: string) => brokenProfile(file, what, details);
  let json: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) throw broken("it is not a JSON object");
    json = value as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) throw broken(text.trimEnd().endsWith("}") ? "it is not valid JSON" : "it is cut off, or not JSON", rawText(error));
    throw error;
  }
  if (json.schema !== PROFILE_SCHEMA) throw broken("it does not say that it is one");
  if (!Number.isSafeInteger(json.version) || (json.version as number) < 1) throw broken("its version is no number");
  if ((json.version as number) > PROFILE_VERSION) throw futureProfile(file, json.version as number, PROFILE_VERSION);
  if ((json.version as number) < OLDEST_PROFILE) throw oldProfile(file, json.version as number);
  let sum: string;
  try {
    sum = checksumOf(json);
  } catch (error) {
    throw broken("it is nested too deeply", rawText(error));
  }
  if (json.checksum !== sum) throw broken("its checksum does not fit its content, so it was changed by hand or by a merge");
  try {
    return contentOf(json);
  } catch (error) {
    if (error instanceof Wrong) throw broken(error.message);
    throw error;
  }
}

/** What is wrong, in words that fit behind "cannot be used as a profile". */
class Wrong extends Error {}

function contentOf(json: Json): Profile {
  const model = part(json, "model");
  const settings = part(json, "settings");
  const calibration = part(json, "calibration");
  const safe = part(calibration, "safe");
  const thresholds = part(json, "thresholds");
  const tokens = part(json, "tokens");
  const dataset = part(json, "dataset");
  const width = count(model, "width", 1, MOST_WIDTH);
  const layers = count(model, "layers", 1, MOST_LAYERS);
  const layer = count(json, "layer", 0, layers - 1);
  const share = (from: Json, key: string) => number(from, key, 0, 1);
  const [clear, report, error] = [share(thresholds, "clear"), share(thresholds, "report"), share(thresholds, "error")];
  if (clear > report || report > error) throw new Wrong("its thresholds are out of order");
  const optional = (from: Json, key: string) => (from[key] === undefined ? {} : { [key]: text(from, key) });
  return {
    layerscope: text(json, "layerscope"),
    createdAt: text(json, "createdAt"),
    model: {
      name: text(model, "name"),
      sha256: hash(model.sha256),
      weights: list(model.weights, 10_000).map(hash),
      precision: text(model, "precision"),
      ...optional(model, "architecture"),
      ...optional(model, "tower"),
      width,
      layers,
      ...optional(model, "path"),
    },
    tokenizer: hash(json.tokenizer),
    settings: {
      pooling: oneOf(settings, "pooling", POOLINGS),
      tokenSet: oneOf(settings, "tokenSet", TOKEN_SETS),
      chatTemplate: settings.chatTemplate === "none" ? "none" : hash(settings.chatTemplate),
      maxTokens: count(settings, "maxTokens", 2, 1e7),
      seed: count(settings, "seed", 0, Number.MAX_SAFE_INTEGER),
    },
    layer,
    classes: pair(json.classes),
    probes: probesOf(json.probes, layer, width),
    calibration: {
      rows: count(calibration, "rows", 1, 1e9),
      ece: calibration.ece === null ? null : share(calibration, "ece"),
      auroc: calibration.auroc === null ? null : share(calibration, "auroc"),
      safe: { mean: number(safe, "mean", -1e9, 1e9), deviation: number(safe, "deviation", 0, 1e9) },
    },
    thresholds: { clear, report, error },
    tokens: { median: number(tokens, "median", 1, 1e7), most: count(tokens, "most", 1, 1e7) },
    domain: domainOf(part(json, "domain"), width),
    dataset: {
      name: text(dataset, "name"),
      ...optional(dataset, "path"),
      sha256: hash(dataset.sha256),
      rows: count(dataset, "rows", 1, 1e9),
      options: optionsOf(part(dataset, "options")),
      fingerprint: hash(dataset.fingerprint),
    },
    rows: rowsOf(part(json, "rows")),
    notices: list(json.notices, 100).map(noticeOf),
  };
}

function probesOf(value: unknown, layer: number, width: number): (LayerProbe | null)[] {
  const all = list(value, MOST_LAYERS);
  if (all.length !== layer + 1) throw new Wrong(`it has ${all.length} probes for layers 0 to ${layer}`);
  return all.map((one, l) => {
    if (one === null && l < layer) return null;
    if (!isObject(one)) throw new Wrong(`the probe of layer ${l} is missing`);
    const weights = unpackedFloats(one.weights, width);
    if (!weights) throw new Wrong(`the probe of layer ${l} has not ${width} finite weights`);
    return { weights, bias: number(one, "bias", -1e30, 1e30), slope: number(one, "slope", 0, 1e9), offset: number(one, "offset", -1e9, 1e9) };
  });
}

function domainOf(json: Json, width: number): DomainStatistics {
  const from = part(json, "frame");
  const dims = count(from, "dims", 1, 256);
  if (from.width !== width) throw new Wrong("its frame is of another width than its model");
  const floats = (key: string, many: number) => {
    const values = unpackedFloats(from[key], many);
    if (!values) throw new Wrong(`its frame has not ${many} finite numbers in ${JSON.stringify(key)}`);
    return values;
  };
  const frame: Frame = {
    width,
    mean: floats("mean", width),
    inverse: floats("inverse", width),
    dims,
    basis: floats("basis", dims * width),
    variance: floats("variance", dims),
  };
  const numbers = (key: string, least: number, most: number) => {
    const values = list(json[key], most);
    if (values.length < least || !values.every((v) => typeof v === "number" && Number.isFinite(v)))
      throw new Wrong(`its domain's ${JSON.stringify(key)} are no numbers`);
    return values as number[];
  };
  const quantiles = numbers("quantiles", 2, 10_000);
  if (quantiles.some((v, i) => i > 0 && v < quantiles[i - 1]!)) throw new Wrong("the distances of its held-out rows are out of order");
  return {
    frame,
    expected: numbers("expected", 2 * MARKS, 2 * MARKS),
    precision: numbers("precision", MARKS * MARKS, MARKS * MARKS),
    quantiles,
    limit: number(json, "limit", 0, 1),
  };
}

function rowsOf(json: Json): ProfileRows {
  const whole = (key: string, least: number) => {
    const values = list(json[key], MOST_ROWS);
    if (!values.every((v) => Number.isSafeInteger(v) && (v as number) >= least)) throw new Wrong(`its rows' ${JSON.stringify(key)} are no whole numbers`);
    return values as number[];
  };
  const ids = whole("ids", 0);
  const lines = whole("lines", -1);
  const dims = count(json, "dims", 1, 256);
  const step = unpackedFloats(json.step, dims);
  const vectors = unpackedBytes(json.vectors, ids.length * dims);
  const files = unpackedBytes(json.files, ids.length);
  const unsafe = unpackedBytes(json.unsafe, ids.length);
  if (!step || !vectors || !files || !unsafe || lines.length !== ids.length) throw new Wrong("its rows are of different numbers");
  return { ids, lines, files, unsafe, dims, step, vectors: new Int8Array(vectors.buffer, vectors.byteOffset, vectors.length) };
}

/** Of the options how the dataset is read; they are handed back, and checked again where the dataset is opened. */
function optionsOf(json: Json): DataOptions {
  if (JSON.stringify(json).length > 100_000) throw new Wrong("the options of its dataset are too long");
  return json as DataOptions;
}

function noticeOf(value: unknown): Notice {
  if (!isObject(value)) throw new Wrong("a notice of it is none");
  return { code: text(value, "code"), message: text(value, "message") };
}

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function part(json: Json, key: string): Json {
  const value = json[key];
  if (!isObject(value)) throw new Wrong(`its part ${JSON.stringify(key)} is missing`);
  return value;
}

function text(json: Json, key: string): string {
  const value = json[key];
  if (typeof value !== "string" || value.length > 10_000) throw new Wrong(`${JSON.stringify(key)} is no text`);
  return value;
}

function hash(value: unknown): string {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value)) throw new Wrong("a hash in it is none");
  return value;
}

function number(json: Json, key: string, least: number, most: number): number {
  const value = json[key];
  if (typeof value !== "number" || !(value >= least && value <= most)) throw new Wrong(`${JSON.stringify(key)} is no number from ${least} to ${most}`);
  return value;
}

function count(json: Json, key: string, least: number, most: number): number {
  const value = number(json, key, least, most);
  if (!Number.isSafeInteger(value)) throw new Wrong(`${JSON.stringify(key)} is no whole number`);
  return value;
}

function list(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Wrong("a list in it is missing or too long");
  return value;
}

function oneOf<T extends string>(json: Json, key: string, all: readonly T[]): T {
  const found = all.find((one) => one === json[key]);
  if (!found) throw new Wrong(`${JSON.stringify(key)} is none of ${all.join(", ")}`);
  return found;
}

function pair(value: unknown): readonly [string, string] {
  if (!Array.isArray(value) || value.length !== 2 || !value.every((one) => typeof one === "string")) throw new Wrong("its classes are not two names");
  return [value[0] as string, value[1] as string];
}
