import { join } from "node:path";
import { tensorBytes, type Weights } from "../external.js";
import type { Tensor } from "../graph.js";
import { LIMITS } from "../limits.js";
import type { ByteSource } from "../source.js";
import { WireReader } from "../wire.js";
import { decodeNumbers } from "./decode.js";
import { unreadable, weightTooLarge } from "./errors.js";
import { type RangeFile, rangeFile } from "./ranges.js";

/** Reads stored tensors at their byte ranges; files are opened when something in them is asked for. */
export class Stored {
  private readonly files = new Map<string, RangeFile>();

  constructor(
    readonly file: string,
    private readonly weights: Weights,
    private readonly source: ByteSource,
    private readonly open: (path: string) => RangeFile = rangeFile,
  ) {}

  /** Bytes of weights that were read so far. */
  get bytesRead(): number {
    let sum = 0;
    for (const file of this.files.values()) sum += file.bytesRead;
    return sum;
  }

  /**
   * Numbers of a tensor, or of some of its rows (slices along the first axis).
   * @throws Problem `model/weight-too-large`, `model/weight-unreadable`
   */
  numbers(tensor: Tensor, rows?: { from: number; to: number }): Float32Array {
    const total = tensor.dims.reduce((n, dim) => n * dim, 1);
    const perRow = rows ? total / (tensor.dims[0] ?? 1) : total;
    const count = rows ? (rows.to - rows.from) * perRow : total;
    if (count > LIMITS.weightFloats) throw weightTooLarge(this.file, tensor.name, count);
    if (tensor.data.kind === "typed") return this.typed(tensor).slice((rows?.from ?? 0) * perRow, (rows?.from ?? 0) * perRow + count);
    const bytes = tensorBytes(tensor);
    // Rows of numbers that share bytes (int4) may begin inside one.
    if (rows && (bytes / total) * perRow !== Math.floor((bytes / total) * perRow)) return this.numbers(tensor).slice(rows.from * perRow, rows.to * perRow);
    const start = rows ? (bytes / total) * perRow * rows.from : 0;
    const values = decodeNumbers(tensor.type, this.bytes(tensor, start, rows ? start + (bytes / total) * count : bytes), count);
    if (!values) throw unreadable(this.file, tensor.name, "it holds no numbers of a kind that is read");
    return values;
  }

  /** Bytes [start, end) of a tensor's own. */
  bytes(tensor: Tensor, start = 0, end = tensorBytes(tensor)): Uint8Array<ArrayBuffer> {
    if (end - start > LIMITS.weightFloats * 4) throw weightTooLarge(this.file, tensor.name, end - start);
    const { location, offset } = this.weights.place(tensor);
    const path = join(this.weights.folder, location);
    let file = this.files.get(path);
    if (!file) {
      file = this.open(path);
      this.files.set(path, file);
    }
    try {
      return file.read(offset + start, offset + end);
    } catch {
      throw unreadable(this.file, tensor.name, `${location} is shorter than it was`);
    }
  }

  /** Values in the fields of the tensor's own message: float_data, int32_data, int64_data, double_data. */
  private typed(tensor: Tensor): Float32Array {
    const count = tensor.dims.reduce((n, dim) => n * dim, 1);
    const reader = new WireReader(this.source, tensor.start, tensor.end);
    const values: number[] = [];
    while (reader.next()) {
      if (reader.field === 5 || reader.field === 7) reader.integers(values, count);
      else if (reader.field === 4 || reader.field === 10) {
        const size = reader.field === 4 ? 4 : 8;
        if (reader.type === 2) {
          const { start, end } = reader.range();
          const view = this.source.view(start, end).slice();
          const data = new DataView(view.buffer);
          for (let at = 0; at + size <= view.length && values.length < count; at += size)
            values.push(size === 4 ? data.getFloat32(at, true) : data.getFloat64(at, true));
        } else if (size === 4) values.push(reader.float());
        else reader.skip();
      } else reader.skip();
    }
    if (values.length !== count) throw unreadable(this.file, tensor.name, `it has ${values.length} values, its shape needs ${count}`);
    // Half floats lie as their bits in int32_data.
    if (tensor.type === 10 || tensor.type === 16) {
      const bits = Uint16Array.from(values);
      return decodeNumbers(tensor.type, new Uint8Array(bits.buffer), count)!;
    }
    return Float32Array.from(values);
  }

  close(): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
  }
}
