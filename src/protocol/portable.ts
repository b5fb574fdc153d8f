import type { CompareView } from "./compare.js";
import type { AuditView } from "./messages.js";
import type { Picture } from "./picture.js";
import type { RowTable } from "./result.js";

/** A typed array as text: its kind and its little-endian bytes in base64. NaN survives, as it would not in JSON. */
interface Packed {
  readonly packed: "f32" | "u32" | "i32" | "u16" | "u8";
  readonly base64: string;
}
type Columns = Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

/** An AuditView that is plain JSON: what a self-contained report carries. */
export interface PortableView {
  readonly portable: 1;
  readonly result: AuditView["result"];
  readonly pictures: readonly unknown[];
  readonly rows: unknown;
  readonly lenses?: AuditView["lenses"];
  /** Row texts by RowTable index; present only when the user asked for them. */
  readonly texts?: readonly string[];
}

/** The view as plain JSON data. `texts[i]` belongs to index i of the row table; leave it out unless the user asked for texts. */
export function encodeView(view: AuditView, texts?: readonly string[]): PortableView {
  return {
    portable: 1,
    result: view.result,
    pictures: view.pictures.map(pack),
    rows: pack(view.rows),
    ...(view.lenses ? { lenses: view.lenses } : {}),
    ...(texts ? { texts } : {}),
  };
}

/** The view again, and its texts; throws a plain Error when `data` is no portable view. */
export function decodeView(data: unknown): { view: AuditView; texts: readonly string[] | undefined } {
  const portable = data as Partial<PortableView> | null;
  if (typeof portable !== "object" || portable === null || portable.portable !== 1) throw new Error("This is no portable view of version 1.");
  const { result, pictures = [], rows, lenses } = portable;
  const view = { result, pictures: pictures.map(unpack) as Picture[], rows: unpack(rows) as RowTable, ...(lenses ? { lenses } : {}) };
  return { view: view as AuditView, texts: portable.texts };
}

/** A comparison that is plain JSON, as `PortableView` is for an audit. */
export interface PortableCompare extends Omit<PortableView, "portable" | "result" | "lenses"> {
  readonly portable: "compare-1";
  readonly result: CompareView["result"];
  readonly shown: number;
}

export function encodeCompare({ result, shown, pictures, rows }: CompareView, texts?: readonly string[]): PortableCompare {
  return { portable: "compare-1", result, shown, pictures: pictures.map(pack), rows: pack(rows), ...(texts ? { texts } : {}) };
}

/** Nothing when the data is something else, for example an audit. */
export function decodeCompare(data: unknown): { view: CompareView; texts: readonly string[] | undefined } | undefined {
  const portable = data as Partial<PortableCompare> | null;
  if (typeof portable !== "object" || portable === null || portable.portable !== "compare-1") return undefined;
  const { result, shown = 0, pictures = [], rows, texts } = portable;
  return { view: { result, shown, pictures: pictures.map(unpack), rows: unpack(rows) } as CompareView, texts };
}

/** JSON that may stand inside a script element: no `<`, so no text can end it; no line separators that older parsers refuse. */
export function embeddableJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function pack(value: object): unknown {
  const entries = Object.entries(value).map(([key, field]) => [key, ArrayBuffer.isView(field) ? packColumns(field as Columns) : field]);
  return Object.fromEntries(entries);
}

function unpack(value: unknown): unknown {
  const entries = Object.entries(value as object).map(([key, field]) => [key, isPacked(field) ? unpackColumns(field) : field]);
  return Object.fromEntries(entries);
}

const isPacked = (value: unknown): value is Packed => typeof value === "object" && value !== null && typeof (value as Packed).base64 === "string";

function packColumns(columns: Columns): Packed {
  const kinds: [new () => Columns, Packed["packed"]][] = [
    [Float32Array, "f32"],
    [Uint32Array, "u32"],
    [Int32Array, "i32"],
    [Uint16Array, "u16"],
  ];
  const packed = kinds.find(([type]) => columns instanceof type)?.[1] ?? "u8";
  return { packed, base64: toBase64(new Uint8Array(columns.buffer, columns.byteOffset, columns.byteLength)) };
}

function unpackColumns({ packed, base64 }: Packed): Columns {
  const { buffer } = fromBase64(base64);
  switch (packed) {
    case "f32":
      return new Float32Array(buffer);
    case "u32":
      return new Uint32Array(buffer);
    case "i32":
      return new Int32Array(buffer);
    case "u16":
      return new Uint16Array(buffer);
    case "u8":
      return new Uint8Array(buffer);
  }
}

// Written out because this part is compiled without the types of Node (Buffer) and of browsers (btoa).
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET[word >> 18] + ALPHABET[(word >> 12) & 63];
    text += i + 1 < bytes.length ? ALPHABET[(word >> 6) & 63] : "=";
    text += i + 2 < bytes.length ? ALPHABET[word & 63] : "=";
    if (text.length > 65_536) {
      parts.push(text);
      text = "";
    }
  }
  return parts.join("") + text;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(128);
  for (let i = 0; i < 64; i++) value[ALPHABET.charCodeAt(i)] = i;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let i = 0, at = 0; i < text.length; i += 4) {
    const word =
      (value[text.charCodeAt(i)] << 18) | (value[text.charCodeAt(i + 1)] << 12) | (value[text.charCodeAt(i + 2)] << 6) | value[text.charCodeAt(i + 3)];
    bytes[at++] = word >> 16;
    if (at < bytes.length) bytes[at++] = (word >> 8) & 255;
    if (at < bytes.length) bytes[at++] = word & 255;
  }
  return bytes;
}
