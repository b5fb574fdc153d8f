import type { DataOptions } from "../../../src/protocol/index.js";
import { prompts } from "./files.js";

export const P = prompts(40);
export const unsafe = P.filter((p) => p.unsafe).map((p) => p.text);
export const safe = P.filter((p) => !p.unsafe).map((p) => p.text);

/** A CSV document, quoted where it has to be. */
export function csv(header: readonly string[], rows: readonly (readonly (string | number | boolean)[])[], delimiter = ","): string {
  const cell = (value: string | number | boolean) => (/[",;\t\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return `${[header, ...rows].map((row) => row.map(cell).join(delimiter)).join("\n")}\n`;
}

export const LONG = "A very long answer that goes on and on, well past the length of any prompt, to see whether it is mistaken for one. ".repeat(3);
export const facts = (i: number) => `The ${["river", "town", "hill", "road"][i % 4]} number ${i} is ${i % 2 ? "longer" : "shorter"} than it was.`;

/** A shape of real datasets (numbers as in the list of shapes), with rows of our own, and what is to be made of it. */
export interface Shape {
  readonly n: string;
  readonly what: string;
  readonly file: string;
  readonly content: string | Uint8Array;
  readonly expect: "safety" | "concept" | "ask" | "refuse";
  /** Question or problem code, or what the columns must be. */
  readonly code?: string;
  readonly text?: string;
  readonly label?: string;
  readonly category?: string;
  readonly group?: string;
  readonly classes?: readonly [string, string];
  readonly used?: number;
  /** An answer to the question, and what it must then be. */
  readonly answer?: {
    readonly options: DataOptions;
    readonly kind: "safety" | "concept";
    readonly classes?: readonly [string, string];
    readonly used?: number;
    readonly text?: string;
  };
  /** Second file, set as contrast in the answer. */
  readonly contrast?: { readonly file: string; readonly content: string };
}
