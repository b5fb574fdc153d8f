import { type Chunk, type Envelope, PROTOCOL } from "./messages.js";
import { POOLINGS } from "./model.js";
import { MOST_MESSAGE_BYTES, PARCEL_KINDS } from "./parcels.js";

/** A check returns what is wrong with a value, or nothing. The name says where. */
export type Check = (value: unknown, name: string) => string | undefined;

export const text: Check = (v, n) => (typeof v === "string" ? undefined : `${n} is not text`);
export const flag: Check = (v, n) => (typeof v === "boolean" ? undefined : `${n} is not true or false`);
export const whole: Check = (v, n) => (Number.isSafeInteger(v) && (v as number) >= 0 ? undefined : `${n} is not a whole number`);
export const oneOf =
  (...values: readonly string[]): Check =>
  (v, n) =>
    typeof v === "string" && values.includes(v) ? undefined : `${n} is none of ${values.join(", ")}`;
export const optional =
  (check: Check): Check =>
  (v, n) =>
    v === undefined ? undefined : check(v, n);
export const list =
  (check: Check, most: number): Check =>
  (v, n) => {
    if (!Array.isArray(v)) return `${n} is not a list`;
    if (v.length > most) return `${n} has more than ${most} entries`;
    for (let i = 0; i < v.length; i++) {
      const wrong = check(v[i], `${n}[${i}]`);
      if (wrong) return wrong;
    }
    return undefined;
  };
/** A plain object with these fields; others are refused, so nothing unknown travels on. */
export const fields =
  (shape: Readonly<Record<string, Check>>): Check =>
  (v, n) => {
    if (typeof v !== "object" || v === null || Array.isArray(v)) return `${n} is not an object`;
    for (const key of Object.keys(v)) if (!Object.hasOwn(shape, key)) return `${n} has an unknown field`;
    for (const [key, check] of Object.entries(shape)) {
      const wrong = check((v as Record<string, unknown>)[key], `${n}.${key}`);
      if (wrong) return wrong;
    }
    return undefined;
  };
/** A word that texts are searched for. */
const word: Check = (v, n) => text(v, n) ?? ((v as string).length === 0 || (v as string).length > 200 ? `${n} is empty or too long` : undefined);
/** Text by key, bounded: the pictures of an export. */
export const pictures: Check = (v, n) => {
  if (typeof v !== "object" || v === null || Array.isArray(v)) return `${n} is not an object`;
  const entries = Object.entries(v);
  if (entries.length > 64) return `${n} has too many pictures`;
  return entries.every(([, svg]) => typeof svg === "string" && svg.length < 16_000_000) ? undefined : `${n} holds something that is no picture`;
};

/** What the panel may ask, and in which shape; the extension host refuses everything else. */
export const PANEL_PARAMS = {
  "panel.ready": fields({}),
  "view.columns": fields({ stamp: whole, layer: whole }),
  "rows.text": fields({ rows: list(whole, 200) }),
  "rows.find": fields({ words: list(word, 8) }),
  "rows.image": fields({ rows: list(whole, 64), side: whole }),
  "row.open": fields({ row: whole, keepFocus: flag }),
  "image.open": fields({ row: whole }),
  "run.cancel": fields({}),
  "run.again": fields({}),
  "run.resume": fields({}),
  "run.export": fields({ format: oneOf("json", "csv", "svg", "html"), withText: flag, svgs: optional(pictures) }),
  "about.open": fields({ page: text }),
  "lens.run": fields({ id: text }),
  "skipped.open": fields({}),
  "prompt.open": fields({ key: text }),
  "row.prompts": fields({ row: whole }),
  "tower.pick": fields({}),
  "model.pick": fields({}),
  "columns.change": fields({}),
} as const satisfies Record<string, Check>;

export const pooling = oneOf(...POOLINGS);

const step: Check = (v, n) => (typeof v === "string" || typeof v === "number" ? undefined : `${n} is no key`);
const parts = {
  transfer: optional(whole),
  parcels: optional(list(fields({ path: list(step, 16), kind: oneOf(...PARCEL_KINDS) }), 10_000)),
};
const part: Check = (v, n) =>
  (typeof v === "string" && v.length <= MOST_MESSAGE_BYTES / 2) || (v instanceof Uint8Array && v.byteLength <= MOST_MESSAGE_BYTES)
    ? undefined
    : `${n} is no part of a message`;

const envelopes: Record<string, Check> = {
  ask: fields({ v: whole, kind: text, id: whole, method: text, params: () => undefined, ...parts }),
  answer: fields({ v: whole, kind: text, id: whole, result: () => undefined, ...parts }),
  error: fields({
    v: whole,
    kind: text,
    id: whole,
    ...parts,
    problem: (v, n) =>
      typeof v === "object" && v !== null
        ? (text((v as { code?: unknown }).code, `${n}.code`) ?? text((v as { message?: unknown }).message, `${n}.message`))
        : `${n} is not an object`,
  }),
  chunk: fields({ v: whole, kind: text, transfer: whole, parcel: whole, at: whole, of: whole, part }),
  cancel: fields({ v: whole, kind: text, id: whole }),
  event: fields({ v: whole, kind: text, name: text, body: () => undefined, ...parts }),
};

/** The envelope, or a sentence that says why it is none. */
export function checkEnvelope(value: unknown): Envelope | Chunk | string {
  if (typeof value !== "object" || value === null) return "a message that is not an object";
  const { kind, v } = value as { kind?: unknown; v?: unknown };
  if (v !== PROTOCOL) return `a message of protocol version ${typeof v === "number" ? v : "unknown"}; this is version ${PROTOCOL}`;
  const check = typeof kind === "string" && Object.hasOwn(envelopes, kind) ? envelopes[kind] : undefined;
  if (!check) return "a message of an unknown kind";
  return check(value, "message") ?? (value as Envelope);
}
