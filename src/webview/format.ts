import { format } from "d3";
import type { Interval, Maybe } from "../protocol/index.js";

const plain = format(".3~r");
const small = format(".3~g");
const large = format(".3~s");
const probable = format(".3~f");
const whole = format(",");

/** At most three significant digits; `–` for a value that is withheld. */
export function digits(value: Maybe | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1000) return large(value);
  return size < 0.001 ? small(value) : plain(value);
}

/** With its sign: `+22`, `−3`. */
export const signed = (value: Maybe): string => (value !== null && value > 0 ? `+${digits(value)}` : digits(value));

/** `15 to 28`. */
export const interval = (ci: Interval | null, show: (value: number) => string = digits): string => (ci ? `${show(ci[0])} to ${show(ci[1])}` : "");

export const count = (value: number): string => whole(Math.round(value));

/** A probability; its ends are never claimed to be reached. */
export function probability(p: number): string {
  if (Number.isNaN(p)) return "–";
  return p < 0.001 ? "<0.001" : p > 0.999 ? ">0.999" : probable(p);
}

export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** `840 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${digits(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The last part of a path of either kind. */
export const baseName = (path: string): string => path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;

/** Layer 0 is what the embeddings give; layer l the output of block l - 1. */
export const layerName = (layer: number): string => (layer === 0 ? "layer 0 (embeddings)" : `layer ${layer}`);

/** As many letters as fit, with an ellipsis; `perLetter` px is the mean width of the panel's small type. */
export function shorten(text: string, width: number, perLetter = 6.3): string {
  const letters = Array.from(text);
  const most = Math.max(1, Math.floor(width / perLetter));
  return letters.length <= most
    ? text
    : `${letters
        .slice(0, Math.max(1, most - 1))
        .join("")
        .trimEnd()}…`;
}
