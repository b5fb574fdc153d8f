import type { RowText } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import { noRun } from "./errors.js";
import { indexOfRow } from "./rowIndex.js";
import type { RowSource } from "./rowSource.js";

/** Texts of a run's rows, read again from its file. */
export async function rowTexts(engine: EngineClient, session: RowSource, rows: readonly number[]): Promise<RowText[]> {
  const { view } = session;
  if (!view) throw noRun();
  const { path, options, sha256 } = view.result.dataset;
  // Only rows that the panel was given; it names ids, never places.
  const known = rows.filter((row) => indexOfRow(view.rows, row) >= 0);
  return known.length === 0 ? [] : engine.ask("rows.text", { path, options, sha256, rows: known });
}

/** Not cancelled in the engine: an engine that is slow to hear a cancel is ended, and an audit may be running in it. */
export async function findRows(engine: EngineClient, session: RowSource, words: readonly string[]): Promise<Uint32Array[]> {
  const { view } = session;
  if (!view) throw noRun();
  const { path, options, sha256 } = view.result.dataset;
  return engine.ask("rows.find", { path, options, sha256, words: [...words] });
}
