import type { Chunk, Envelope, Parcel } from "./messages.js";

/** No message on any wire is larger: a larger one keeps a window, or the other process, from everything else. */
export const MOST_MESSAGE_BYTES = 4_000_000;
/** Messages whose large parts are together below this travel whole. */
const WHOLE = 1_000_000;
/** Columns and texts from this size on are taken out of a message that does not travel whole. */
const LARGE = 65_536;
/** Bytes of a chunk; letters of a text count twice, for they may take more than one byte. */
const CHUNK = 2_000_000;
/** What may wait for the rest of its message: twice the columns of a million rows and 64 layers. */
export const MOST_WAITING = 1_073_741_824;
/** Messages that may wait at once. A sender finishes one before the next, or is gone: what began long before others never ends. */
export const MOST_OPEN = 8;

type Columns = Float64Array | Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;
const KINDS = { f64: Float64Array, f32: Float32Array, u32: Uint32Array, i32: Int32Array, u16: Uint16Array, u8: Uint8Array } as const;
export const PARCEL_KINDS: readonly Parcel["kind"][] = ["text", "f64", "f32", "u32", "i32", "u16", "u8"];

interface Found {
  readonly path: readonly (string | number)[];
  readonly value: Columns | string;
}

/** The same message in parts of at most about 2 MB, in the order in which they are to be sent; most messages are one part. */
export function* splitMessage(envelope: Envelope, transfer: number): Generator<Envelope | Chunk> {
  const found: Found[] = [];
  search(envelope, [], found);
  const size = found.reduce((sum, { value }) => sum + sizeOf(value), 0);
  if (size < WHOLE) {
    yield envelope;
    return;
  }
  const v = envelope.v;
  for (const [parcel, { value }] of found.entries()) {
    const of = sizeOf(value);
    if (typeof value === "string")
      for (let at = 0; at < value.length; at += CHUNK / 2) yield { v, kind: "chunk", transfer, parcel, at: at * 2, of, part: value.slice(at, at + CHUNK / 2) };
    // A copy: a view would take the whole of its buffer along.
    else
      for (let at = 0; at < of; at += CHUNK)
        yield { v, kind: "chunk", transfer, parcel, at, of, part: new Uint8Array(value.buffer, value.byteOffset + at, Math.min(CHUNK, of - at)).slice() };
  }
  const parcels = found.map(({ path, value }): Parcel => ({ path, kind: kindOf(value) }));
  yield {
    ...(without(
      envelope,
      found.map(({ path }) => path),
    ) as Envelope),
    transfer,
    parcels,
  };
}

const sizeOf = (value: Columns | string): number => (typeof value === "string" ? value.length * 2 : value.byteLength);
const kindOf = (value: Columns | string): Parcel["kind"] =>
  typeof value === "string" ? "text" : (Object.entries(KINDS).find(([, type]) => value instanceof type)![0] as Parcel["kind"]);

function search(value: unknown, path: readonly (string | number)[], found: Found[]): void {
  if (typeof value === "string") {
    if (sizeOf(value) >= LARGE) found.push({ path, value });
  } else if (ArrayBuffer.isView(value)) {
    if (value.byteLength >= LARGE && Object.values(KINDS).some((type) => value instanceof type)) found.push({ path, value: value as Columns });
  } else if (Array.isArray(value)) {
    // Lists of numbers hold nothing large.
    if (typeof value[0] !== "number") for (const [i, one] of value.entries()) if (typeof one !== "number") search(one, [...path, i], found);
  } else if (typeof value === "object" && value !== null) for (const [key, one] of Object.entries(value)) search(one, [...path, key], found);
}

/** A copy in which nothing stands at these paths; what they do not touch is shared. */
function without(value: unknown, paths: readonly (readonly (string | number)[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return null;
  if (paths.length === 0) return value;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  for (const key of new Set(paths.map(([first]) => first)))
    copy[key] = without(
      copy[key],
      paths.filter(([first]) => first === key).map((path) => path.slice(1)),
    );
  return copy;
}

/** Puts messages that came in parts together again; what does not fit is refused with the reason. */
export class Parcels {
  private readonly open = new Map<number, Map<number, { of: number; got: number; parts: (string | Uint8Array)[] }>>();
  private waiting = 0;

  take({ transfer, parcel, at, of, part }: Chunk): string | undefined {
    const parcels = this.open.get(transfer) ?? new Map();
    this.open.set(transfer, parcels);
    const box = parcels.get(parcel) ?? { of, got: 0, parts: [] };
    parcels.set(parcel, box);
    const size = typeof part === "string" ? part.length * 2 : part.byteLength;
    if (box.of !== of || box.got !== at || at + size > of) return "a part that does not follow the one before it";
    // Those that were begun first and never finished make room.
    for (const old of this.open.keys()) {
      if (this.open.size <= MOST_OPEN && this.waiting + size <= MOST_WAITING) break;
      if (old !== transfer) this.drop(old);
    }
    if (this.waiting + size > MOST_WAITING) return "more parts than may wait for the rest of their message";
    box.parts.push(part);
    box.got += size;
    this.waiting += size;
    return undefined;
  }

  /** The whole message, or a sentence that says why it is none. */
  join(envelope: Envelope): Envelope | string {
    if (envelope.transfer === undefined) return envelope;
    const boxes = this.open.get(envelope.transfer);
    this.drop(envelope.transfer);
    for (const [i, { path, kind }] of (envelope.parcels ?? []).entries()) {
      const box = boxes?.get(i);
      if (!box || box.got !== box.of) return "a message of which parts are missing";
      let holder = envelope as unknown as Record<string | number, unknown>;
      for (const key of path.slice(0, -1)) {
        const next = Object.hasOwn(holder, key) ? holder[key] : undefined;
        if (typeof next !== "object" || next === null) return "a message whose parts have no place in it";
        holder = next as Record<string | number, unknown>;
      }
      const last = path.at(-1);
      if (last === undefined || !Object.hasOwn(holder, last) || holder[last] !== null) return "a message whose parts have no place in it";
      const whole = kind === "text" ? joinText(box.parts) : joinColumns(box.parts, box.of, kind);
      if (whole === undefined) return "a message with parts of another kind";
      holder[last] = whole;
    }
    const { transfer: _transfer, parcels: _parcels, ...whole } = envelope;
    return whole as Envelope;
  }

  private drop(transfer: number): void {
    for (const { got } of this.open.get(transfer)?.values() ?? []) this.waiting -= got;
    this.open.delete(transfer);
  }
}

const joinText = (parts: readonly (string | Uint8Array)[]): string | undefined =>
  parts.every((part) => typeof part === "string") ? parts.join("") : undefined;

function joinColumns(parts: readonly (string | Uint8Array)[], of: number, kind: Exclude<Parcel["kind"], "text">): Columns | undefined {
  const bytes = new Uint8Array(of);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "string") return undefined;
    bytes.set(part, at);
    at += part.byteLength;
  }
  return of % KINDS[kind].BYTES_PER_ELEMENT === 0 ? new KINDS[kind](bytes.buffer) : undefined;
}
