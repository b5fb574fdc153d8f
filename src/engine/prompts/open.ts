import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { DataOptions, Notice, ProfileCard, ProfileUse } from "../../protocol/index.js";
import { copyDistance } from "./neighbours.js";
import type { Profile } from "./profile.js";
import { readProfile } from "./read.js";

/** A profile that was read, and where on this machine lies what it names. */
export interface OpenedProfile {
  readonly file: string;
  readonly profile: Profile;
  /** Of the profile's bytes. */
  readonly sha256: string;
  /** Changes when the file does. */
  readonly stamp: string;
  /** The model's folder or file; undefined: it is not where the profile names it, and nobody has said where. */
  readonly model: string | undefined;
  readonly dataset: { readonly path: string; readonly linked: boolean; readonly options: DataOptions };
  /** Texts that lie nearer to a row than this are copies of it, as the profile sees them. */
  readonly copy: number;
  readonly notices: readonly Notice[];
}

export async function openProfile(use: ProfileUse): Promise<OpenedProfile> {
  const file = resolve(use.profile);
  const { profile, sha256 } = await readProfile(file);
  const run = await planBeside(file);
  const near = (path: string | undefined) => (path === undefined ? undefined : resolve(dirname(file), path));
  const model = use.model ?? (await firstThere([near(profile.model.path), run?.model]));
  const options = {
    ...profile.dataset.options,
    ...(profile.dataset.options.contrast === undefined ? {} : { contrast: resolve(dirname(file), profile.dataset.options.contrast) }),
  };
  const dataset = await firstThere([near(profile.dataset.path), run?.data]);
  const same = dataset !== undefined && (await datasetHash([dataset, options.contrast].filter((path) => path !== undefined))) === profile.dataset.sha256;
  const { name } = profile.dataset;
  const notices: Notice[] = [...profile.notices];
  if (model === undefined)
    notices.push({ code: "profile/no-model", message: `The model ${profile.model.name} is not where the profile names it; say where it lies.` });
  if (dataset === undefined)
    notices.push({ code: "profile/dataset-missing", message: `The dataset ${name} is not where the profile names it, so nearest rows have no lines.` });
  else if (!same)
    notices.push({
      code: "profile/dataset-changed",
      message: `The dataset ${name} has changed since the profile was made, so nearest rows have no lines.`,
      where: { file: dataset },
    });
  return {
    file,
    profile,
    sha256,
    stamp: await stampOf(file),
    model,
    dataset: { path: dataset ?? name, linked: same, options },
    copy: copyDistance(profile.rows, profile.settings.seed),
    notices,
  };
}

export function cardOf({ file, profile, sha256, model, dataset, notices }: OpenedProfile): ProfileCard {
  return {
    path: file,
    sha256,
    model: { name: profile.model.name, sha256: profile.model.sha256, ...(model === undefined ? {} : { path: model }) },
    layer: profile.layer,
    layers: profile.model.layers,
    pooling: profile.settings.pooling,
    maxTokens: profile.settings.maxTokens,
    threshold: profile.thresholds.report,
    thresholds: profile.thresholds,
    calibration: { rows: profile.calibration.rows, ece: profile.calibration.ece },
    dataset: { path: dataset.path, sha256: profile.dataset.sha256, rows: profile.dataset.rows, linked: dataset.linked, options: dataset.options },
    auroc: profile.calibration.auroc,
    createdAt: profile.createdAt,
    notices,
  };
}

export const stampOf = async (path: string): Promise<string> => {
  const found = await stat(path).catch(() => undefined);
  return `${found?.size}:${found?.mtimeMs}:${found?.ino}`;
};

async function firstThere(paths: readonly (string | undefined)[]): Promise<string | undefined> {
  for (const path of paths) if (path !== undefined && (await stat(path).catch(() => undefined))) return path;
  return undefined;
}

/** A profile in a run's folder lies beside the run's plan, which names model and dataset where they lie on this machine. */
async function planBeside(file: string): Promise<{ model?: string; data?: string } | undefined> {
  if (basename(file) !== "profile.json") return undefined;
  try {
    const plan = JSON.parse(await readFile(join(dirname(file), "plan.json"), "utf8")) as { model?: unknown; data?: { path?: unknown } };
    return {
      ...(typeof plan.model === "string" ? { model: plan.model } : {}),
      ...(typeof plan.data?.path === "string" ? { data: plan.data.path } : {}),
    };
  } catch {
    return undefined;
  }
}

/** As `DataCard.sha256`: of one file its hash, of two the hash of both. undefined: a file cannot be read. */
async function datasetHash(files: readonly string[]): Promise<string | undefined> {
  const hashes: string[] = [];
  for (const file of files) {
    if (!(await stat(file).catch(() => undefined))?.isFile()) return undefined;
    const hash = await hashOf(file);
    if (hash === undefined) return undefined;
    hashes.push(hash);
  }
  return hashes.length === 1 ? hashes[0] : createHash("sha256").update(hashes.join("")).digest("hex");
}

const known = new Map<string, string>();

/** Remembered by the file's stamp: an editor asks with every window it opens. */
async function hashOf(file: string): Promise<string | undefined> {
  const key = `${file}\0${await stampOf(file)}`;
  const before = known.get(key);
  if (before) return before;
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  } catch {
    return undefined;
  }
  const found = hash.digest("hex");
  if (known.size > 64) known.clear();
  known.set(key, found);
  return found;
}

/** .onnx files of a model's folder: one of them may be the profile's where the folder's first choice is another. */
export async function onnxFilesOf(model: string): Promise<string[]> {
  const all: string[] = [];
  for (const folder of [model, join(model, "onnx")])
    for (const name of await readdir(folder).catch(() => [] as string[])) if (name.endsWith(".onnx")) all.push(join(folder, name));
  return all.sort();
}
