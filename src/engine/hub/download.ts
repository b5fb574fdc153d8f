import { dirname, posix } from "node:path";
import type { HubFile, HubOrder, HubProgress, HubResult, Notice } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { externalTensors } from "../model/external.js";
import { parseModel } from "../model/parse.js";
import { fileSource } from "../model/source.js";
import { variantsOf } from "./choose.js";
import { cannotWrite, changedSince, diskFull, noSuchFile } from "./errors.js";
import type { Listed } from "./library.js";
import { isSafePath } from "./names.js";
import { ask, type HubSettings, sum } from "./offer.js";
import { type CacheFolder, codeOf, freeBytes } from "./store.js";
import { transfer } from "./transfer.js";

/** Kept free beside what is downloaded. */
const SPARE_BYTES = 64 << 20;

/**
 * Downloads what was confirmed into the standard cache: each blob under a name of ours, checked, then renamed; links and refs last.
 * A broken or cancelled download is continued by asking again.
 * @throws Problem of any `hub/…` code; `run/cancelled`
 */
export async function downloadFromHub(
  order: HubOrder,
  onProgress: (progress: HubProgress) => void = () => {},
  settings: HubSettings = {},
  signal?: AbortSignal,
): Promise<HubResult> {
  const { repo, revision, folder, found, request } = await ask({ ...order, revision: order.commit }, settings, signal);
  if (found.commit !== order.commit) throw changedSince(repo);
  const model = variantsOf(found.files).find(({ path }) => path === order.file);
  if (!model) throw noSuchFile(repo, order.file);
  const also = (order.also ?? []).map(
    (path) => found.files.find((file) => file.path === path && dirname(path) === dirname(order.file)) ?? refuse(noSuchFile(repo, path)),
  );
  const files = [...new Map([...model.files, ...also].map((file) => [file.path, file])).values()];
  if (sum(files) !== order.bytes) throw changedSince(repo);
  const here = await Promise.all(files.map((file) => folder.has(file, found.commit)));
  const missing = sum(files.filter((_, i) => !here[i]));
  const free = await freeBytes(folder.path);
  if (free !== null && missing > 0 && missing + SPARE_BYTES > free) throw diskFull(missing, free, folder.path);
  await folder.prepare();
  const pace = paceOf(sum(files), onProgress);
  let downloadedBytes = 0;
  try {
    for (const [i, file] of files.entries()) {
      throwIfAborted(signal);
      if (here[i]) pace(file.path, file.bytes);
      else {
        await bring(file, folder, { ...request, repo, commit: found.commit, patienceMs: settings.patienceMs, onBytes: (bytes) => pace(file.path, bytes) });
        downloadedBytes += file.bytes;
      }
      await folder.link(file, found.commit);
    }
    const notices: Notice[] = [];
    const name = order.revision ?? "main";
    if (!(await folder.name(name, found.commit)))
      notices.push({
        code: "hub/ref-kept",
        message: `The cache's note of what ${name} means stays with the commit that it names; this download is found by ${found.commit.slice(0, 7)} (revision ${revision.slice(0, 7)}).`,
      });
    const path = folder.snapshot(found.commit, order.file);
    const wanted = await Promise.all(
      wantedBy(path, order.file, found.files, files).map(
        async (file): Promise<HubFile> => ({ path: file.path, bytes: file.bytes, here: await folder.has(file, found.commit) }),
      ),
    );
    return { path, downloadedBytes, wanted, notices };
  } catch (error) {
    throw error instanceof Error && "code" in error && typeof error.code === "string" ? cannotWrite(folder.path, codeOf(error)) : error;
  }
}

async function bring(file: Listed, folder: CacheFolder, options: Parameters<typeof transfer>[2]): Promise<void> {
  const unlock = await folder.lock(file);
  try {
    await transfer(file, folder.partial(file.oid), options);
    await folder.keep(file.oid);
  } finally {
    await unlock();
  }
}

/** Files of the repository that the graph names as its weights, beyond those that were ordered. */
function wantedBy(path: string, file: string, all: readonly Listed[], ordered: readonly Listed[]): Listed[] {
  const locations = new Set<string>();
  const source = fileSource(path);
  try {
    for (const { data } of externalTensors(parseModel(source).graph)) locations.add(data.location);
  } catch {
    // What is wrong with the file is said, in its own words, when it is opened.
    return [];
  } finally {
    source.close();
  }
  const paths = new Set([...locations].filter(isSafePath).map((location) => posix.join(posix.dirname(file), location)));
  return all.filter((one) => paths.has(one.path) && !ordered.some((known) => known.path === one.path));
}

/** Progress at most four times a second, with the rate of the last seconds. */
function paceOf(ofBytes: number, onProgress: (progress: HubProgress) => void): (file: string, bytes: number) => void {
  let doneBytes = 0;
  let told = 0;
  const marks: [number, number][] = [];
  return (file, bytes) => {
    doneBytes += bytes;
    const now = Date.now();
    if (now - told < 250 && doneBytes < ofBytes) return;
    told = now;
    marks.push([now, doneBytes]);
    if (marks.length > 20) marks.shift();
    const [then, before] = marks[0]!;
    onProgress({ file, doneBytes, ofBytes, bytesPerSecond: now > then ? Math.max(0, ((doneBytes - before) * 1000) / (now - then)) : null });
  };
}

function refuse(error: Error): never {
  throw error;
}
