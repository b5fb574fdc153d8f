import type { Notice } from "./problem.js";

/** Where an access token comes from. Only `given` ones travel; the engine reads the others itself, and only when told to. */
export type HubToken = { readonly from: "env" } | { readonly from: "file" } | { readonly from: "given"; readonly value: string };

export interface HubFile {
  /** Inside the repository, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** The cache has it already. */
  readonly here: boolean;
}

/** One .onnx file of a repository with all that is needed to use it. */
export interface HubVariant {
  /** The .onnx file. */
  readonly path: string;
  /** As its name says; empty when it says nothing. */
  readonly precision: string;
  /** The .onnx file first, its external data next, then configuration and tokenizer. */
  readonly files: readonly HubFile[];
  readonly bytes: number;
  /** What is not in the cache yet. */
  readonly missingBytes: number;
}

/** What a repository of the Hub has to offer; nothing was downloaded for it but this list. */
export interface HubOffer {
  /** `org/name`. */
  readonly repo: string;
  readonly revision: string;
  /** The commit that `revision` means now, 40 hexadecimal digits. */
  readonly commit: string;
  /** Host that was asked. */
  readonly host: string;
  /** The model card's own word, for example `apache-2.0`. */
  readonly licence?: string;
  /** `auto`, `manual`: terms have to be accepted on the model's page first. */
  readonly gated: false | "auto" | "manual";
  readonly private: boolean;
  /** Full precision first. */
  readonly variants: readonly HubVariant[];
  /** Folder of the cache that receives the files. */
  readonly folder: string;
  readonly freeBytes: number | null;
  readonly notices: readonly Notice[];
}

export interface HubQuestion {
  readonly repo: string;
  readonly revision?: string;
  readonly token?: HubToken;
  /** A proxy that the editor was told of; the environment's own goes first. */
  readonly proxy?: string;
}

/** What the user has said yes to. */
export interface HubOrder extends HubQuestion {
  readonly commit: string;
  /** The .onnx file. */
  readonly file: string;
  /** Further files that only the .onnx file itself could name. */
  readonly also?: readonly string[];
  /** Sum of the files that was shown; a different sum now is refused. */
  readonly bytes: number;
}

export interface HubResult {
  /** The .onnx file in the cache's snapshot. */
  readonly path: string;
  readonly downloadedBytes: number;
  /** Files that the .onnx file names and that were not part of the order: asked about again. */
  readonly wanted: readonly HubFile[];
  readonly notices: readonly Notice[];
}

export interface HubProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly ofBytes: number;
  readonly bytesPerSecond: number | null;
}
