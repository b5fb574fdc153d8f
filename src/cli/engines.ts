import { createInterface } from "node:readline/promises";
import { addressesOf, hostsBeyond } from "../engine/remote/address.js";
import { usageProblem } from "./options.js";
import { plain } from "./terminal.js";

/** Options of commands that may run on servers. */
export const ENGINE_OPTIONS = { engine: { type: "string", multiple: true }, yes: { type: "boolean" } } as const;

/**
 * Says which hosts will see token ids, and asks before the first byte leaves for one beyond this machine.
 * @returns the addresses of a plan; undefined without `--engine`, or when the answer is no
 * @throws Problem `remote/address`; a usage problem where nobody can be asked
 */
export async function agreedEngines(wanted: readonly string[] | undefined, yes: boolean): Promise<{ endpoints?: readonly string[]; refused: boolean }> {
  if (!wanted || wanted.length === 0) return { refused: false };
  const addresses = addressesOf(wanted);
  const beyond = hostsBeyond(wanted);
  const hosts = [...new Set(addresses.map(({ host }) => host))];
  process.stderr.write(`${plain(`The token ids of the texts go to ${hosts.join(", ")}, which can turn them back into the texts; nothing else goes there.`)}\n`);
  const endpoints = addresses.map(({ href }) => href);
  if (beyond.length === 0 || yes) return { endpoints, refused: false };
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usageProblem(`Nobody can be asked whether ${beyond.join(", ")} may see the token ids.`, "Add --yes when they may.");
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question(`Send them to ${plain(beyond.join(", "))}? [y/N] `).finally(() => asking.close());
  return /^y(es)?$/i.test(answer.trim()) ? { endpoints, refused: false } : { refused: true };
}
