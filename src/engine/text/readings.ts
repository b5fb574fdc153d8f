import type { Pooling } from "../../protocol/index.js";
import type { TokenPooling } from "./pooling.js";

/** What is shown to the model, or to which model: the row as it is, or made into something else. Every view but `plain` is a pass of its own. */
export type View = "plain" | "echo" | "prompted" | "noise-prefix" | "noise-characters" | Rounding;

/** The same text through the same graph with the blocks' linear weights rounded. */
export type Rounding = "int8" | "int4";
export const ROUNDINGS: Readonly<Record<Rounding, number>> = { int8: 8, int4: 4 };
export const isRounding = (view: View): view is Rounding => view in ROUNDINGS;

/** One way of making a vector of a row: what the model is shown, and how its tokens are pooled. */
export interface Reading {
  readonly name: string;
  readonly view: View;
  /**
   * `max` is not linear: it is taken from all token states. `audit`: whatever the audit pools by. `final-norm`: the mean behind the
   * last block's norm, one state and no layers; models without such a norm have no such reading.
   */
  readonly pool: TokenPooling | "max" | "audit" | "final-norm";
  /** For people, one line. */
  readonly says: string;
}

/** Every reading that a lens may ask for. The audit's own poolings come first. */
export const READINGS: readonly Reading[] = [
  { name: "mean", view: "plain", pool: "mean", says: "mean over all tokens" },
  { name: "mean-skip-first", view: "plain", pool: "mean-skip-first", says: "mean over all tokens but the first" },
  { name: "last", view: "plain", pool: "last", says: "last token" },
  { name: "first", view: "plain", pool: "first", says: "first token (CLS of an encoder)" },
  { name: "weighted-mean", view: "plain", pool: "weighted-mean", says: "mean weighted by position" },
  { name: "max", view: "plain", pool: "max", says: "largest value of each dimension over the tokens" },
  { name: "final-norm", view: "plain", pool: "final-norm", says: "mean over the tokens behind the final norm" },
  { name: "echo", view: "echo", pool: "mean", says: "the text twice, mean over the second copy" },
  { name: "prompted-last", view: "prompted", pool: "last", says: "last token of: This sentence: “…” means in one word:" },
  { name: "noise-prefix", view: "noise-prefix", pool: "audit", says: "the text behind aaa or bbb" },
  { name: "noise-characters", view: "noise-characters", pool: "audit", says: "the text with one letter in twenty changed" },
  { name: "int8", view: "int8", pool: "audit", says: "the blocks' weights rounded to 8 bits" },
  { name: "int4", view: "int4", pool: "audit", says: "the blocks' weights rounded to 4 bits" },
];

export const readingOf = (name: string): Reading | undefined => READINGS.find((reading) => reading.name === name);

/** The token pooling of a reading in a run of this pooling. */
export const poolOf = (reading: Reading, audit: Pooling): TokenPooling | "max" | "final-norm" => (reading.pool === "audit" ? audit : reading.pool);
