import type { Node } from "./graph.js";

/** Adds the branch to the running state and normalises the sum: inputs 0 and 1, output 0 the norm, output 3 the sum. */
export const SKIP_NORMS: ReadonlySet<string> = new Set(["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"]);

/** Normalisations of one operator. */
export const NORMS: ReadonlySet<string> = new Set([
  "LayerNormalization",
  "SimplifiedLayerNormalization",
  "RMSNormalization",
  "BatchNormalization",
  "InstanceNormalization",
  "GroupNormalization",
  "LpNormalization",
]);

/** Operators that hand on their first input's numbers, at most rounded, reordered, clipped, cut or filled up. */
export const PASSES: ReadonlySet<string> = new Set([
  "Cast",
  "CastLike",
  "Identity",
  "Dropout",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Transpose",
  "Clip",
  "QuantizeLinear",
  "DequantizeLinear",
  "Expand",
  "Pad",
  "Slice",
  "ScatterND",
  "ScatterElements",
]);

const PRODUCTS = /^(MatMul|Gemm|Conv|ConvTranspose|Einsum|FusedMatMul|FusedGemm|FusedConv|NhwcConv|LSTM|GRU|RNN|If|Loop|Scan|DFT|STFT|CumSum)/;
const OF_FAMILIES = /(Attention|MatMul|Gemm|Conv|MoE|Scan|Mamba|Lstm)/;

/** Mixes the numbers of a vector or of tokens: what leaves is another thing than what came in. */
export const isHeavy = (node: Node): boolean => PRODUCTS.test(node.op) || OF_FAMILIES.test(node.op);

/** Operators that by themselves let tokens see each other. */
export const isMixer = (node: Node): boolean =>
  /(Attention|Conv(?![a-z])|^ConvTranspose$|Scan|Mamba|SelectiveScan|^Loop$|^LSTM$|^GRU$|^RNN$|^DFT$|^CumSum$|^STFT$)/.test(node.op);

/** Products of two operands: attention when both depend on the tokens. */
export const isProduct = (node: Node): boolean => /^(MatMul|FusedMatMul|Einsum|MatMulInteger|MatMulIntegerToFloat|TransposeMatMul)$/.test(node.op);
