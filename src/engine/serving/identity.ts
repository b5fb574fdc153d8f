import { createHash } from "node:crypto";
import type { ModelCard } from "../../protocol/index.js";

/** Output of an exported model that says which model it is, [rows, 40] int64; see `identityNumbers`. */
export const IDENTITY = "layerscope_model";
/** Numbers in it: format, Layerscope's version (3), layers, width, one row at a time, tokens of an image (0 of texts), hash (32). */
export const IDENTITY_SIZE = 40;
const FORMAT = 1;

/** Names of input and outputs of an exported model. */
export const POOL_INPUT = "pool";
export const LAYERS_OUTPUT = "layers";

export interface Identity {
  readonly format: number;
  readonly version: string;
  readonly layers: number;
  readonly width: number;
  readonly oneRowAtATime: boolean;
  /** Of an image; 0 for models that read texts. */
  readonly tokens: number;
  /** sha256, hex; see `modelHash`. */
  readonly hash: string;
}

/** One hash of everything that the states depend on: graph, weights, and which residual stream is looked at. */
export function modelHash(card: Pick<ModelCard, "sha256" | "weights" | "tower">): string {
  const parts = [card.sha256, ...(card.weights ?? []).map(({ sha256 }) => sha256), card.tower ?? ""];
  return createHash("sha256").update(parts.join("\n")).digest("hex");
}

export function identityNumbers({ version, layers, width, oneRowAtATime, tokens, hash }: Omit<Identity, "format">): number[] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  return [FORMAT, major, minor, patch, layers, width, oneRowAtATime ? 1 : 0, tokens, ...Buffer.from(hash, "hex")];
}

/** @returns undefined of numbers that no export of ours gives */
export function readIdentity(numbers: readonly number[]): Identity | undefined {
  if (numbers.length < IDENTITY_SIZE) return undefined;
  const [format = 0, major, minor, patch, layers = 0, width = 0, one, tokens = 0] = numbers;
  const hash = numbers.slice(8, IDENTITY_SIZE);
  if (format < 1 || !hash.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)) return undefined;
  return { format, version: `${major}.${minor}.${patch}`, layers, width, oneRowAtATime: one === 1, tokens, hash: Buffer.from(hash).toString("hex") };
}
