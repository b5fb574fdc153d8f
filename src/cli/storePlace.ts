import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { number, usageProblem } from "./options.js";

export const STORE_OPTIONS = { store: { type: "string" }, "no-store": { type: "boolean" }, "store-gb": { type: "string" } } as const;

export interface StoreWish {
  readonly store?: string;
  readonly "no-store"?: boolean;
  readonly "store-gb"?: string;
}

/** Where the platform keeps what can be made again. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform, home = homedir()): string {
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "layerscope", "Cache");
  if (platform === "darwin") return join(home, "Library", "Caches", "layerscope");
  return join(env["XDG_CACHE_HOME"] || join(home, ".cache"), "layerscope");
}

/** The folder of stored states: --store, LAYERSCOPE_STORE, the platform's cache folder; undefined with --no-store or LAYERSCOPE_STORE=off. */
export function storeFolder(wish: StoreWish, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (wish.store !== undefined && wish["no-store"]) throw usageProblem("--store and --no-store exclude each other.");
  if (wish["no-store"]) return undefined;
  if (wish.store !== undefined) return resolve(wish.store);
  const named = env["LAYERSCOPE_STORE"];
  if (named === "off") return undefined;
  return named ? resolve(named) : join(cacheFolder(env), "states");
}

/** Said once, when the folder is made without having been named: a run leaves something behind there. */
export function newStoreSaid(wish: StoreWish, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = storeFolder(wish, env);
  if (folder === undefined || wish.store !== undefined || env["LAYERSCOPE_STORE"] || existsSync(folder)) return undefined;
  return `States (no texts) are kept in ${folder} for the next audit; --no-store keeps none, \`layerscope store --clear\` deletes them.`;
}

/** The fields of a plan that say where states are kept. */
export function storePlan(wish: StoreWish): { storeFolder?: string; storeGigabytes?: number } {
  const folder = storeFolder(wish);
  const most = wish["store-gb"] ?? process.env["LAYERSCOPE_STORE_GB"];
  if (most === undefined || folder === undefined) return folder === undefined ? {} : { storeFolder: folder };
  const gigabytes = number("store-gb", most);
  if (gigabytes <= 0) throw usageProblem("--store-gb takes a number above 0; --no-store keeps nothing.");
  return { storeFolder: folder, storeGigabytes: gigabytes };
}
