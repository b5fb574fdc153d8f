import type { AuditView } from "../../protocol/index.js";

/**
 * One record a row and layer would be long; this is one record a row: id, file, line (one-based), class, category, calibrated
 * probability, then the held-out score at every layer. `texts` (by row id) adds the text, only when asked for.
 */
export function csvReport({ result, rows }: AuditView, texts?: ReadonlyMap<number, string>): string {
  const head = ["row", "file", "line", "class", "category", "probability", ...Array.from({ length: rows.columns }, (_, layer) => `score_layer_${layer}`)];
  if (texts) head.push("text");
  const lines = [head.map(cell).join(",")];
  for (let i = 0; i < rows.count; i++) {
    const [file, line] = [rows.place[i * 5], rows.place[i * 5 + 1]];
    const record: (string | number)[] = [
      rows.id[i],
      (file === 0 ? result.dataset.path : (result.dataset.contrastPath ?? "")).split(/[\\/]/).pop() ?? "",
      line < 0 ? "" : line + 1,
      result.dataset.classes[rows.label[i] as 0 | 1].name,
      rows.category[i] === 65535 ? "" : rows.categories[rows.category[i]],
      number(rows.probability[i]),
      ...Array.from(rows.score.subarray(i * rows.columns, (i + 1) * rows.columns), number),
    ];
    if (texts) record.push(texts.get(rows.id[i]) ?? "");
    lines.push(record.map(cell).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** A missing number is an empty cell, never 0. */
const number = (value: number): string => (Number.isFinite(value) ? String(Math.round(value * 1e5) / 1e5) : "");

/** Quoted where CSV needs it; a leading `=`, `+`, `-` or `@` of text gets an apostrophe, so that no spreadsheet runs it. */
function cell(value: string | number): string {
  const text = typeof value === "number" ? String(value) : /^[=+@\t\r]|^-(?![\d.])/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
