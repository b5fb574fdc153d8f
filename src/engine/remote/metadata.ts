import type { RuntimeTensor } from "../model/runtime.js";
import { IDENTITY, LAYERS_OUTPUT, POOL_INPUT } from "../serving/identity.js";
import { datatypeOf } from "./tensors.js";

export interface Declared {
  readonly name: string;
  readonly datatype: string;
  /** -1 = any size; absent where the server does not say. */
  readonly shape?: readonly number[];
}

/** What a server says about a model; empty lists where it says nothing. */
export interface Metadata {
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
}

/** What a run needs of it. */
export interface Needs {
  /** A batch as it would be fed here, by name; `pool` beside it. */
  readonly inputs: ReadonlyMap<string, RuntimeTensor>;
  /** Inputs that the model can do without on a server, since they follow from the shape. */
  readonly optional: ReadonlySet<string>;
  readonly layers: number;
  readonly width: number;
  readonly taps: readonly string[];
}

/** Names that a server's model really has. */
export interface Names {
  readonly inputs: readonly string[];
  readonly pool: string;
  readonly layers: string;
  /** Absent where the server lists its outputs, and that one is not among them. */
  readonly identity?: string;
}

export function readMetadata(json: unknown): Metadata {
  const list = (value: unknown): Declared[] =>
    (Array.isArray(value) ? value : []).flatMap((entry: unknown) => {
      const { name, datatype, shape } = (entry ?? {}) as Record<string, unknown>;
      if (typeof name !== "string" || name.length > 1_000) return [];
      const sizes = Array.isArray(shape) && shape.length > 0 && shape.every((size) => Number.isInteger(size)) ? (shape as number[]) : undefined;
      return [{ name, datatype: typeof datatype === "string" ? datatype : "", ...(sizes ? { shape: sizes } : {}) }];
    });
  const { inputs, outputs } = (json ?? {}) as Record<string, unknown>;
  return { inputs: list(inputs), outputs: list(outputs) };
}

/** The server's model against what the run needs. @returns the names to use, or a sentence's half that says what differs */
export function compareMetadata({ inputs, outputs }: Metadata, needs: Needs): Names | string {
  const withPrefix = (name: string) => [name, `layerscope_${name}`];
  const pool = inputs.find(({ name }) => withPrefix(POOL_INPUT).includes(name))?.name ?? POOL_INPUT;
  const layers = outputs.find(({ name }) => withPrefix(LAYERS_OUTPUT).includes(name))?.name ?? LAYERS_OUTPUT;
  const required = [...needs.inputs.keys()].filter((name) => !needs.optional.has(name));
  if (inputs.length > 0) {
    if (!inputs.some(({ name }) => name === pool)) return `it takes no ${POOL_INPUT}, so it was not made by export-model (it takes ${said(inputs)})`;
    const foreign = inputs.find(({ name }) => name !== pool && !needs.inputs.has(name));
    if (foreign) return `it wants an input ${foreign.name} that this model has not`;
    const missing = required.find((name) => !inputs.some((input) => input.name === name));
    if (missing) return `it takes no ${missing}`;
    for (const { name, datatype, shape } of inputs) {
      const own = name === pool ? undefined : needs.inputs.get(name);
      const wanted = own ? datatypeOf(own) : "FP32";
      if (datatype !== "" && datatype !== wanted) return `its input ${name} is ${datatype}, this model's ${wanted}`;
      const dims = own?.dims ?? [1, 1, 1];
      if (shape && shape.length !== dims.length) return `its input ${name} has ${shape.length} axes, this model's ${dims.length}`;
    }
  }
  if (outputs.length > 0) {
    const found = outputs.find(({ name }) => name === layers);
    if (!found && needs.taps.length === 0) return `it gives out no ${LAYERS_OUTPUT} (it gives ${said(outputs)})`;
    const [, count, , width] = found?.shape?.length === 4 ? found.shape : [];
    if (found?.shape && found.shape.length !== 4) return `its output ${layers} has ${found.shape.length} axes instead of 4`;
    if (found && found.datatype !== "" && found.datatype !== "FP32") return `its output ${layers} is ${found.datatype}, not FP32`;
    if (count !== undefined && count >= 0 && count !== needs.layers) return `it has ${count} layers, this model ${needs.layers}`;
    if (width !== undefined && width >= 0 && width !== needs.width) return `its states are ${width} wide, this model's ${needs.width}`;
  }
  return {
    inputs: inputs.length > 0 ? inputs.map(({ name }) => name).filter((name) => name !== pool) : required,
    pool,
    layers,
    ...(outputs.length === 0 || outputs.some(({ name }) => name === IDENTITY) ? { identity: IDENTITY } : {}),
  };
}

const said = (tensors: readonly Declared[]): string =>
  tensors
    .slice(0, 6)
    .map(({ name }) => name.slice(0, 60))
    .join(", ");
