import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { inspectModel } from "../../src/engine/model/index.js";
import { modelName } from "./table.mjs";
import { widen } from "./widen.js";

export interface BenchModel {
  /** Its part of the ids of measures. */
  readonly id: string;
  /** A folder or an .onnx file. */
  readonly path: string;
}

/** Benchmarks run in the project's folder. */
const ROOT = process.cwd();
const SHARED = join(ROOT, "..", "shared");

/** A path as the user wrote it: npm changes the folder. */
export const given = (path: string): string => [process.env["INIT_CWD"] ?? ROOT, ROOT].map((base) => resolve(base, path)).find(existsSync) ?? resolve(path);

/** What was named (`[NAME=]PATH`), or the models at hand: the embedded one, and those of ../shared. */
export async function benchModels(args: readonly string[], defaults: readonly (keyof typeof AT_HAND)[]): Promise<BenchModel[]> {
  if (args.length > 0) return Promise.all(args.map(named));
  return defaults.flatMap((name) => {
    const path = AT_HAND[name]();
    return path ? [{ id: name, path }] : [];
  });
}

async function named(arg: string): Promise<BenchModel> {
  const [, id, path = arg] = /^([\w.-]+)=(.+)$/.exec(arg) ?? [];
  const place = given(path);
  if (id) return { id, path: place };
  const card = await inspectModel(place);
  return { id: modelName(card.name, card.precision), path: place };
}

const beside = (path: string) => (existsSync(join(SHARED, path)) ? join(SHARED, path) : undefined);

const AT_HAND = {
  "embedded-int8": () => join(ROOT, "media", "model"),
  "minilm-int8": () => beside("models/all-MiniLM-L6-v2"),
  "smollm2-q4": () => beside("models/SmolLM2-135M-Instruct"),
  /** The published 4-bit values as float32, written once. */
  "smollm2-fp32": () => {
    const source = beside("models/SmolLM2-135M-Instruct");
    const target = join(ROOT, "out", "bench", "models", "smollm2-fp32");
    if (!source || existsSync(join(target, "onnx", "model.onnx"))) return source && target;
    console.log(`Writing the float32 form of ${source} (540 MB) …`);
    mkdirSync(join(target, ".."), { recursive: true });
    widen(source, target);
    return target;
  },
};
