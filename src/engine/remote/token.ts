import type { Address } from "./address.js";
import { badToken, tokenInTheOpen } from "./errors.js";

/** Handed over by the extension from its secret storage; in memory only. */
let held: string | undefined;

/** @throws Problem `remote/token` */
export function holdToken(token: string | undefined): void {
  held = token === undefined || token === "" ? undefined : checked(token);
}

/**
 * The token for one server: the one handed over, else LAYERSCOPE_ENGINE_TOKEN.
 * @throws Problem `remote/token`, `remote/token-plain`: never in clear text beyond this machine
 */
export function tokenFor({ secure, loopback, host }: Address): string | undefined {
  const own = process.env.LAYERSCOPE_ENGINE_TOKEN?.trim();
  const token = held ?? (own ? checked(own) : undefined);
  if (token !== undefined && !secure && !loopback) throw tokenInTheOpen(host);
  return token;
}

function checked(token: string): string {
  if (!/^[\x21-\x7e]{1,8192}$/.test(token)) throw badToken();
  return token;
}
