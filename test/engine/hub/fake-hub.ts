import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a fake Hub misbehaves. Changed by a test while it runs. */
export interface Mischief {
  /** Every transfer ends after this many bytes. */
  cutAfter?: number;
  /** Cuts stop after this many. */
  cuts?: number;
  /** Ranges are answered with the whole file. */
  ignoreRanges?: boolean;
  /** Ranges are answered with another part. */
  wrongRange?: boolean;
  /** Other bytes than the checksum's. */
  corrupt?: boolean;
  /** More bytes than stated. */
  oversize?: boolean;
  /** Never answers, or stops in the middle of a file. */
  silent?: "answer" | "body";
  /** Pause between pieces of 64 kB. */
  slowMs?: number;
  /** Where files are passed on to. */
  redirect?: string;
  /** Status and X-Error-Code of everything. */
  status?: readonly [number, string?];
  /** This token is asked for. */
  token?: string;
  /** The token is asked for files only, as for a gated model, whose list is public. */
  listsArePublic?: boolean;
  /** What is listed in place of the files. */
  tree?: unknown;
  /** What the model's page says in place of the truth. */
  info?: unknown;
  /** Entries a page. */
  pageSize?: number;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const gitSum = (bytes: Uint8Array) => createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** A small Hub on loopback: the model's page, the list of files, and the files with ranges and redirects, as the real one answers. */
export class FakeHub {
  readonly mischief: Mischief = {};
  /** `GET /path` of every request, with the token's presence and the range. */
  readonly seen: { method: string; url: string; range?: string; authorization?: string }[] = [];
  gated: false | "auto" | "manual" = false;
  licence: string | undefined = "apache-2.0";
  private readonly server: Server;

  private constructor(
    readonly repo: string,
    readonly files: ReadonlyMap<string, Uint8Array>,
    readonly lfs: (path: string) => boolean,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async start(files: ReadonlyMap<string, Uint8Array>, repo = "acme/tiny"): Promise<FakeHub> {
    const hub = new FakeHub(repo, files, (path) => /onnx/.test(path));
    await new Promise<void>((resolve) => hub.server.listen(0, "127.0.0.1", resolve));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  oid(path: string): string {
    const bytes = this.files.get(path)!;
    return this.lfs(path) ? sha256(bytes) : gitSum(bytes);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { mischief } = this;
    const { authorization } = request.headers;
    this.seen.push({
      method: request.method ?? "",
      url: request.url ?? "",
      ...(request.headers.range && { range: request.headers.range }),
      ...(authorization && { authorization }),
    });
    const url = new URL(request.url ?? "", this.url);
    const json = (value: unknown, headers = {}) => response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    const refuse = (status: number, code?: string) => response.writeHead(status, code ? { "x-error-code": code } : {}).end();
    if (mischief.silent === "answer") return;
    if (mischief.status) return void refuse(...mischief.status);
    const api = `/api/models/${this.repo}`;
    const known = url.pathname.startsWith(`${api}/`) || url.pathname.startsWith(`/${this.repo}/resolve/`) || url.pathname.startsWith("/cdn/");
    if (!known) return void refuse(401, "RepoNotFound");
    const open = url.pathname.startsWith("/cdn/") || (mischief.listsArePublic && url.pathname.startsWith("/api/"));
    if (mischief.token && !open && authorization !== `Bearer ${mischief.token}`) return void refuse(401, authorization ? undefined : "GatedRepo");
    if (url.pathname.startsWith(`${api}/revision/`)) {
      const revision = decodeURIComponent(url.pathname.slice(`${api}/revision/`.length));
      if (!["main", COMMIT].includes(revision)) return void refuse(404, "RevisionNotFound");
      return void json(
        mischief.info ?? {
          _id: "1",
          id: this.repo,
          sha: COMMIT,
          gated: this.gated,
          private: false,
          cardData: this.licence ? { license: this.licence } : {},
          lastModified: "2026-01-01T00:00:00Z",
          tags: [],
        },
      );
    }
    if (url.pathname.startsWith(`${api}/tree/`)) {
      const all = (mischief.tree as unknown[] | undefined) ?? this.tree();
      const size = mischief.pageSize ?? 1000;
      const at = Number(url.searchParams.get("cursor") ?? 0);
      const next = at + size < all.length ? { link: `<${this.url}${url.pathname}?recursive=true&cursor=${at + size}>; rel="next"` } : {};
      return void json(all.slice(at, at + size), next);
    }
    const path = decodeURIComponent(url.pathname.replace(/^\/cdn\//, "").replace(new RegExp(`^/${this.repo}/resolve/[^/]+/`), ""));
    if (mischief.redirect && !url.pathname.startsWith("/cdn/"))
      return void response.writeHead(302, { location: mischief.redirect.replace("PATH", path) }).end();
    await this.give(path, request, response);
  }

  private async give(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { mischief } = this;
    let bytes = this.files.get(path);
    if (!bytes) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
    if (mischief.corrupt) bytes = bytes.map((byte, i) => (i === 7 ? byte ^ 1 : byte));
    if (mischief.oversize) bytes = Buffer.concat([bytes, Buffer.alloc(10)]);
    const asked = mischief.ignoreRanges ? undefined : /^bytes=(\d+)-/.exec(request.headers.range ?? "");
    const from = asked ? Number(asked[1]) + (mischief.wrongRange ? 1 : 0) : 0;
    const rest = bytes.subarray(from);
    response.writeHead(asked ? 206 : 200, {
      "content-length": rest.length,
      ...(asked && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    const cut = mischief.cutAfter !== undefined && (mischief.cuts === undefined || mischief.cuts-- > 0) ? mischief.cutAfter : Number.POSITIVE_INFINITY;
    for (let at = 0; at < rest.length; at += 65_536) {
      const piece = rest.subarray(at, Math.min(at + 65_536, cut));
      if (piece.length > 0) await new Promise<void>((resolve) => response.write(piece, () => resolve()));
      if (mischief.silent === "body") return;
      // The line ends, what was sent arrives.
      if (at + 65_536 >= cut) return void response.socket?.end();
      if (mischief.slowMs) await new Promise((resolve) => setTimeout(resolve, mischief.slowMs));
      if (response.destroyed) return;
    }
    response.end();
  }

  tree(): unknown[] {
    return [...this.files].map(([path, bytes]) => ({
      type: "file",
      path,
      size: bytes.length,
      oid: gitSum(this.lfs(path) ? Buffer.from(`pointer of ${path}`) : bytes),
      ...(this.lfs(path) && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } }),
    }));
  }
}
