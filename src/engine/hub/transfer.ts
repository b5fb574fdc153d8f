import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { ProblemError } from "../../protocol/index.js";
import { rawText, throwIfAborted } from "../errors.js";
import { cannotWrite, cutTooOften, diskFull, strangeAnswer, wrongSize, wrongSum } from "./errors.js";
import type { Listed } from "./library.js";
import { refuse } from "./library.js";
import { explain, type RequestOptions, send } from "./request.js";
import { codeOf } from "./store.js";

export interface TransferOptions extends RequestOptions {
  readonly repo: string;
  readonly commit: string;
  /** Pause before asking again after a cut; doubles. */
  readonly patienceMs?: number;
  onBytes(bytes: number): void;
}

/** Cuts in a row without a byte of progress after which we stop asking. */
const MOST_CUTS = 5;

/**
 * Brings one file into `partial` and checks it. What an earlier, broken download left there is continued by a range request.
 * The library's own `downloadFileToCacheDir` begins each file anew, checks no checksum and cannot be cancelled, hence this.
 * @throws Problem `hub/checksum` and `hub/size` (the file is removed), `hub/cut` (it stays), `run/cancelled` (it stays)
 */
export async function transfer(file: Listed, partial: string, options: TransferOptions): Promise<void> {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const address = `${options.endpoint}/${options.repo}/resolve/${options.commit}/${path}`;
  const hash = sumOf(file);
  let got = await resumed(partial, file, hash);
  options.onBytes(got);
  let sum = hash;
  for (let cuts = 0; got < file.bytes || (file.bytes === 0 && cuts === 0); ) {
    throwIfAborted(options.signal);
    const before = got;
    try {
      const answer = await send(address, "GET", got > 0 ? { range: `bytes=${got}-` } : {}, options);
      if (answer.status === 429 || answer.status >= 500) throw Object.assign(new Error("busy"), { code: "ECONNRESET" });
      refuse(answer, options.repo, options.commit, options);
      if (answer.status === 200 && got > 0) {
        // The server knows no ranges: what is here counts for nothing.
        options.onBytes(-got);
        got = 0;
        sum = sumOf(file);
      } else if (answer.status === 206 && !startsAt(answer.headers["content-range"], got))
        throw strangeAnswer(answer.url.host, "another part of the file than was asked for");
      else if (answer.status !== 200 && answer.status !== 206) throw strangeAnswer(answer.url.host, `status ${answer.status}`);
      const disk = await open(partial, got === 0 ? "w" : "a").catch((error: unknown) => {
        throw cannotWrite(partial, codeOf(error));
      });
      try {
        for await (const piece of answer.body as AsyncIterable<Buffer>) {
          throwIfAborted(options.signal);
          if (got + piece.length > file.bytes) throw wrongSize(file.path, file.bytes);
          await disk.write(piece).catch((error: unknown) => {
            throw codeOf(error) === "ENOSPC" ? diskFull(file.bytes - got, 0, partial) : cannotWrite(partial, codeOf(error));
          });
          sum.update(piece);
          got += piece.length;
          options.onBytes(piece.length);
        }
      } finally {
        answer.body.destroy();
        await disk.close();
      }
      if (file.bytes === 0) break;
      if (got === before) cuts++;
    } catch (error) {
      const told = explain(error, new URL(options.endpoint).host, options.signal);
      if (["hub/size", "hub/strange-answer"].includes(told.problem.code)) await rm(partial, { force: true });
      if (told.problem.code !== "hub/unreachable") throw told;
      cuts = got > before ? 0 : cuts + 1;
      if (got === 0 && cuts > 1) throw told;
    }
    if (cuts >= MOST_CUTS) throw cutTooOften(file.path, got, file.bytes);
    if (got < file.bytes)
      await pause((options.patienceMs ?? 500) * 2 ** cuts, undefined, { signal: options.signal }).catch(() => throwIfAborted(options.signal));
  }
  if (sum.digest("hex") === file.oid) return;
  await rm(partial, { force: true });
  throw wrongSum(file.path);
}

/** sha256 for what Git LFS keeps; Git's own sum, with its head, for the rest. */
const sumOf = ({ oid, bytes }: Listed): Hash => (oid.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`));

const startsAt = (range: string | undefined, start: number): boolean => /^bytes (\d+)-/.exec(range ?? "")?.[1] === String(start);

/** How much of the file is here; the sum is brought up to there. */
async function resumed(partial: string, file: Listed, hash: Hash): Promise<number> {
  const size = await stat(partial).then(
    (s) => (s.isFile() ? s.size : 0),
    () => 0,
  );
  if (size > file.bytes) {
    await rm(partial, { force: true });
    return 0;
  }
  if (size === 0) return 0;
  try {
    for await (const piece of createReadStream(partial)) hash.update(piece as Buffer);
    return size;
  } catch (error) {
    throw error instanceof ProblemError ? error : cannotWrite(partial, rawText(codeOf(error)));
  }
}
