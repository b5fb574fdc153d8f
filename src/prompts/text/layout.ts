import { cut, type Spelled, type Swap, swapped } from "./spelled.js";

export type Side = "both" | "start" | "end";

/** Without white space at its ends, as `.trim()` and `.strip()` leave it. */
export function trimmed(spelled: Spelled, side: Side = "both"): Spelled {
  const { text } = spelled;
  const from = side === "end" ? 0 : text.length - text.trimStart().length;
  const to = side === "start" ? text.length : text.trimEnd().length;
  return from === 0 && to === text.length ? spelled : cut(spelled, Math.min(from, to), to);
}

/** Without the margin that all lines share: `textwrap.dedent`; `trim` as the tagged templates called dedent do, too. */
export function dedented(spelled: Spelled, { trim = false, firstToo = true } = {}): Spelled {
  const { text } = spelled;
  const lines = [...text.matchAll(/^[ \t]*(?=([^\n]?))/gm)].filter((m) => firstToo || m.index > 0);
  const margins = lines.filter((m) => m[1] !== "" && m[1] !== "\r").map((m) => m[0]);
  const margin = margins.reduce((a, b) => common(a, b), margins[0] ?? "");
  const swaps: Swap[] = lines.map((m) => ({ from: m.index, to: m.index + (m[1] === "" ? m[0].length : margin.length) })).filter((swap) => swap.to > swap.from);
  const done = swapped(spelled, swaps);
  return trim ? trimmed(done) : done;
}

function common(a: string, b: string): string {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return a.slice(0, n);
}

/** Places that a template engine fills: `{name}`, `{{ name }}`, `${name}`, `<%= name %>`; and what it leaves out: `{% if x %}`, `{# note #}`. */
const FIELD =
  /\{%[-+]?[^%]{0,2000}%\}|\{#[\s\S]{0,2000}?#\}|\{\{\{?[#/^!>~&]?[^{}]{0,200}\}?\}\}|\$\{[A-Za-z_][\w.:-]{0,100}\}|<%=[^%]{0,200}%>|\{[A-Za-z_][\w.]*(?:\[[\w'"]+\])*(?:![rsa])?(?::[^{}\n\s"']{0,20})?\}/g;

/** With every field of a template a hole, and control tags left out. Braces that hold JSON or code stay. */
export function withFields(spelled: Spelled): Spelled {
  if (!/[{<]/.test(spelled.text)) return spelled;
  const swaps = [...spelled.text.matchAll(FIELD)].map((m): Swap => {
    const control = /^(\{%|\{#|\{\{\{?~?[#/^!])/.test(m[0]);
    return { from: m.index, to: m.index + m[0].length, ...(control ? {} : { hole: true }) };
  });
  return swapped(spelled, swaps);
}

/** Fields of `str.format`: `{}`, `{0}`, `{name!r:>10}`; doubled braces are single ones. */
export function formatted(spelled: Spelled): Spelled {
  const swaps = [...spelled.text.matchAll(/\{\{|\}\}|\{[^{}\n]{0,80}\}/g)].map((m): Swap => {
    const at = { from: m.index, to: m.index + m[0].length };
    return m[0] === "{{" || m[0] === "}}" ? { ...at, text: m[0][0] } : { ...at, hole: true };
  });
  return swapped(spelled, swaps);
}

/** Fields of the `%` operator: `%s`, `%(name)d`; `%%` is one sign. */
export function percented(spelled: Spelled): Spelled {
  const swaps = [...spelled.text.matchAll(/%%|%(\(\w+\))?[-+ #0]*(\d+|\*)?(\.\d+)?[srdifgeoxXcua]/g)].map((m): Swap => {
    const at = { from: m.index, to: m.index + m[0].length };
    return m[0] === "%%" ? { ...at, text: "%" } : { ...at, hole: true };
  });
  return swapped(spelled, swaps);
}
