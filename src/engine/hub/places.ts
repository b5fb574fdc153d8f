import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HubToken } from "../../protocol/index.js";
import { noToken } from "./errors.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the Hub is and where its files are kept, by the variables that every Hugging Face library reads. */
export interface HubPlaces {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Holds `models--org--name` folders. */
  readonly cache: string;
  readonly tokenFile: string;
  /** HF_HUB_OFFLINE says that nothing may be asked. */
  readonly offline: boolean;
}

const expand = (path: string) => (path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path);
const said = (value: string | undefined) => (value === undefined || value.trim() === "" ? undefined : value.trim());

export function hubPlaces(env: Environment = process.env): HubPlaces {
  const home = expand(said(env["HF_HOME"]) ?? join(said(env["XDG_CACHE_HOME"]) ?? join(homedir(), ".cache"), "huggingface"));
  return {
    endpoint: (said(env["HF_ENDPOINT"]) ?? "https://huggingface.co").replace(/\/+$/, ""),
    cache: expand(said(env["HF_HUB_CACHE"]) ?? said(env["HUGGINGFACE_HUB_CACHE"]) ?? join(home, "hub")),
    tokenFile: expand(said(env["HF_TOKEN_PATH"]) ?? join(home, "token")),
    offline: /^(1|on|yes|true)$/i.test(env["HF_HUB_OFFLINE"] ?? ""),
  };
}

const fromEnvironment = (env: Environment) => said(env["HF_TOKEN"]) ?? said(env["HUGGING_FACE_HUB_TOKEN"]);

/** Which tokens this machine has, without reading the file. */
export function tokenSources(env: Environment = process.env): ("env" | "file")[] {
  return [...(fromEnvironment(env) ? (["env"] as const) : []), ...(existsSync(hubPlaces(env).tokenFile) ? (["file"] as const) : [])];
}

/**
 * The token that the user said may be used. It goes into one header and nowhere else.
 * @throws Problem `hub/no-token`
 */
export function readToken(token: HubToken | undefined, env: Environment = process.env): string | undefined {
  if (!token) return undefined;
  const found = token.from === "given" ? said(token.value) : token.from === "env" ? fromEnvironment(env) : fromFile(hubPlaces(env).tokenFile);
  if (!found || !/^[\x21-\x7e]{1,512}$/.test(found)) throw noToken(token.from);
  return found;
}

function fromFile(path: string): string | undefined {
  try {
    return statSync(path).size > 4096 ? undefined : said(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
