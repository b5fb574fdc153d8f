import type * as Ort from "onnxruntime-node";
import type { Provider } from "../../protocol/index.js";

import { rawText } from "../errors.js";
import { noRuntime } from "./errors.js";
import { thisMachine } from "./platform.js";

export { createBlas } from "./blas.js";

/** The only module that knows ONNX Runtime. It is loaded at the first session, so that looking at a file needs no native code. */
let loaded: Promise<typeof Ort> | undefined;

function load(): Promise<typeof Ort> {
  loaded ??= import("onnxruntime-node").then(
    (module) => {
      const ort = ((module as { default?: typeof Ort }).default ?? module) as typeof Ort;
      ort.env.logLevel = "fatal";
      return ort;
    },
    (error: unknown) => {
      throw noRuntime(thisMachine(), rawText(error));
    },
  );
  return loaded;
}

/** A tensor on its way in or out. */
export interface RuntimeTensor {
  readonly type: "float32" | "float16" | "float64" | "int64" | "int32" | "bool" | "uint8";
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array;
}

export interface SessionOptions {
  readonly provider: Exclude<Provider, "auto">;
  /** Intra-op threads; 0 = the runtime's default. */
  readonly threads?: number;
  /** Real folder of the external data. */
  readonly folder?: string;
}

export interface Session {
  /**
   * @param into where outputs are to be written instead of to arrays of their own
   * @returns the asked outputs, in order
   */
  run(feeds: ReadonlyMap<string, RuntimeTensor>, outputs: readonly string[], into?: ReadonlyMap<string, RuntimeTensor>): Promise<RuntimeTensor[]>;
  release(): Promise<void>;
}

/**
 * Opens a model that is given as bytes; its external data is mapped from `folder`.
 * @throws the runtime's own error; callers turn it into a Problem
 */
export async function createSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const ort = await load();
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [options.provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    // The binding takes an option that is undefined for a wrong one.
    ...(options.threads ? { intraOpNumThreads: options.threads } : {}),
    extra: {
      session: {
        // Threads that spin while they wait take the cores from the editor beside us; on a busy machine runs took twice as long.
        intra_op: { allow_spinning: "0" },
        // Work is split into smaller blocks towards its end, so that a core that another program keeps busy holds up less.
        dynamic_block_base: "4",
        ...(options.folder === undefined ? {} : { model_external_initializers_file_folder_path: options.folder }),
      },
    },
  });
  return {
    async run(feeds, outputs, into) {
      const named = (tensors: ReadonlyMap<string, RuntimeTensor>) => {
        const out = Object.create(null) as Record<string, Ort.Tensor>;
        for (const [name, tensor] of tensors) out[name] = new ort.Tensor(tensor.type as "float32", tensor.data as Float32Array, tensor.dims);
        return out;
      };
      const results = await session.run(named(feeds), into ? { ...Object.fromEntries(outputs.map((name) => [name, null])), ...named(into) } : outputs);
      return outputs.map((name) => {
        const { type, dims, data } = results[name]!;
        return { type: type as RuntimeTensor["type"], dims, data: data as Float32Array };
      });
    },
    release: () => session.release(),
  };
}

/** Providers that the installed binary was built with, as the runtime names them (`cpu`, `webgpu`, …). */
export async function listProviders(): Promise<string[]> {
  return (await load()).listSupportedBackends().map((backend) => backend.name);
}

/** For example `onnxruntime-node 1.30.0`. */
export async function runtimeVersion(): Promise<string> {
  const versions = (await load()).env.versions;
  return `onnxruntime-node ${versions.node ?? versions.common}`;
}
