import type { Tensor } from "../graph.js";
import type { ByteSource } from "../source.js";
import { WireReader } from "../wire.js";

/** Integers of a small tensor inside the model file; undefined when it is none, or lies elsewhere. */
export function tensorInts(source: ByteSource, tensor: Tensor, most: number): number[] | undefined {
  const count = tensor.dims.reduce((n, dim) => n * dim, 1);
  if ((tensor.type !== 7 && tensor.type !== 6) || count > most) return undefined;
  if (tensor.data.kind === "typed") return typedInts(source, tensor);
  if (tensor.data.kind !== "raw") return undefined;
  const bytes = source.view(tensor.data.start, tensor.data.end);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => (tensor.type === 7 ? Number(view.getBigInt64(i * 8, true)) : view.getInt32(i * 4, true)));
}

/** int32_data (field 5) and int64_data (field 7). */
function typedInts(source: ByteSource, tensor: Tensor): number[] {
  const reader = new WireReader(source, tensor.start, tensor.end);
  const values: number[] = [];
  while (reader.next()) {
    if (reader.field === 5 || reader.field === 7) reader.integers(values, 64);
    else reader.skip();
  }
  return values;
}
