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

/** One word of a POSIX shell command; what a terminal would obey is written as octal bytes for printf. */
export function shellWord(text: string): string {
  if (/^[\w./@:+-]+$/.test(text)) return text;
  if (printable(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  const octal = (c: string) => [...Buffer.from(c)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const escaped = Array.from(text, (c) => (printable(c) === c && !/['\\%]/.test(c) ? c : octal(c)));
  return `"$(printf -- '${escaped.join("")}')"`;
}

/** An option and its value: a value that begins with a dash would be taken for an option of its own. */
export const flag = (name: string, value: string | number): string => {
  const text = String(value);
  return text.startsWith("-") ? `--${name}=${shellWord(text)}` : `--${name} ${shellWord(text)}`;
};
