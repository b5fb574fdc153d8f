import { MAX_NAMED } from "./limits.js";

/** Small sentence parts. Column names and label values are shown; row text never is. */

export const count = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

/** Escapes that a terminal would obey are shown, not sent. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");

export function quoted(names: readonly string[], most = MAX_NAMED): string {
  const shown = names.slice(0, most).map((name) => `"${printable(clip(name))}"`);
  return names.length > most ? `${shown.join(", ")} and ${names.length - most} more` : shown.join(", ");
}

export const oneName = (name: string): string => quoted([name]);

/** One word of a shell command. */
export function shellWord(text: string): string {
  if (/^[\w./@:+-]+$/.test(text) && !text.startsWith("-")) return text;
  if (printable(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = Array.from(text, (c) => (printable(c) === c && c !== "'" && c !== "\\" ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`));
  return `$'${escaped.join("")}'`;
}
