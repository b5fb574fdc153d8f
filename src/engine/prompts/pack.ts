/** Little-endian bytes in base64, as all platforms of Node have them. */
export const packed = (values: Float32Array | Int8Array | Uint8Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

/** @returns undefined where the text is no base64 of exactly so many values */
export function unpackedFloats(text: unknown, count: number): Float32Array | undefined {
  const bytes = bytesOf(text, count * 4);
  if (!bytes) return undefined;
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return values.every(Number.isFinite) ? values : undefined;
}

export function unpackedBytes(text: unknown, count: number): Uint8Array | undefined {
  const bytes = bytesOf(text, count);
  return bytes && new Uint8Array(bytes);
}

function bytesOf(text: unknown, length: number): Buffer | undefined {
  if (typeof text !== "string" || text.length !== 4 * Math.ceil(length / 3)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === length ? bytes : undefined;
}
