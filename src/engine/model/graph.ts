/** A model file as the analysis sees it: names and extents, no weights. */
export interface Model {
  readonly file: string;
  readonly bytes: number;
  /** Which file it was, and when it was last changed, as it was opened. */
  readonly stamp?: string;
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: Graph;
  /** Extents of FunctionProto messages. */
  readonly functions: readonly Extent[];
}

/** Bytes [start, end) of the model file. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Extents of sparse initializers, copied as they are. */
  readonly sparse: readonly (Extent & { readonly name: string })[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Types of inner values, where the file declares them. */
  readonly values: ReadonlyMap<string, Value>;
}

export interface Node extends Extent {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** torch's `pkg.torch.onnx.name_scopes`, as text. */
  readonly scopes?: string;
  /** Names of the outer graph that its subgraphs read. */
  readonly captured: readonly string[];
  /** What is written in the place of its extent: a function's node with its names replaced. */
  readonly bytes?: Uint8Array;
}

export interface Attribute {
  readonly int?: number;
  readonly float?: number;
  readonly ints?: readonly number[];
  readonly tensor?: Tensor;
  readonly graph?: Graph;
}

export interface Value {
  readonly name: string;
  /** TensorProto.DataType, 0 = not declared or no tensor. */
  readonly type: number;
  /** A number, or a symbolic name (`""` = unknown); absent = no shape declared. */
  readonly dims?: readonly (number | string)[];
}

/** Where a tensor's data is. `typed`: in the fields of its own message (float_data and the like), copied whole when needed. */
export type TensorData =
  | ({ readonly kind: "raw" } & Extent)
  | { readonly kind: "external"; readonly location: string; readonly offset: number; readonly length?: number }
  | { readonly kind: "typed" };

export interface Tensor extends Extent {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** Operator with its domain, as ONNX Runtime's messages write it. */
export const fullOp = (node: Node): string => (node.domain === "" || node.domain === "ai.onnx" ? node.op : `${node.domain}:${node.op}`);
