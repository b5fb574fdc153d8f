export interface KserveWish {
  readonly name: string;
  /** Where the cluster finds the exported folder; absent: a mark to be filled in. */
  readonly storageUri?: string;
  /** Bytes of graph and weights. */
  readonly bytes: number;
  readonly annotations: Readonly<Record<string, string>>;
}

const GIB = 2 ** 30;
/** A JSON string is a YAML string. */
const quoted = (text: string) => JSON.stringify(text);

/** An InferenceService (serving.kserve.io/v1beta1) that serves the folder beside it with KServe's own Triton runtime, Open Inference Protocol v2. */
export function inferenceService({ name, storageUri, bytes, annotations }: KserveWish): string {
  // The weights, and as much again with a gigabyte for what runs through them.
  const memory = `${Math.max(2, Math.ceil((2 * bytes) / GIB) + 1)}Gi`;
  return [
    ...(storageUri ? [] : ["# Copy the folder that holds this file to storage the cluster reads (a claim, a bucket), and name it in storageUri."]),
    "apiVersion: serving.kserve.io/v1beta1",
    "kind: InferenceService",
    "metadata:",
    `  name: ${quoted(name)}`,
    "  annotations:",
    ...Object.entries(annotations).map(([key, value]) => `    ${quoted(key)}: ${quoted(value)}`),
    "spec:",
    "  predictor:",
    "    model:",
    "      modelFormat:",
    "        name: onnx",
    "      runtime: kserve-tritonserver",
    "      protocolVersion: v2",
    `      storageUri: ${quoted(storageUri ?? "pvc://CLAIM/PATH")}`,
    "      resources:",
    ...["requests", "limits"].flatMap((kind) => [`        ${kind}:`, '          cpu: "2"', `          memory: ${memory}`]),
    "",
  ].join("\n");
}
