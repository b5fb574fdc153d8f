import { basename } from "node:path";
import { type TextDocumentContentProvider, Uri } from "vscode";
import { ProblemError } from "../protocol/index.js";
import { indexOfRow } from "./rowIndex.js";
import type { RowSource } from "./rowSource.js";

export const ROW_SCHEME = "layerscope-row";

/** Address of a row without a text range (Parquet, files above 50 MB): `layerscope-row:/cities.parquet, row 12.txt?run#row`. */
export function rowUri(session: RowSource, row: number): Uri {
  return Uri.from({
    scheme: ROW_SCHEME,
    path: `/${basename(session.source.dataset)}, row ${row + 1}.txt`,
    query: session.state.run ?? "",
    fragment: String(row),
  });
}

/** A read-only view of one row, its text read from the file when it is opened and kept nowhere. */
export class RowView implements TextDocumentContentProvider {
  constructor(
    private readonly sessionOf: (run: string) => RowSource | undefined,
    private readonly textOf: (session: RowSource, row: number) => Promise<string>,
  ) {}

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const session = this.sessionOf(uri.query);
    const view = session?.view;
    if (!session || !view) return "This run is no longer open. Open it again from the list of runs.";
    const row = Number(uri.fragment);
    const index = indexOfRow(view.rows, row);
    if (index < 0) return "The run has no such row.";
    const label = view.result.dataset.classes[view.rows.label[index] as 0 | 1]?.name ?? "";
    const p = view.rows.probability[index];
    const category = view.rows.categories[view.rows.category[index]];
    const head = [
      `${basename(session.source.dataset)}, row ${row + 1}`,
      `label: ${label}${category ? `   category: ${category}` : ""}   tokens: ${view.rows.tokens[index]}`,
      Number.isNaN(p) ? "" : `held-out probability of ${view.result.dataset.classes[1].name} at layer ${view.rows.probabilityLayer}: ${p.toPrecision(3)}`,
    ];
    try {
      return `${head.filter(Boolean).join("\n")}\n\n${await this.textOf(session, row)}\n`;
    } catch (error) {
      return `${head.filter(Boolean).join("\n")}\n\n${error instanceof ProblemError ? error.message : "The row could not be read."}\n`;
    }
  }
}
