/**
 * What a model file may claim. Every number guards against a file that asks for more than any real model needs
 * (CWE-400 resource exhaustion, CWE-674 uncontrolled recursion, CWE-789 excessive allocation).
 */
export const LIMITS = {
  /** Protobuf's own limit on one message; more needs external data. */
  modelBytes: 2 ** 31 - 1,
  /** Messages inside messages; protobuf's own default. CWE-674. */
  depth: 100,
  /** Graphs inside graphs (If, Loop, Scan). */
  subgraphDepth: 8,
  nodes: 1_000_000,
  initializers: 1_000_000,
  /** Names of tensors, nodes, operators. CWE-789. */
  nameBytes: 65_536,
  /** Metadata values (module scopes of torch's exporter are a few hundred bytes). */
  metadataBytes: 1_048_576,
  /** Axes of a tensor; ONNX Runtime itself stops far below. */
  rank: 64,
  /** Residual layers that may be tapped at once (issue: results are kept for every layer). */
  layers: 1_024,
  /** Steps back through a graph when looking for additions, beside 100 for each node (a real model needs about one a node). CWE-407. */
  searchSteps: 1_000_000,
  /** Initializers below this many bytes stay inside the tapped graph; larger ones stay in their file. */
  inlineBytes: 1_024,
  /** Weights that must be copied because they are not stored as raw bytes (float_data and the like). */
  typedBytes: 268_435_456,
  /** Numbers of one tap that leave ONNX Runtime at once (256 MiB). CWE-789. */
  tapFloats: 67_108_864,
  /** Bytes of keys and values that a batch is given of the tokens its rows share (512 MiB); with more, rows run whole. CWE-789. */
  cacheBytes: 2 ** 29,
  /** Numbers of one weight that are read at once (1 GiB); larger ones are read by rows. CWE-789. */
  weightFloats: 268_435_456,
  configBytes: 10 * 2 ** 20,
  tokenizerBytes: 64 * 2 ** 20,
} as const;
