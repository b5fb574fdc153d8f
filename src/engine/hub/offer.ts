import type { HubFile, HubOffer, HubQuestion, Notice } from "../../protocol/index.js";
import { precisionByName, variantsOf } from "./choose.js";
import { noOnnx, offlineByWish } from "./errors.js";
import { type Listed, type Repository, readRepository } from "./library.js";
import { repoName, revisionName } from "./names.js";
import { type HubPlaces, hubPlaces, readToken } from "./places.js";
import type { RequestOptions } from "./request.js";
import { CacheFolder, freeBytes } from "./store.js";

/** Knobs of tests: another environment, less patience. */
export interface HubSettings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly silenceMs?: number;
  readonly patienceMs?: number;
}

export interface Asked {
  readonly repo: string;
  readonly revision: string;
  readonly places: HubPlaces;
  readonly folder: CacheFolder;
  readonly request: RequestOptions;
  readonly found: Repository;
}

/** Asks the Hub about a repository. @throws Problem of any `hub/…` code */
export async function ask(question: HubQuestion, settings: HubSettings, signal?: AbortSignal): Promise<Asked> {
  const repo = repoName(question.repo);
  const revision = revisionName(question.revision ?? "main");
  const env = settings.env ?? process.env;
  const places = hubPlaces(env);
  if (places.offline) throw offlineByWish();
  const token = readToken(question.token, env);
  const request = { endpoint: places.endpoint, token, proxy: question.proxy, env, signal, silenceMs: settings.silenceMs };
  return { repo, revision, places, folder: new CacheFolder(places.cache, repo), request, found: await readRepository(repo, revision, request) };
}

/**
 * What a repository offers: its .onnx files, each with its files, sizes and what is here already; licence, gate, space.
 * Nothing is written.
 * @throws Problem of any `hub/…` code
 */
export async function lookAtHub(question: HubQuestion, settings: HubSettings = {}, signal?: AbortSignal): Promise<HubOffer> {
  const { repo, revision, places, folder, found } = await ask(question, settings, signal);
  const groups = variantsOf(found.files);
  if (groups.length === 0) throw noOnnx(repo);
  const notices: Notice[] = [];
  if (found.unsafe > 0)
    notices.push({
      code: "hub/unsafe-names",
      message: `${found.unsafe} ${found.unsafe === 1 ? "entry" : "entries"} of this repository with an unsafe name or an unknown checksum ${found.unsafe === 1 ? "is" : "are"} left out.`,
    });
  const known = new Map<string, HubFile>();
  const shown = async (file: Listed): Promise<HubFile> => {
    const one = known.get(file.path) ?? { path: file.path, bytes: file.bytes, here: await folder.has(file, found.commit) };
    known.set(file.path, one);
    return one;
  };
  const variants = [];
  for (const { path, files } of groups) {
    const all = await Promise.all(files.map(shown));
    variants.push({ path, precision: precisionByName(path), files: all, bytes: sum(all), missingBytes: sum(all.filter((file) => !file.here)) });
  }
  return {
    repo,
    revision,
    commit: found.commit,
    host: new URL(places.endpoint).host,
    licence: found.licence,
    gated: found.gated,
    private: found.private,
    variants,
    folder: folder.path,
    freeBytes: await freeBytes(folder.path),
    notices,
  };
}

export const sum = (files: readonly { readonly bytes: number }[]): number => files.reduce((total, file) => total + file.bytes, 0);
