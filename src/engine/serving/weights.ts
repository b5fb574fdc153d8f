import { closeSync, copyFileSync, linkSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { throwIfAborted } from "../errors.js";
import type { Weights } from "../model/external.js";
import type { Tensor } from "../model/graph.js";
import { cannotLink } from "./errors.js";

/** The one data file of a copied export. */
export const DATA_FILE = "model.onnx.data";
/** ONNX Runtime maps pieces from disk where they begin at a page. */
const PAGE = 4_096;
const PIECE = 4 << 20;

interface Piece {
  readonly from: string;
  readonly offset: number;
  readonly length: number;
  readonly at: number;
}

/** Weights of an export: asked for their places while the graph is written, then brought there. */
export interface ExportedWeights extends Weights {
  /** Writes or links the files; @returns names and bytes of what lies in the folder then. */
  bring(folder: string, signal?: AbortSignal): Promise<{ name: string; bytes: number }[]>;
}

/** What the graph needs of the weights, one tensor after the other in a file of their own; tied tensors once. */
export function copiedWeights(weights: Weights): ExportedWeights {
  const pieces = new Map<string, Piece>();
  let end = 0;
  return {
    ...weights,
    place(tensor: Tensor) {
      const { location, offset, length } = weights.place(tensor);
      const key = `${location}\0${offset}\0${length}`;
      let piece = pieces.get(key);
      if (!piece) {
        const at = Math.ceil(end / PAGE) * PAGE;
        piece = { from: join(weights.folder, location), offset, length, at };
        pieces.set(key, piece);
        end = at + length;
      }
      return { location: DATA_FILE, offset: piece.at, length };
    },
    async bring(folder, signal) {
      if (pieces.size === 0) return [];
      const out = openSync(join(folder, DATA_FILE), "wx");
      const sources = new Map<string, number>();
      const buffer = Buffer.alloc(PIECE);
      try {
        for (const { from, offset, length, at } of pieces.values()) {
          let source = sources.get(from);
          if (source === undefined) {
            source = openSync(from, "r");
            sources.set(from, source);
          }
          for (let done = 0; done < length; ) {
            throwIfAborted(signal);
            const got = readSync(source, buffer, 0, Math.min(PIECE, length - done), offset + done);
            if (got === 0) throw new Error(`${from} ended early`);
            writeSync(out, buffer, 0, got, at + done);
            done += got;
            // Gigabytes are copied; an interrupt is heard in between.
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
      } finally {
        closeSync(out);
        for (const source of sources.values()) closeSync(source);
      }
      weights.unchanged();
      return [{ name: DATA_FILE, bytes: end }];
    },
  };
}

/** The original files under further names of the same disk: no copy, and whole, heads and embeddings that are not needed included. */
export function linkedWeights(weights: Weights): ExportedWeights {
  const names = new Map<string, string>();
  return {
    ...weights,
    place(tensor: Tensor) {
      const { location, ...rest } = weights.place(tensor);
      if (!names.has(location)) names.set(location, `weights-${names.size}.bin`);
      return { location: names.get(location)!, ...rest };
    },
    async bring(folder) {
      const brought: { name: string; bytes: number }[] = [];
      for (const [location, name] of names) {
        const from = join(weights.folder, location);
        try {
          linkSync(from, join(folder, name));
        } catch (error) {
          throw cannotLink(from, String((error as NodeJS.ErrnoException).code ?? "unknown"));
        }
        brought.push({ name, bytes: weights.files.find((file) => file.path === from)?.bytes ?? 0 });
      }
      weights.unchanged();
      return brought;
    },
  };
}

/** Files that tell how texts become ids, beside the model. */
export const BESIDE = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
  "generation_config.json",
  "preprocessor_config.json",
  "vocab.txt",
] as const;

export function copyBeside(from: string, to: string): string[] {
  return BESIDE.filter((name) => {
    try {
      copyFileSync(join(from, name), join(to, name));
      return true;
    } catch {
      return false;
    }
  });
}
