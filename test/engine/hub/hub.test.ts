import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { downloadFromHub, lookAtHub } from "../../../src/engine/hub/index.js";
import { openModel } from "../../../src/engine/model/index.js";
import { type HubOrder, type HubProgress, type Problem, ProblemError } from "../../../src/protocol/index.js";
import { writeTiny } from "../../fixtures/models.js";
import { COMMIT, FakeHub } from "./fake-hub.js";

const root = mkdtempSync(join(tmpdir(), "layerscope-hub-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const SECRET = "hf_aSecretThatNobodyShouldSee";
const files = new Map<string, Uint8Array>();
let hub: FakeHub;
let cache: string;
let count = 0;

beforeAll(() => {
  const tiny = writeTiny(join(root, "source"), { external: "model.onnx_data", blocks: 2 });
  const read = (path: string) => readFileSync(join(tiny.folder, path));
  for (const path of ["config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx", "onnx/model.onnx_data"]) files.set(path, read(path));
  files.set("onnx/model_q4.onnx", readFileSync(writeTiny(join(root, "inline"), { blocks: 2 }).path));
  files.set("chat_template.jinja", Buffer.from("{{ messages }}"));
  files.set("README.md", Buffer.from("# tiny"));
  files.set("model.safetensors", Buffer.alloc(1000));
  files.set("pytorch_model.bin", Buffer.alloc(1000));
  // Three pieces of 64 kB and some.
  files.set("onnx/big.onnx", Buffer.from(Uint8Array.from({ length: 200_001 }, (_, i) => (i * 7919) >>> 3)));
});
beforeEach(async () => {
  hub = await FakeHub.start(files);
  cache = join(root, `cache ${count++}`);
});
afterEach(() => hub.stop());

const settings = (env: Record<string, string> = {}) => ({
  env: { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, NO_PROXY: "*", ...env },
  silenceMs: 400,
  patienceMs: 1,
});
const look = (repo = hub.repo, env = {}) => lookAtHub({ repo }, settings(env));
async function orderOf(file = "onnx/model.onnx"): Promise<HubOrder> {
  const offer = await look();
  return { repo: offer.repo, commit: offer.commit, revision: "main", file, bytes: offer.variants.find((v) => v.path === file)!.bytes };
}
const at = (...path: string[]) => join(cache, "models--acme--tiny", ...path);
const snapshot = (path: string) => at("snapshots", COMMIT, ...path.split("/"));
const blobs = () => (existsSync(at("blobs")) ? readdirSync(at("blobs")).sort() : []);

async function refusal(action: () => unknown): Promise<Problem> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(JSON.stringify(error.problem)).not.toContain(SECRET);
    return error.problem;
  }
  throw new Error("was not refused");
}

describe("what a repository offers", () => {
  it("lists each .onnx file with its data, configuration and tokenizer, and nothing else", async () => {
    const offer = await look();
    expect(offer).toMatchObject({ repo: "acme/tiny", commit: COMMIT, licence: "apache-2.0", gated: false, private: false, folder: at(), notices: [] });
    expect(offer.freeBytes).toBeGreaterThan(0);
    expect(offer.variants.map((v) => [v.path, v.precision])).toEqual([
      ["onnx/model.onnx", "float32"],
      ["onnx/model_q4.onnx", "int4 weights"],
      ["onnx/big.onnx", ""],
    ]);
    expect(offer.variants[0]!.files.map((f) => f.path)).toEqual([
      "onnx/model.onnx",
      "onnx/model.onnx_data",
      "config.json",
      "tokenizer.json",
      "tokenizer_config.json",
      "chat_template.jinja",
    ]);
    expect(offer.variants[0]!.bytes).toBe(offer.variants[0]!.files.reduce((n, f) => n + f.bytes, 0));
    expect(offer.variants[0]!.missingBytes).toBe(offer.variants[0]!.bytes);
    // Looking writes nothing and fetches no file.
    expect(existsSync(cache)).toBe(false);
    expect(hub.seen.every(({ url }) => url.startsWith("/api/"))).toBe(true);
  });

  it("reads lists of several pages, and an address in place of a name", async () => {
    hub.mischief.pageSize = 2;
    expect((await look(`${hub.url}/acme/tiny/tree/main/onnx`)).variants).toHaveLength(3);
  });

  it.each(["", "a b", "../x", "acme/../tiny", "acme/tiny/extra/", "acme/ti--ny", "-x/y", "acme/tiny.git", "a/b?c", "a/b#c"])(
    "%j is no name, and nobody is asked",
    async (name) => {
      expect((await refusal(() => look(name))).code).toBe("hub/bad-name");
      expect(hub.seen).toEqual([]);
    },
  );

  it("says that a repository has no .onnx file, and where one may be", async () => {
    hub.mischief.tree = [{ type: "file", path: "model.safetensors", size: 5, oid: "a".repeat(40) }];
    expect(await refusal(look)).toEqual({
      code: "hub/no-onnx",
      message: "acme/tiny holds no .onnx file.",
      hint: "Look for an export of it (often onnx-community/tiny), or make one: optimum-cli export onnx --model acme/tiny FOLDER.",
    });
  });

  it("leaves out names that would leave the folder, checksums that are none, sizes that are none", async () => {
    const good = { type: "file", path: "model.onnx", size: 5, oid: "a".repeat(40) };
    const bad = [
      "../evil.onnx",
      "/etc/evil.onnx",
      "a/../../evil.onnx",
      "a\\..\\evil.onnx",
      "C:\\evil.onnx",
      "a/./x.onnx",
      "a\0.onnx",
      "con.onnx",
      "x%2e.onnx",
      "a//b.onnx",
      "",
    ];
    const others = [
      { ...good, path: "oid.onnx", oid: "../../../evil" },
      { ...good, path: "lfs.onnx", lfs: { oid: `${"a".repeat(63)}/`, size: 5 } },
      { ...good, path: "size.onnx", size: -1 },
      { ...good, path: 7 },
    ];
    hub.mischief.tree = [good, ...bad.map((path) => ({ ...good, path })), ...others];
    const offer = await look();
    expect(offer.variants.map((v) => v.path)).toEqual(["model.onnx"]);
    expect(offer.notices.map((n) => n.message)).toEqual([
      `${bad.length + others.length} entries of this repository with an unsafe name or an unknown checksum are left out.`,
    ]);
  });
});

describe("a download", () => {
  it("fills the cache as Python's library does, and the model opens from there", async () => {
    const seen: HubProgress[] = [];
    const order = await orderOf();
    const result = await downloadFromHub(order, (progress) => seen.push(progress), settings());
    expect(result).toEqual({ path: snapshot("onnx/model.onnx"), downloadedBytes: order.bytes, wanted: [], notices: [] });
    for (const path of ["onnx/model.onnx", "onnx/model.onnx_data", "config.json", "tokenizer.json"]) {
      expect(lstatSync(snapshot(path)).isSymbolicLink()).toBe(true);
      expect(readlinkSync(snapshot(path))).toBe(`${path.includes("/") ? "../../../" : "../../"}blobs/${hub.oid(path)}`);
      expect(readFileSync(snapshot(path)).equals(files.get(path)!)).toBe(true);
    }
    expect(existsSync(snapshot("README.md"))).toBe(false);
    expect(readFileSync(at("refs", "main"), "utf8")).toBe(COMMIT);
    expect(blobs()).toEqual(
      ["onnx/model.onnx", "onnx/model.onnx_data", "config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]
        .map((p) => hub.oid(p))
        .sort(),
    );
    expect(readdirSync(join(cache, ".locks", "models--acme--tiny"))).toEqual([]);
    expect(seen.at(-1)).toMatchObject({ doneBytes: order.bytes, ofBytes: order.bytes });
    const model = await openModel(at("snapshots", COMMIT), { provider: "cpu", threads: 1 });
    expect(model.card).toMatchObject({ name: "acme/tiny", path: snapshot("onnx/model.onnx") });
    await model.close();
    // What is here is neither fetched nor written again.
    const before = statSync(at("blobs", hub.oid("onnx/model.onnx"))).mtimeMs;
    hub.seen.length = 0;
    expect((await look()).variants[0]).toMatchObject({ missingBytes: 0 });
    expect((await downloadFromHub(order, undefined, settings())).downloadedBytes).toBe(0);
    expect(hub.seen.some(({ url }) => url.includes("/resolve/"))).toBe(false);
    expect(statSync(at("blobs", hub.oid("onnx/model.onnx"))).mtimeMs).toBe(before);
  });

  it("goes on where the line was cut, by ranges, as often as it takes", async () => {
    Object.assign(hub.mischief, { cutAfter: 70_000 });
    const order = await orderOf("onnx/big.onnx");
    await downloadFromHub(order, undefined, settings());
    const starts = hub.seen.filter(({ url }) => url.includes("big.onnx")).map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]));
    // What was on its way when the line was cut may be lost; nothing is fetched from the start again.
    expect(starts[0]).toBe(0);
    expect(starts.length).toBeGreaterThan(2);
    for (let i = 1; i < starts.length; i++) expect(starts[i]).toBeGreaterThan(starts[i - 1]!);
    expect(readFileSync(snapshot("onnx/big.onnx")).equals(files.get("onnx/big.onnx")!)).toBe(true);
  });

  it("gives up a line that is cut without progress, keeps what came, and the next download goes on from there", async () => {
    const order = await orderOf("onnx/big.onnx");
    Object.assign(hub.mischief, { cutAfter: 70_000, cuts: 1 });
    const silence = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (hub.mischief.cuts !== 0) return;
        hub.mischief.silent = "answer";
        clearInterval(timer);
        resolve();
      }, 1);
    });
    const told = await refusal(() => downloadFromHub(order, undefined, { ...settings(), silenceMs: 60, patienceMs: 20 }));
    await silence;
    expect(told).toMatchObject({
      code: "hub/cut",
      message: expect.stringMatching(/^The connection was cut again and again: \d+ of 200001 bytes of onnx\/big\.onnx are here\.$/),
    });
    const kept = statSync(at("blobs", `${hub.oid("onnx/big.onnx")}.layerscope.incomplete`)).size;
    expect(kept).toBeGreaterThan(0);
    expect(told.message).toContain(` ${kept} of `);
    expect(existsSync(snapshot("onnx/big.onnx"))).toBe(false);
    hub.mischief.silent = undefined;
    hub.seen.length = 0;
    await downloadFromHub(order, undefined, settings());
    expect(hub.seen.find(({ url }) => url.includes("big.onnx"))?.range).toBe(`bytes=${kept}-`);
    expect(readFileSync(snapshot("onnx/big.onnx")).equals(files.get("onnx/big.onnx")!)).toBe(true);
  });

  it("a server that falls silent in the middle is asked again", async () => {
    const order = await orderOf("onnx/big.onnx");
    hub.mischief.silent = "body";
    setTimeout(() => Object.assign(hub.mischief, { silent: undefined }), 150);
    await downloadFromHub(order, undefined, { ...settings(), silenceMs: 200 });
    expect(readFileSync(snapshot("onnx/big.onnx")).equals(files.get("onnx/big.onnx")!)).toBe(true);
    expect(hub.seen.filter(({ url }) => url.includes("big.onnx")).length).toBeGreaterThan(1);
  });

  it("begins anew where the server knows no ranges, and refuses another part than was asked for", async () => {
    const order = await orderOf("onnx/big.onnx");
    Object.assign(hub.mischief, { cutAfter: 70_000, cuts: 1, ignoreRanges: true });
    await downloadFromHub(order, undefined, settings());
    expect(readFileSync(snapshot("onnx/big.onnx")).equals(files.get("onnx/big.onnx")!)).toBe(true);
    rmSync(cache, { recursive: true });
    Object.assign(hub.mischief, { cutAfter: 70_000, cuts: 1, ignoreRanges: false, wrongRange: true });
    expect((await refusal(() => downloadFromHub(order, undefined, settings()))).code).toBe("hub/strange-answer");
    expect(blobs().filter((name) => name.includes(hub.oid("onnx/big.onnx")))).toEqual([]);
  });

  it("refuses a file whose checksum is wrong, and removes it", async () => {
    hub.mischief.corrupt = true;
    const order = await orderOf();
    expect(await refusal(() => downloadFromHub(order, undefined, settings()))).toMatchObject({
      code: "hub/checksum",
      message: "onnx/model.onnx arrived, but its checksum is not the one that the Hub states; it was removed.",
    });
    expect(blobs()).toEqual([]);
    expect(existsSync(snapshot("onnx/model.onnx"))).toBe(false);
    // A broken part from before is found out as well.
    hub.mischief.corrupt = false;
    writeFileSync(at("blobs", `${hub.oid("onnx/model.onnx")}.layerscope.incomplete`), "not its beginning");
    expect((await refusal(() => downloadFromHub(order, undefined, settings()))).code).toBe("hub/checksum");
    expect((await downloadFromHub(order, undefined, settings())).downloadedBytes).toBe(order.bytes);
  });

  it("stops at the size that was stated", async () => {
    hub.mischief.oversize = true;
    const order = await orderOf();
    expect(await refusal(() => downloadFromHub(order, undefined, settings()))).toMatchObject({ code: "hub/size" });
    expect(blobs()).toEqual([]);
  });

  it("brings only what was confirmed: another sum, another commit, another file are refused", async () => {
    const order = await orderOf();
    expect((await refusal(() => downloadFromHub({ ...order, bytes: order.bytes - 1 }, undefined, settings()))).code).toBe("hub/changed");
    expect((await refusal(() => downloadFromHub({ ...order, commit: "f".repeat(40) }, undefined, settings()))).code).toBe("hub/not-found");
    expect((await refusal(() => downloadFromHub({ ...order, file: "onnx/other.onnx" }, undefined, settings()))).code).toBe("hub/no-file");
    expect((await refusal(() => downloadFromHub({ ...order, also: ["../../evil"] }, undefined, settings()))).code).toBe("hub/no-file");
    expect(existsSync(cache)).toBe(false);
  });

  it("asks again for weights that only the graph names", async () => {
    const odd = writeTiny(join(root, `odd-${count}`), { external: "strange-name.bin", file: "model.onnx" });
    await hub.stop();
    hub = await FakeHub.start(
      new Map([
        ["model.onnx", readFileSync(odd.path)],
        ["strange-name.bin", readFileSync(join(odd.folder, "strange-name.bin"))],
      ]),
    );
    const order = await orderOf("model.onnx");
    const first = await downloadFromHub(order, undefined, settings());
    expect(first.wanted).toEqual([{ path: "strange-name.bin", bytes: hub.files.get("strange-name.bin")!.length, here: false }]);
    expect(existsSync(snapshot("strange-name.bin"))).toBe(false);
    const second = await downloadFromHub({ ...order, also: ["strange-name.bin"], bytes: order.bytes + first.wanted[0]!.bytes }, undefined, settings());
    expect(second.wanted).toEqual([]);
    expect(existsSync(snapshot("strange-name.bin"))).toBe(true);
  });

  it("is cancelled at once, and goes on later", async () => {
    hub.mischief.slowMs = 300;
    const order = await orderOf("onnx/big.onnx");
    const stop = new AbortController();
    const from = Date.now();
    const told = refusal(() => downloadFromHub(order, ({ doneBytes }) => doneBytes > 0 && stop.abort(), settings(), stop.signal));
    expect((await told).code).toBe("run/cancelled");
    expect(Date.now() - from).toBeLessThan(2000);
    expect(statSync(at("blobs", `${hub.oid("onnx/big.onnx")}.layerscope.incomplete`)).size).toBeGreaterThan(0);
    hub.mischief.slowMs = 0;
    await downloadFromHub(order, undefined, settings());
    expect(readFileSync(snapshot("onnx/big.onnx")).equals(files.get("onnx/big.onnx")!)).toBe(true);
  });

  it("overwrites nothing: a file in its place, a branch's note, another writer", async () => {
    const order = await orderOf();
    mkdirSync(join(snapshot("config.json"), ".."), { recursive: true });
    writeFileSync(snapshot("config.json"), "mine");
    expect(await refusal(() => downloadFromHub(order, undefined, settings()))).toMatchObject({ code: "hub/in-the-way" });
    expect(readFileSync(snapshot("config.json"), "utf8")).toBe("mine");
    rmSync(snapshot("config.json"));
    mkdirSync(at("refs"));
    writeFileSync(at("refs", "main"), "e".repeat(40));
    expect((await downloadFromHub(order, undefined, settings())).notices.map((n) => n.code)).toEqual(["hub/ref-kept"]);
    expect(readFileSync(at("refs", "main"), "utf8")).toBe("e".repeat(40));
    const lock = join(cache, ".locks", "models--acme--tiny", `${hub.oid("onnx/big.onnx")}.layerscope.lock`);
    writeFileSync(lock, String(process.pid));
    const big = await orderOf("onnx/big.onnx");
    expect((await refusal(() => downloadFromHub(big, undefined, settings()))).message).toBe(
      "Another window or program is downloading onnx/big.onnx into the same cache.",
    );
    // Left behind by a process that is gone.
    writeFileSync(lock, "999999999");
    expect((await downloadFromHub(big, undefined, settings())).downloadedBytes).toBeGreaterThan(0);
  });
});

describe("a Hub that refuses", () => {
  const told = async (env = {}) => refusal(() => look(hub.repo, env));

  it("gated, private, unknown, busy, broken: one sentence each", async () => {
    hub.mischief.token = SECRET;
    expect(await told()).toMatchObject({ code: "hub/gated", message: "acme/tiny is gated: its terms must be accepted before it can be downloaded." });
    hub.mischief.token = undefined;
    const { host } = new URL(hub.url);
    expect(await refusal(() => look("acme/none"))).toMatchObject({
      code: "hub/not-found",
      message: `${host} shows no model named acme/none: there is none, or it is private.`,
    });
    expect(await refusal(() => lookAtHub({ repo: hub.repo, revision: "v9" }, settings()))).toMatchObject({
      message: "acme/tiny has no branch, tag or commit v9.",
    });
    hub.mischief.status = [429];
    expect(await told()).toMatchObject({ code: "hub/refused", message: `${host} answered with status 429.` });
    hub.mischief.status = undefined;
    hub.mischief.info = "a page";
    expect((await told()).code).toBe("hub/strange-answer");
    hub.mischief.info = undefined;
    hub.mischief.tree = "no list";
    expect((await told()).code).toMatch(/^hub\/(strange-answer|no-onnx)$/);
  });

  it("is away, silent or switched off", async () => {
    const { host } = new URL(hub.url);
    hub.mischief.silent = "answer";
    expect(await told()).toMatchObject({ code: "hub/unreachable", message: `${host} cannot be reached (no answer came in time).` });
    expect(await told({ HF_ENDPOINT: "http://127.0.0.1:1" })).toMatchObject({ message: "127.0.0.1:1 cannot be reached (the connection is refused)." });
    expect(await told({ HF_ENDPOINT: "http://no-such-host.invalid" })).toMatchObject({ code: "hub/unreachable" });
    expect(await told({ HF_HUB_OFFLINE: "1" })).toMatchObject({ code: "hub/offline", message: "HF_HUB_OFFLINE is set, so the Hub is not asked." });
    expect(await told({ HF_ENDPOINT: "file:///etc" })).toMatchObject({ code: "hub/endpoint" });
  });
});

describe("an access token", () => {
  it("is read only when told to, from the place that was named, and goes to the Hub alone", async () => {
    hub.mischief.token = SECRET;
    const tokenFile = join(root, "token");
    writeFileSync(tokenFile, `${SECRET}\n`);
    const env = { HF_TOKEN: SECRET, HF_TOKEN_PATH: tokenFile };
    expect((await refusal(() => lookAtHub({ repo: hub.repo }, settings(env)))).code).toBe("hub/gated");
    expect(hub.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
    for (const token of [{ from: "env" }, { from: "file" }, { from: "given", value: SECRET }] as const)
      expect((await lookAtHub({ repo: hub.repo, token }, settings(env))).variants).toHaveLength(3);
    expect(await refusal(() => lookAtHub({ repo: hub.repo, token: { from: "given", value: "hf_other" } }, settings()))).toMatchObject({
      code: "hub/token-refused",
    });
    for (const from of ["env", "file"] as const)
      expect((await refusal(() => lookAtHub({ repo: hub.repo, token: { from } }, settings({ HF_HOME: `${root}/none` })))).code).toBe("hub/no-token");
    // Files lie elsewhere; the token does not go there.
    const elsewhere = await FakeHub.start(files);
    try {
      hub.mischief.redirect = `${elsewhere.url}/cdn/PATH`;
      const offer = await lookAtHub({ repo: hub.repo, token: { from: "env" } }, settings(env));
      const { path: file, bytes } = offer.variants[0]!;
      await downloadFromHub({ repo: hub.repo, commit: offer.commit, file, bytes, token: { from: "env" } }, undefined, settings(env));
      expect(elsewhere.seen.length).toBeGreaterThan(3);
      expect(elsewhere.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
    } finally {
      await elsewhere.stop();
    }
  });

  it("a gated model: its list is public, its files are not; what a token brings goes into the same cache", async () => {
    Object.assign(hub, { gated: "manual" });
    Object.assign(hub.mischief, { token: SECRET, listsArePublic: true });
    const offer = await look();
    expect(offer.gated).toBe("manual");
    const order = await orderOf();
    expect(await refusal(() => downloadFromHub(order, undefined, settings()))).toMatchObject({
      code: "hub/gated",
      hint: `Accept them on https://${offer.host}/acme/tiny while signed in, then download with an access token of that account.`,
    });
    expect(blobs()).toEqual([]);
    await downloadFromHub({ ...order, token: { from: "given", value: SECRET } }, undefined, settings());
    expect(existsSync(snapshot("onnx/model.onnx"))).toBe(true);
  });

  it("is not sent without encryption to another machine", async () => {
    expect(
      (await refusal(() => lookAtHub({ repo: hub.repo, token: { from: "given", value: SECRET } }, settings({ HF_ENDPOINT: "http://mirror.invalid" })))).code,
    ).toBe("hub/token-plain");
  });
});

describe("redirects and proxies", () => {
  it("strange redirects are not followed", async () => {
    const order = await orderOf();
    for (const [to, why] of [
      ["file:///etc/passwd", "to something that is no web address"],
      [`${hub.url}/acme/tiny/resolve/main/PATH`, "more than 5 times"],
    ] as const) {
      hub.mischief.redirect = to;
      expect(await refusal(() => downloadFromHub(order, undefined, settings()))).toMatchObject({ code: "hub/redirect", message: expect.stringContaining(why) });
    }
  });

  it("a proxy is asked in place of the Hub, and NO_PROXY is heeded", async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`);
      response.writeHead(407).end();
    });
    proxy.on("connect", (_request, socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      const env = { NO_PROXY: "", HTTP_PROXY: `http://me:word@${address}` };
      expect((await refusal(() => look(hub.repo, env))).code).toBe("hub/refused");
      expect(asked[0]).toBe(
        `${hub.url}/api/models/acme/tiny/revision/main?${asked[0]!.split("?")[1]!.split(" ")[0]} Basic ${Buffer.from("me:word").toString("base64")}`,
      );
      expect(hub.seen).toEqual([]);
      expect((await look(hub.repo, { ...env, NO_PROXY: "127.0.0.1" })).variants).toHaveLength(3);
      // Told by the editor.
      expect((await refusal(() => lookAtHub({ repo: hub.repo, proxy: `http://${address}` }, settings({ NO_PROXY: "" })))).code).toBe("hub/refused");
      // A tunnel for https.
      expect((await refusal(() => look(hub.repo, { NO_PROXY: "", HTTPS_PROXY: `http://${address}`, HF_ENDPOINT: "https://hub.invalid" }))).message).toBe(
        "The proxy refuses the connection (status 407).",
      );
      expect((await refusal(() => look(hub.repo, { NO_PROXY: "", HTTP_PROXY: "socks5://x:1" }))).code).toBe("hub/proxy");
    } finally {
      await new Promise((resolve) => proxy.close(resolve));
    }
  });
});
