import type { ProblemError } from "../../protocol/index.js";
import { problem } from "../errors.js";

/** Every refusal of the servers' part, in one place. None holds a token, token ids or an address beyond host and model. */

export const badAddress = (why: string): ProblemError =>
  problem("remote/address", `An address of a server ${why}.`, {
    hint: "Addresses look like http://host:8000/v2/models/NAME or https://host/v2/models/NAME/versions/1.",
  });

export const credentialsInAddress = (): ProblemError =>
  problem("remote/address", "An address of a server holds a user name or password, which would end up in plans and results.", {
    hint: "Leave them out. A bearer token goes into LAYERSCOPE_ENGINE_TOKEN, or into VS Code's secret storage (Layerscope: Set Server Token).",
  });

export const badToken = (): ProblemError =>
  problem("remote/token", "The token for servers has characters that no token has.", {
    hint: "Set LAYERSCOPE_ENGINE_TOKEN to the bare token, without spaces or line breaks.",
  });

export const tokenInTheOpen = (host: string): ProblemError =>
  problem("remote/token-plain", `${host} is asked without encryption, so no token is sent there.`, {
    hint: "Use an https address, a tunnel to this machine, or unset the token.",
  });

export const needsToken = (host: string, status: number, sent: boolean): ProblemError =>
  problem("remote/token-refused", `${host} ${sent ? "does not accept the token" : "asks for a token"} (status ${status}).`, {
    hint: "Set LAYERSCOPE_ENGINE_TOKEN, or run Layerscope: Set Server Token in VS Code.",
  });

export const redirected = (host: string): ProblemError =>
  problem("remote/redirect", `${host} passes the request on to another address; that is not followed.`, {
    hint: "Name the address where the model really is.",
  });

/** What no authority's certificate would mend. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: "The certificate is for another name: give the address with the name that is in the certificate.",
  CERT_HAS_EXPIRED: "The certificate has expired: the server needs a new one.",
  CERT_NOT_YET_VALID: "The certificate is not valid yet: check the clocks of this machine and of the server.",
};

export const untrusted = (host: string, code: string): ProblemError =>
  problem("remote/certificate", `The certificate of ${host} is not trusted (${code}).`, {
    hint: HINTS[code] ?? "Name the certificate of its authority with NODE_EXTRA_CA_CERTS.",
  });

export const unreachable = (servers: readonly { host: string; why: string }[]): ProblemError =>
  problem("remote/unreachable", `${servers.length === 1 ? "The server cannot be used" : "None of the servers can be used"}: ${listed(servers)}.`, {
    hint: "Check that it runs, that the model is loaded, and that its address is the one given.",
  });

/** In the middle of a run, so that it can be resumed. */
export const lost = (servers: readonly { host: string; why: string }[]): ProblemError =>
  problem("remote/lost", `No server is left that answers: ${listed(servers)}.`, {
    hint: "A run with a folder keeps what has arrived: resume it when a server is back.",
  });

const listed = (servers: readonly { host: string; why: string }[]) => servers.map(({ host, why }) => `${host} (${why})`).join(", ");

export const refused = (host: string, status: number, details: string): ProblemError =>
  problem("remote/refused", `${host} cannot run a batch (status ${status}).`, {
    hint: "The server's log has the reason. A run with a folder keeps what has arrived.",
    ...(details ? { details } : {}),
  });

export const otherModel = (host: string, what: string): ProblemError =>
  problem("remote/other-model", `${host} does not serve this model: ${what}.`, {
    hint: "Export the model again with `layerscope export-model`, let the server load it, and give --model the folder it was made from.",
  });

export const noTaps = (host: string, taps: readonly string[]): ProblemError =>
  problem("remote/taps", `${host} gives out no ${taps.join(", ")}.`, {
    hint: `Export with --taps residual ${taps.map((tap) => `--taps '${tap}'`).join(" ")}.`,
  });

export const notRemote = (what: string): ProblemError =>
  problem("remote/not-here", `${what} cannot be computed on servers.`, { hint: "Run it on this machine, without --engine." });

export const disagreeing = (first: string, second: string): ProblemError =>
  problem("remote/disagree", `${first} and ${second} give other states for the same tokens, and neither proves which model it serves.`, {
    hint: "Name one of them only, or serve what `layerscope export-model` of this version writes: it tells the hash of its weights.",
  });

export const noNumbers = (host: string): ProblemError =>
  problem("remote/no-numbers", `${host} gives states that are no numbers (NaN), the embeddings among them, twice for the same tokens.`, {
    hint: "Look at the server's log and its graphics card, or run on this machine, without --engine.",
  });
