import { closeSync, lstatSync, openSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Notice } from "../../protocol/index.js";
import { badData, changedMeanwhile, escapes } from "./errors.js";
import type { Graph, Model, Tensor } from "./graph.js";
import { TYPES } from "./onnx.js";
import { stampOf } from "./source.js";

/** A file that holds weights, by its real path. */
export interface WeightFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was last changed, and which file it is on its disk. */
  readonly stamp?: string;
}

/** Where the weights of a model really lie. */
export interface Weights {
  /** The real folder that all files lie in; ONNX Runtime may read nothing outside. */
  readonly folder: string;
  /** The model's own file first, then the external ones. */
  readonly files: readonly WeightFile[];
  /** Location (relative to `folder`), offset and length of a tensor that is raw or external. */
  place(tensor: Tensor): { location: string; offset: number; length: number };
  readonly notices: readonly Notice[];
  /**
   * The files are still those that were looked at; asked once the session has mapped them.
   * @throws Problem `model/changed`
   */
  unchanged(): void;
}

/**
 * The only opener of external data. Every location is checked before anything else sees it: inside the model's folder
 * (or, in a Hugging Face cache, in the blobs of the same repository), long enough, and not claimed many times over.
 * @throws Problem `model/external-path`, `model/external-data`
 */
export function locateWeights(model: Model): Weights {
  const own = realpathSync(model.file);
  const ownFile: WeightFile = { path: own, bytes: model.bytes, stamp: model.stamp ?? stampOf(statSync(own)) };
  const files = new Map<string, WeightFile>();
  const notices: Notice[] = [];
  const claimed = new Map<string, number>();
  for (const tensor of externalTensors(model.graph)) {
    const { location, offset, length } = tensor.data;
    let file = files.get(location);
    if (!file) {
      file = openBeside(model, tensor, location, notices);
      files.set(location, file);
    }
    const needed = tensorBytes(tensor);
    const bytes = length ?? needed;
    if (needed > 0 && bytes !== needed) throw badData(model.file, tensor.name, `its shape needs ${needed} bytes, the file gives it ${bytes}`);
    if (offset + bytes > file.bytes) throw badData(model.file, tensor.name, `${location} has ${file.bytes} bytes, the tensor ends at byte ${offset + bytes}`);
    claimed.set(location, (claimed.get(location) ?? 0) + bytes);
  }
  // Honest files overlap at most where two names share one tensor; a bomb claims the same bytes a hundred times (CWE-409).
  for (const [location, bytes] of claimed)
    if (bytes > 2 * files.get(location)!.bytes + 1_048_576)
      throw badData(
        model.file,
        "",
        `together the tensors claim ${bytes} bytes of ${location}, which has ${files.get(location)!.bytes}`,
        "The file is damaged or hostile.",
      );
  const all = [ownFile, ...files.values()];
  const folder = commonFolder(all.map((file) => dirname(file.path)));
  const nameOf = (file: WeightFile) => relative(folder, file.path).split(sep).join("/");
  return {
    folder,
    files: all,
    notices,
    unchanged() {
      for (const { path, bytes, stamp } of all) {
        const now = statSync(path, { throwIfNoEntry: false });
        if (!now || now.size !== bytes || stampOf(now) !== stamp) throw changedMeanwhile(path);
      }
    },
    place(tensor) {
      if (tensor.data.kind === "raw") return { location: nameOf(ownFile), offset: tensor.data.start, length: tensor.data.end - tensor.data.start };
      if (tensor.data.kind === "typed") throw new Error("a tensor without bytes of its own has no place");
      const file = files.get(tensor.data.location)!;
      return { location: nameOf(file), offset: tensor.data.offset, length: tensor.data.length ?? tensorBytes(tensor) };
    },
  };
}

export const tensorBytes = (tensor: Tensor): number => Math.ceil(tensor.dims.reduce((n, dim) => n * dim, 1) * (TYPES.get(tensor.type)?.bytes ?? 0));

type ExternalTensor = Tensor & { data: Extract<Tensor["data"], { kind: "external" }> };

/** Every tensor with external data, in the graph, its subgraphs and its attributes. */
export function* externalTensors(graph: Graph): Generator<ExternalTensor> {
  const isExternal = (tensor: Tensor | undefined): tensor is ExternalTensor => tensor?.data.kind === "external";
  for (const tensor of graph.initializers.values()) if (isExternal(tensor)) yield tensor;
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) {
      if (isExternal(attribute.tensor)) yield attribute.tensor;
      if (attribute.graph) yield* externalTensors(attribute.graph);
    }
  }
}

function openBeside(model: Model, tensor: Tensor, location: string, notices: Notice[]): WeightFile {
  const refuse = (why: string) => escapes(model.file, tensor.name, location, why);
  if (location === "") throw refuse("which is no file name");
  if (location.includes("\0")) throw refuse("a name with a NUL character");
  if (location.includes("_ORT_MEM_ADDR_")) throw refuse("a mark for memory addresses, which no file may carry");
  if (isAbsolute(location) || /^[a-zA-Z]:/.test(location) || /^[\\/]/.test(location)) throw refuse("an absolute path");
  if (location.split(/[\\/]/).includes("..")) throw refuse("a path that leaves the model's folder");
  const folder = dirname(resolve(model.file));
  const path = join(folder, location);
  let real: string;
  let stats: Stats;
  try {
    real = realpathSync(path);
    stats = statSync(real);
  } catch {
    throw badData(
      model.file,
      tensor.name,
      `the file ${location} is missing beside the model`,
      `Put ${location} into ${folder}, or download the whole model folder again.`,
    );
  }
  if (!stats.isFile()) throw refuse("which is no regular file");
  if (!inside(real, realpathSync(folder)) && !inside(real, dirname(realpathSync(model.file))) && !isBlobOf(path, real))
    throw refuse("a link that leaves the model's folder");
  try {
    closeSync(openSync(real, "r"));
  } catch {
    throw badData(
      model.file,
      tensor.name,
      `the file ${location} cannot be read: permission denied`,
      "Check the rights of the file and of the folders above it.",
    );
  }
  if (stats.nlink > 1 && !lstatSync(path).isSymbolicLink())
    notices.push({
      code: "model/hard-link",
      message: `${location} has ${stats.nlink} hard links: the same weights have another name elsewhere on this disk.`,
      where: { file: path },
    });
  return { path: real, bytes: stats.size, stamp: stampOf(stats) };
}

const inside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split(sep)[0] !== "..";
};

/**
 * Hugging Face cache: `models--x--y/snapshots/<revision>/…` links to `models--x--y/blobs/<hash>`, which since huggingface_hub 2 may
 * itself be a link into the store that all models share, `blobs/<2 digits>/<hash>` beside them.
 */
function isBlobOf(path: string, real: string): boolean {
  const parts = path.split(sep);
  const at = parts.lastIndexOf("snapshots");
  if (at < 2 || parts.length < at + 3 || !parts[at - 1]!.startsWith("models--") || !/^[0-9a-f]{40,64}$/.test(basename(real))) return false;
  const below = (...folders: string[]) => {
    try {
      return realpathSync(folders.join(sep));
    } catch {
      return undefined;
    }
  };
  const own = below(...parts.slice(0, at), "blobs");
  const shared = below(...parts.slice(0, at - 1), "blobs");
  const isShared = shared !== undefined && dirname(dirname(real)) === shared && basename(dirname(real)) === basename(real).slice(0, 2);
  return dirname(real) === own || isShared;
}

function commonFolder(folders: readonly string[]): string {
  let common = folders[0]!;
  for (const folder of folders) while (folder !== common && !inside(folder, common)) common = dirname(common);
  return common;
}
