import { TYPES } from "../onnx.js";

/** Stored numbers as float32, whatever they were stored as; undefined for kinds that hold no numbers (text, complex). */
export function decodeNumbers(type: number, bytes: Uint8Array<ArrayBuffer>, count: number): Float32Array | undefined {
  const out = new Float32Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = (read: (i: number) => number) => {
    for (let i = 0; i < count; i++) out[i] = read(i);
    return out;
  };
  switch (TYPES.get(type)?.name) {
    case "float32":
      // Little-endian as stored; a copy only where the bytes do not begin at a multiple of four.
      return bytes.byteOffset % 4 === 0 ? new Float32Array(bytes.buffer, bytes.byteOffset, count) : each((i) => view.getFloat32(i * 4, true));
    case "float64":
      return each((i) => view.getFloat64(i * 8, true));
    case "float16":
      return each((i) => half(view.getUint16(i * 2, true)));
    case "bfloat16":
      return each((i) => brain(view.getUint16(i * 2, true)));
    case "int8":
      return each((i) => view.getInt8(i));
    case "uint8":
    case "bool":
      return each((i) => view.getUint8(i));
    case "int16":
      return each((i) => view.getInt16(i * 2, true));
    case "uint16":
      return each((i) => view.getUint16(i * 2, true));
    case "int32":
      return each((i) => view.getInt32(i * 4, true));
    case "uint32":
      return each((i) => view.getUint32(i * 4, true));
    case "int64":
      return each((i) => Number(view.getBigInt64(i * 8, true)));
    case "uint64":
      return each((i) => Number(view.getBigUint64(i * 8, true)));
    case "uint4":
      return each((i) => packed(bytes, i, 4));
    case "int4":
      return each((i) => (packed(bytes, i, 4) << 28) >> 28);
    case "uint2":
      return each((i) => packed(bytes, i, 2));
    case "int2":
      return each((i) => (packed(bytes, i, 2) << 30) >> 30);
    case "float8e4m3fn":
      return each((i) => eight(view.getUint8(i), 4, 7, true));
    case "float8e5m2":
      return each((i) => eight(view.getUint8(i), 5, 15, false));
    default:
      return undefined;
  }
}

/** The i-th number of `bits` bits, the low ones of a byte first. */
export const packed = (bytes: Uint8Array, i: number, bits: number): number =>
  bits === 8 ? bytes[i]! : (bytes[Math.floor((i * bits) / 8)]! >> ((i * bits) % 8)) & ((1 << bits) - 1);

/** IEEE 754 binary16. */
export function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 31 ? (fraction ? Number.NaN : Number.POSITIVE_INFINITY) : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function brain(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

/** OCP 8-bit floats: E4M3FN has no infinity and one NaN, E5M2 follows IEEE 754. */
function eight(bits: number, exponentBits: number, bias: number, finite: boolean): number {
  const fractionBits = 7 - exponentBits;
  const exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = bits & ((1 << fractionBits) - 1);
  const top = (1 << exponentBits) - 1;
  let size = exponent === 0 ? (fraction / (1 << fractionBits)) * 2 ** (1 - bias) : (1 + fraction / (1 << fractionBits)) * 2 ** (exponent - bias);
  if (exponent === top && (!finite || fraction === (1 << fractionBits) - 1)) size = fraction || finite ? Number.NaN : Number.POSITIVE_INFINITY;
  return bits & 0x80 ? -size : size;
}
