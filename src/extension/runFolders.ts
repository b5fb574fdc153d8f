import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { AuditPlan, AuditResult, Maybe } from "../protocol/index.js";

export type RunState = "done" | "interrupted" | "cancelled" | "failed";

/** What the list of runs shows of a run folder. */
export interface RunSummary {
  /** Name of the folder; stable and unique. */
  readonly id: string;
  readonly folder: string;
  readonly state: RunState;
  readonly dataset: string;
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly aqi: Maybe;
  readonly auroc: Maybe;
  readonly plan?: AuditPlan;
  readonly message?: string;
  /** Of a run that did not end: how many of its rows had arrived. It can go on from there. */
  readonly kept?: { readonly row: number; readonly of: number };
}

/** A run list longer than this is cut: the oldest wait until others are deleted. */
const MOST_RUNS = 500;
/** `20261123-132500-1a2b3c`: sorts by time. */
const RUN_ID = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})-[0-9a-f]{6}$/;

/** Makes the folder of a new run; the engine writes plan.json, result.json and rows.bin into it. */
export async function makeRunFolder(root: string, now = new Date()): Promise<string> {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const folder = join(root, `${stamp}-${randomBytes(3).toString("hex")}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** How a run ended that left no result; a folder with a plan alone was interrupted. One that never began leaves nothing. */
export async function noteEnd(folder: string, state: "cancelled" | "failed" | "interrupted", message: string): Promise<void> {
  if (!(await exists(join(folder, "plan.json")))) return rm(folder, { recursive: true, force: true });
  await writeFile(join(folder, "ended.json"), JSON.stringify({ state, message }), "utf8");
}

/** A run goes on: how it ended before counts no more. */
export const forgetEnd = (folder: string): Promise<void> => rm(join(folder, "ended.json"), { force: true });

/** Bytes of a log's end that are looked at for its last whole line. */
const TAIL = 65_536;

/** How far a run got: what its log says last. */
export async function courseOf(folder: string): Promise<RunSummary["kept"]> {
  const file = await open(join(folder, "log.jsonl"), "r").catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(TAIL, size)), 0, Math.min(TAIL, size), Math.max(0, size - TAIL));
    const text = buffer.toString("utf8", 0, bytesRead);
    const last = [...text.slice(0, text.lastIndexOf("\n") + 1).matchAll(/"done":(\d+),"of":(\d+)\}\}\n/g)].at(-1);
    return last && Number(last[1]) > 0 ? { row: Number(last[1]), of: Number(last[2]) } : undefined;
  } finally {
    await file.close();
  }
}

async function json<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch {
    return undefined; // absent, cut off, or not JSON: the run then counts as interrupted
  }
}

/** The summary of one run folder, or nothing when it is none. */
export async function readRun(folder: string): Promise<RunSummary | undefined> {
  const id = basename(folder);
  const parts = RUN_ID.exec(id);
  if (!parts) return undefined;
  const [plan, result, ended] = await Promise.all([
    json<AuditPlan>(join(folder, "plan.json")),
    json<AuditResult>(join(folder, "result.json")),
    json<{ state: "cancelled" | "failed" | "interrupted"; message: string }>(join(folder, "ended.json")),
  ]);
  if (!plan && !result) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number) as [number, number, number, number, number, number, number];
  const done = result?.final === true;
  const kept = done || ended?.state === "failed" ? undefined : await courseOf(folder);
  const best = done ? (result.layers ?? []).reduce<Maybe>((m, l) => (l.auroc !== null && (m === null || l.auroc > m) ? l.auroc : m), null) : null;
  return {
    id,
    folder,
    // A cancelled run of which rows are kept is one that can go on.
    state: done ? "done" : kept ? "interrupted" : (ended?.state ?? "interrupted"),
    dataset: result?.dataset?.path ?? plan?.data?.path ?? "",
    model: result?.model?.name ?? nameOfModel(plan?.model ?? ""),
    at: Date.UTC(year, month - 1, day, hour, minute, second),
    aqi: done ? (result.aqi?.score ?? null) : null,
    auroc: best,
    ...(plan && { plan }),
    ...(!done && ended?.message && { message: ended.message }),
    ...(kept && { kept }),
  };
}

/** Newest first. */
export async function listRuns(root: string): Promise<RunSummary[]> {
  const names = await readdir(root).catch(() => [] as string[]);
  const newest = names
    .filter((name) => RUN_ID.test(name))
    .sort()
    .reverse()
    .slice(0, MOST_RUNS);
  const runs = await Promise.all(newest.map((name) => readRun(join(root, name))));
  return runs.filter((run) => run !== undefined);
}

/** Deletes one run folder; refuses whatever is not a run folder directly under `root`. */
export async function deleteRun(root: string, folder: string): Promise<void> {
  if (resolve(dirname(folder)) !== resolve(root) || !RUN_ID.test(basename(folder))) throw new Error("not a run folder");
  await rm(folder, { recursive: true, force: true });
}

/** Deletes every run folder under `root` and nothing else. @returns how many */
export async function deleteAllRuns(root: string): Promise<number> {
  const names = (await readdir(root).catch(() => [] as string[])).filter((name) => RUN_ID.test(name));
  await Promise.all(names.map((name) => deleteRun(root, join(root, name))));
  return names.length;
}

export const isRunId = (id: unknown): id is string => typeof id === "string" && RUN_ID.test(id);

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** `SmolLM2-135M` for `…/SmolLM2-135M`, `…/SmolLM2-135M/onnx/model.onnx` and `…/SmolLM2-135M/model.onnx`. */
export function nameOfModel(path: string): string {
  // In the Hugging Face cache folders are named by commits.
  const cached = /models--([^\\/]+)[\\/]snapshots[\\/][^\\/]+(.*)$/.exec(path);
  if (cached) {
    const file = /\.onnx$/i.test(path) && !/^model\.onnx$/i.test(basename(path)) ? ` (${basename(path)})` : "";
    return `${cached[1]!.replaceAll("--", "/")}${file}`;
  }
  const name = basename(path);
  if (!/\.onnx$/i.test(name)) return name;
  const folder = basename(dirname(path)) === "onnx" ? dirname(dirname(path)) : dirname(path);
  return /^model\.onnx$/i.test(name) ? basename(folder) : `${basename(folder)} (${name})`;
}
