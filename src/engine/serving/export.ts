import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Notice } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { openModel } from "../model/index.js";
import { VERSION } from "../version.js";
import { checkExport, expected, sampleBatch } from "./check.js";
import { alreadyThere, badName, cannotWrite, nothingToGive, notInsideModel, notOurs } from "./errors.js";
import { inferenceService } from "./kserve.js";
import { planGraph } from "./plan.js";
import { datatypeOf, tritonConfig } from "./triton.js";
import { copyBeside } from "./weights.js";

export const LAYOUTS = ["triton", "kserve"] as const;
export type ServedLayout = (typeof LAYOUTS)[number];

export interface ExportWish {
  /** A folder or an .onnx file. */
  readonly model: string;
  /** `residual`, and names or patterns of further taps. */
  readonly taps: readonly string[];
  readonly layout: ServedLayout;
  /** The model repository; the model becomes a folder in it. */
  readonly out: string;
  readonly name?: string;
  readonly tower?: string;
  /** Hard links instead of copies. */
  readonly link?: boolean;
  readonly force?: boolean;
  readonly instances?: number;
  readonly maxBatch?: number;
  readonly storageUri?: string;
}

export interface Exported {
  readonly name: string;
  /** The model's folder in the repository. */
  readonly folder: string;
  /** Paths within the repository, with bytes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly inputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  readonly maxBatch: number;
  readonly identity: string;
  /** Whether the exported graph was run and compared; false of an export that takes one traced shape only. */
  readonly checked: boolean;
  readonly notices: readonly Notice[];
}

/** What export-model leaves beside a model, and knows its own work by. */
export const CARD_FILE = "layerscope.json";
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Rows that a server may join into one batch: what fits a laptop's memory at 512 tokens a row. */
const MAX_BATCH = 64;

/**
 * Writes the tapped model as a model repository: `NAME/config.pbtxt`, `NAME/1/model.onnx` with its weights, tokenizer and config beside;
 * for KServe an InferenceService as well. Written under a temporary name, checked against the model itself, then renamed.
 * @throws Problem `serving/…`, any `model/…` code, `run/cancelled`
 */
export async function exportModel(wish: ExportWish, signal?: AbortSignal): Promise<Exported> {
  const residual = wish.taps.includes("residual");
  const patterns = wish.taps.filter((tap) => tap !== "residual" && tap !== "");
  if (!residual && patterns.length === 0) throw nothingToGive();
  const opened = await openModel(wish.model, { provider: "cpu", threads: 0, taps: patterns, residual, tower: wish.tower }, signal);
  let batch: ReturnType<typeof sampleBatch>;
  let wanted: Float32Array[] | undefined;
  let planned: ReturnType<typeof planGraph>;
  try {
    planned = planGraph(wish.model, { tower: wish.tower, link: wish.link, residual, taps: patterns }, opened);
    batch = sampleBatch(opened, planned.feeds);
    // An export that takes only the shape it was traced with cannot be tried, here or there.
    if (!opened.card.notices.some(({ code }) => code === "model/trial-failed")) wanted = await expected(opened, batch);
  } finally {
    await opened.close();
  }
  const { card } = opened;
  const name = wish.name ?? nameFrom(card.name);
  if (!NAME.test(name)) throw badName(name);
  const out = resolve(wish.out);
  const folder = join(out, name);
  refuseInside(out, [card.folder, dirname(card.path)]);
  if (existsSync(folder)) refuseOld(folder, wish.force === true);
  throwIfAborted(signal);

  const fixedRows = planned.feeds.fixedRows ?? 0;
  const batchAxis = fixedRows === 0 && planned.graph.inputs.every(({ shape }) => shape[0] === -1);
  const maxBatch = !batchAxis || !wanted ? 0 : card.oneRowAtATime ? 1 : (wish.maxBatch ?? MAX_BATCH);
  const { inputs, outputs } = planned.graph;
  const named = (tensors: typeof inputs) => tensors.map(({ name: own, type, shape }) => ({ name: own, datatype: datatypeOf(type), shape }));
  const fresh = !existsSync(out);
  const temporary = join(out, `.${name}.${process.pid}.${randomBytes(4).toString("hex")}.incomplete`);
  const version = join(temporary, "1");
  const yaml = join(out, "inferenceservice.yaml");
  try {
    mkdirSync(version, { recursive: true });
    writeFileSync(join(version, "model.onnx"), planned.graph.bytes);
    await planned.weights.bring(version, signal);
    copyBeside(card.folder, temporary);
    writeFileSync(
      join(temporary, "config.pbtxt"),
      tritonConfig({ name, inputs, outputs, maxBatch, instances: wish.instances ?? 1, parameters: planned.metadata }),
    );
    const about = { layerscope: VERSION, name, ...planned.metadata, inputs: named(inputs), outputs: named(outputs) };
    writeFileSync(join(temporary, CARD_FILE), `${JSON.stringify(about, null, 1)}\n`);
    if (wanted) await checkExport(version, planned.graph, planned.feeds, batch, wanted, opened);
    throwIfAborted(signal);
    const bytes = sizes(temporary).reduce((sum, file) => sum + file.bytes, 0);
    replace(temporary, folder);
    if (wish.layout === "kserve") {
      const annotations = {
        "layerscope/sha256": card.sha256,
        "layerscope/identity": planned.metadata["layerscope.identity"] ?? "",
        "layerscope/version": VERSION,
      };
      const text = inferenceService({ name, bytes, annotations, ...(wish.storageUri ? { storageUri: wish.storageUri } : {}) });
      writeFileSync(`${yaml}.incomplete`, text);
      renameSync(`${yaml}.incomplete`, yaml);
    }
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (fresh) rmSync(out, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code === "string" && /^E[A-Z]+$/.test(code)) throw cannotWrite(out, code);
    throw error;
  }
  const files = sizes(folder).map(({ path, bytes }) => ({ path: join(name, path), bytes }));
  return {
    name,
    folder,
    files: wish.layout === "kserve" ? [...files, { path: basename(yaml), bytes: statSync(yaml).size }] : files,
    inputs: named(inputs),
    outputs: named(outputs),
    maxBatch,
    identity: planned.metadata["layerscope.identity"] ?? "",
    checked: wanted !== undefined,
    notices: [...card.notices, ...planned.notices.filter((one) => !card.notices.some(({ message }) => message === one.message))],
  };
}

/** A name that Triton, KServe and a URL take alike. */
export function nameFrom(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 56)
    .replace(/-+$/, "");
  return `${slug || "model"}-layers`;
}

/** An export into the model's own folder would be mixed up with its files. */
function refuseInside(out: string, own: readonly string[]): void {
  const real = existsSync(out) ? realpathSync(out) : out;
  if (own.some((folder) => realpathSync(folder) === real)) throw notInsideModel(out);
}

/** With --force only what this command wrote goes. */
function refuseOld(folder: string, force: boolean): void {
  if (!force) throw alreadyThere(folder);
  if (!existsSync(join(folder, CARD_FILE))) throw notOurs(folder);
}

/** The old one is moved aside first, so that there is no moment with half of each. */
function replace(temporary: string, folder: string): void {
  if (!existsSync(folder)) {
    renameSync(temporary, folder);
    return;
  }
  const aside = `${temporary}.old`;
  renameSync(folder, aside);
  try {
    renameSync(temporary, folder);
  } catch (error) {
    renameSync(aside, folder);
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

function sizes(folder: string, within = ""): { path: string; bytes: number }[] {
  return readdirSync(join(folder, within), { withFileTypes: true }).flatMap((entry) => {
    const path = join(within, entry.name);
    return entry.isDirectory() ? sizes(folder, path) : [{ path, bytes: statSync(join(folder, path)).size }];
  });
}
