import { type HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { ProblemError } from "../../protocol/index.js";
import { badEndpoint, badToken, needsTerms, noModel, noRevision, refusedStatus, strangeAnswer } from "./errors.js";
import { isCommit, isOid, isSafePath } from "./names.js";
import { type Answer, explain, type RequestOptions, send } from "./request.js";

/** Answers about a repository are small; a larger one is no answer of the Hub. */
const MOST_BYTES = 32 << 20;
/** More files than any repository of models has. */
const MOST_FILES = 100_000;

/** A file as the Hub lists it, its name and checksum checked. */
export interface Listed {
  readonly path: string;
  readonly bytes: number;
  /** sha256 (64 digits) of a file in Git LFS, else Git's own sha1 of the blob (40). Names the file in the cache. */
  readonly oid: string;
}

export interface Repository {
  readonly commit: string;
  readonly licence?: string;
  readonly gated: false | "auto" | "manual";
  readonly private: boolean;
  readonly files: readonly Listed[];
  /** Entries that no file system should see. */
  readonly unsafe: number;
}

/**
 * What @huggingface/hub tells about a repository: commit, licence, gate, files with sizes and checksums.
 * @throws Problem of any `hub/…` code
 */
export async function readRepository(repo: string, revision: string, options: RequestOptions): Promise<Repository> {
  if (!/^https?:\/\/[^/]+/.test(options.endpoint) || !URL.canParse(options.endpoint)) throw badEndpoint();
  const { host } = new URL(options.endpoint);
  const common = { hubUrl: options.endpoint, fetch: fetchFor(options, repo, revision) };
  try {
    const info = await modelInfo({ name: repo, revision, additionalFields: ["sha", "cardData", "tags"], ...common });
    if (!isCommit(info.sha)) throw strangeAnswer(host, "no commit");
    const files: Listed[] = [];
    let unsafe = 0;
    // The commit, not the branch: what is shown is what is downloaded.
    for await (const { type, path, size, oid, lfs } of listFiles({ repo, revision: info.sha, recursive: true, ...common })) {
      if (files.length + unsafe >= MOST_FILES) throw strangeAnswer(host, `more than ${MOST_FILES} files`);
      if (type !== "file") continue;
      const listed = { path, bytes: lfs?.size ?? size, oid: lfs?.oid ?? oid };
      if (typeof path === "string" && isSafePath(path) && Number.isSafeInteger(listed.bytes) && listed.bytes >= 0 && isOid(listed.oid))
        files.push(listed as Listed);
      else unsafe++;
    }
    const licence = info.cardData?.license ?? (info.tags as unknown as string[] | undefined)?.find((tag) => tag.startsWith("license:"))?.slice(8);
    return {
      commit: info.sha,
      ...(typeof licence === "string" && { licence: licence.slice(0, 100) }),
      gated: info.gated === "auto" || info.gated === "manual" ? info.gated : false,
      private: info.private === true,
      files,
      unsafe,
    };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    if (isApiError(error)) throw refusedStatus(host, error.statusCode);
    // The library takes whatever parses; a page of something else ends here.
    if (error instanceof SyntaxError || error instanceof TypeError) throw strangeAnswer(host, "something that is no list of files");
    throw explain(error, host, options.signal);
  }
}

const isApiError = (error: unknown): error is HubApiError => error instanceof Error && typeof (error as { statusCode?: unknown }).statusCode === "number";

/** The library's `fetch`: our own requests, refusals in plain words, answers of bounded size. */
function fetchFor(options: RequestOptions, repo: string, revision: string): typeof fetch {
  return async (input, init) => {
    const headers = Object.fromEntries(new globalThis.Headers(init?.headers).entries());
    const answer = await send(String(input), init?.method ?? "GET", headers, options);
    const text = await textOf(answer, options);
    refuse(answer, repo, revision, options);
    return new Response(text, { status: answer.status, headers: { "content-type": "application/json", ...linkOf(answer, options) } });
  };
}

/** The next page of a list may lie on the Hub only. */
function linkOf({ headers }: Answer, { endpoint }: RequestOptions): Record<string, string> {
  const link = headers.link;
  const next = link === undefined ? undefined : /<([^>]+)>;\s*rel="?next"?/.exec(String(link))?.[1];
  return next && URL.canParse(next, endpoint) && new URL(next, endpoint).origin === new URL(endpoint).origin
    ? { link: `<${new URL(next, endpoint).href}>; rel="next"` }
    : {};
}

/** What a status of the Hub means. It answers 401 also for names that do not exist, so that private ones are not given away. */
export function refuse({ status, headers }: Answer, repo: string, revision: string, { endpoint, token }: RequestOptions): void {
  if (status < 400) return;
  const { host } = new URL(endpoint);
  const code = headers["x-error-code"];
  if (code === "GatedRepo" || status === 403) throw needsTerms(repo, host, token !== undefined);
  if (code === "RevisionNotFound") throw noRevision(repo, revision);
  if (code === "RepoNotFound" || status === 404) throw noModel(repo, host);
  if (status === 401) throw token === undefined ? noModel(repo, host) : badToken(host);
  throw refusedStatus(host, status);
}

async function textOf({ body, url }: Answer, options: RequestOptions): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > MOST_BYTES) throw strangeAnswer(url.host, `more than ${MOST_BYTES} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    throw explain(error, url.host, options.signal);
  }
  return Buffer.concat(pieces).toString("utf8");
}
