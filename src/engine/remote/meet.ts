import type { Batch } from "../model/tapped.js";
import type { Identity } from "../serving/identity.js";
import { otherModel } from "./errors.js";
import { compareMetadata, type Names, type Needs } from "./metadata.js";
import type { RemoteRunner } from "./runner.js";
import type { Server } from "./server.js";

/** A server that serves the model, and says so. */
export interface Met {
  readonly server: Server;
  readonly identity?: Identity;
  /** Names of what it gives out; empty where it does not list them. */
  readonly outputs: readonly string[];
}

/** Newest format of the identity that is understood. */
const FORMAT = 1;

/**
 * Asks a server what it serves, and compares it with the model here: inputs, outputs, and the hash of graph and weights.
 * @param batch made-up tokens; no text's ids are sent
 * @throws Passing while it is not ready; Problem `remote/other-model`, `remote/token-refused`, `remote/redirect`, …
 */
export async function meet(
  server: Server,
  needs: Needs,
  runner: RemoteRunner,
  names: Map<Server, Names>,
  batch: Batch,
  own: { readonly hash: string; readonly layers: number; readonly width: number },
  signal?: AbortSignal,
): Promise<Met> {
  const { host } = server.address;
  await server.ready(signal);
  const metadata = await server.metadata(signal);
  const compared = compareMetadata(metadata, needs);
  if (typeof compared === "string") throw otherModel(host, compared);
  names.set(server, compared);
  const identity = await runner.identify(server, batch, signal);
  if (identity) {
    if (identity.format > FORMAT) throw otherModel(host, `it was exported by a newer Layerscope (${identity.version})`);
    if (identity.layers !== own.layers) throw otherModel(host, `it has ${identity.layers} layers, this model ${own.layers}`);
    if (identity.width !== own.width) throw otherModel(host, `its states are ${identity.width} wide, this model's ${own.width}`);
    if (identity.hash !== own.hash) throw otherModel(host, `its hash is ${identity.hash.slice(0, 12)}…, this model's ${own.hash.slice(0, 12)}…`);
  }
  return { server, ...(identity ? { identity } : {}), outputs: metadata.outputs.map(({ name }) => name) };
}
