/** Small questions about parsed JSON values. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const isText = (value: unknown): value is string => typeof value === "string";

/** A list whose entries (most of them: nulls and strays are reported, not fatal) have one shape. */
export function listOf(value: unknown): "records" | "texts" | "lists" | "scalars" | "empty" | undefined {
  if (!Array.isArray(value)) return undefined;
  if (value.length === 0) return "empty";
  const share = (test: (v: unknown) => boolean) => value.filter(test).length * 2 > value.length;
  if (share(isRecord)) return "records";
  if (share(isText)) return "texts";
  if (share(Array.isArray)) return "lists";
  return "scalars";
}

/** A chat message: role/content, from/value. */
export function isMessage(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && (("role" in value && "content" in value) || ("from" in value && "value" in value));
}
