import { isRecord } from "./shapes.js";
import { type RawTable, TableBuilder } from "./table.js";

/** Nested objects one level deep as columns of their own (`body.messages`), after the others. */
export function flatten(table: RawTable): RawTable {
  const inside = table.columns.map((_, c) => table.records.slice(0, 50).some(({ values }) => isRecord(values[c])));
  if (!inside.some(Boolean)) return table;
  const wide = new TableBuilder();
  for (const column of table.columns) wide.column(column);
  for (const record of table.records) {
    wide.addNamed(table.columns, record.values, record.place);
    const values = wide.records.at(-1)?.values as unknown[];
    for (let c = 0; c < table.columns.length; c++) {
      const inner = record.values[c];
      if (!inside[c] || !isRecord(inner)) continue;
      for (const [key, value] of Object.entries(inner)) {
        const at = wide.column(`${table.columns[c]}.${key}`);
        if (at !== undefined) values[at] = value;
      }
    }
  }
  return { ...table, columns: wide.columns, records: wide.records };
}
