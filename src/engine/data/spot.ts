import type { Place } from "../../protocol/index.js";

/** Says where a row is, as people count. */
export type Spot = (place: Pick<Place, "file" | "startLine">) => string;

/** @param lines for each file: whether it has lines (a Parquet file has rows only). */
export function spotter(lines: readonly boolean[]): Spot {
  return ({ file, startLine }) => `${lines[file] === false ? "row" : "line"} ${startLine + 1}${file === 1 ? " of the contrast file" : ""}`;
}
