import type { CompareExport, RowText } from "../../protocol/index.js";
import type { Keeper } from "../state.js";

/** What a comparison may ask of the world around it; a report has nothing to open, choose or save. */
export interface CompareHost {
  readonly keeper: Keeper;
  readonly known?: ReadonlyMap<number, string>;
  texts(rows: number[]): Promise<RowText[]>;
  readonly actions?: {
    open(row: number, keepFocus: boolean): void;
    showPair(pair: number): void;
    swap(): void;
    again(): void;
    about(page: string): void;
    openRun(run: number): void;
    save(format: CompareExport, withText: boolean, svgs?: Record<string, string>): void;
  };
}
