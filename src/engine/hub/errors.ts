import type { HubToken, ProblemError } from "../../protocol/index.js";
import { problem } from "../errors.js";

/** Every refusal of the Hub's part. None holds a token, an address's query, or what a server sent. */

const WAY_ROUND = "Models that are in the cache already work without it. A mirror is named by HF_ENDPOINT, a proxy by HTTPS_PROXY.";

export const offlineByWish = (): ProblemError =>
  problem("hub/offline", "HF_HUB_OFFLINE is set, so the Hub is not asked.", { hint: "Unset it to download, or choose a model that is on this machine." });

export const unreachable = (host: string, why: string): ProblemError =>
  problem("hub/unreachable", `${host} cannot be reached (${why}).`, { hint: `Check the network. ${WAY_ROUND}` });

export const untrustedCertificate = (host: string, code: string): ProblemError =>
  problem("hub/certificate", `The certificate of ${host} is not trusted (${code}).`, {
    hint: "Behind a proxy that opens connections, name its certificate with NODE_EXTRA_CA_CERTS.",
  });

export const noModel = (repo: string, host: string): ProblemError =>
  problem("hub/not-found", `${host} shows no model named ${repo}: there is none, or it is private.`, {
    hint: "Check the name on the model's page. A private model needs an access token.",
  });

export const noRevision = (repo: string, revision: string): ProblemError =>
  problem("hub/not-found", `${repo} has no branch, tag or commit ${revision}.`, { hint: "Leave the revision out for the newest." });

export const needsTerms = (repo: string, host: string, withToken: boolean): ProblemError =>
  problem("hub/gated", `${repo} is gated: its terms must be accepted${withToken ? " by the owner of this token" : ""} before it can be downloaded.`, {
    hint: `Accept them on https://${host}/${repo} while signed in, then download with an access token of that account.`,
  });

export const badToken = (host: string): ProblemError =>
  problem("hub/token-refused", `${host} does not accept this access token.`, { hint: "Make a new one (read access is enough) in the account's settings." });

export const noToken = (from: HubToken["from"]): ProblemError =>
  problem(
    "hub/no-token",
    from === "env" ? "HF_TOKEN holds no access token." : from === "file" ? "There is no access token in the token file." : "That is no access token.",
    { hint: "`hf auth login` writes one, or set HF_TOKEN." },
  );

export const tokenInTheOpen = (host: string): ProblemError =>
  problem("hub/token-plain", `${host} is asked without encryption, so no access token is sent there.`, { hint: "Name an https address in HF_ENDPOINT." });

export const badEndpoint = (): ProblemError =>
  problem("hub/endpoint", "HF_ENDPOINT is not an http or https address.", { hint: "For example https://huggingface.co." });

export const badProxy = (): ProblemError =>
  problem("hub/proxy", "The proxy's address is not understood; http://host:port is.", { hint: "Check HTTPS_PROXY, or VS Code's http.proxy." });

export const proxyRefused = (status: number): ProblemError =>
  problem("hub/proxy", `The proxy refuses the connection (status ${status}).`, {
    hint: "Its user name and password go into HTTPS_PROXY: http://name:password@host:port.",
  });

export const refusedStatus = (host: string, status: number): ProblemError =>
  problem("hub/refused", `${host} answered with status ${status}.`, {
    hint: status === 429 ? "Too many requests from this network; wait some minutes, or use an access token." : "Try again later.",
  });

export const strangeAnswer = (host: string, what: string): ProblemError =>
  problem("hub/strange-answer", `${host} answered with ${what}.`, { hint: "Nothing was kept. A captive portal or a proxy may have answered in its place." });

export const badRedirect = (host: string, why: string): ProblemError =>
  problem("hub/redirect", `${host} passes the request on ${why}; that is not followed.`, { hint: "Nothing was kept." });

export const noOnnx = (repo: string): ProblemError =>
  problem("hub/no-onnx", `${repo} holds no .onnx file.`, {
    hint: `Look for an export of it (often onnx-community/${repo.replace(/^.*\//, "")}), or make one: optimum-cli export onnx --model ${repo} FOLDER.`,
  });

export const noSuchFile = (repo: string, file: string): ProblemError => problem("hub/no-file", `${repo} holds no file ${file} that can be downloaded.`);

export const changedSince = (repo: string): ProblemError =>
  problem("hub/changed", `What ${repo} offers is no longer what was confirmed.`, { hint: "Look at it again." });

export const wrongSum = (file: string): ProblemError =>
  problem("hub/checksum", `${file} arrived, but its checksum is not the one that the Hub states; it was removed.`, { hint: "Download it again." });

export const wrongSize = (file: string, stated: number): ProblemError =>
  problem("hub/size", `${file} is said to have ${stated} bytes, and more or fewer came; it was removed.`, { hint: "Download it again." });

export const cutTooOften = (file: string, got: number, of: number): ProblemError =>
  problem("hub/cut", `The connection was cut again and again: ${got} of ${of} bytes of ${file} are here.`, {
    hint: "What came is kept; download again to go on from there.",
  });

export const diskFull = (needed: number, free: number, folder: string): ProblemError =>
  problem("hub/disk-full", `The download needs ${needed} bytes; the disk of ${folder} has ${free} left.`, {
    hint: "Free some space, or set HF_HUB_CACHE to another disk.",
  });

export const cannotWrite = (folder: string, code: string): ProblemError =>
  problem("hub/cache", `The cache ${folder} cannot be written (${code}).`, {
    hint: "Check its rights, or set HF_HUB_CACHE to another folder.",
    where: { file: folder },
  });

export const inTheWay = (path: string): ProblemError =>
  problem("hub/in-the-way", `${path} is there already and is something else; it is not overwritten.`, {
    hint: "Move it away, then download again.",
    where: { file: path },
  });

export const busyElsewhere = (file: string): ProblemError =>
  problem("hub/busy", `Another window or program is downloading ${file} into the same cache.`, { hint: "Wait for it to end." });
