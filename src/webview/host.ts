import type { PanelImage, RowText } from "../protocol/index.js";
import type { ReadColumns } from "./columns.js";
import type { Find } from "./finder.js";
import type { Keeper } from "./state.js";

export type ExportFormat = "json" | "csv" | "svg" | "html";

/** What the panel may ask of the world around it. A report answers from what it carries and offers less. */
export interface Host {
  readonly keeper: Keeper;
  /** All texts by row id, where the page carries them. */
  readonly known?: ReadonlyMap<number, string>;
  /** At most 200 rows at once. */
  texts(rows: number[]): Promise<RowText[]>;
  /** What a large view left out, at one layer; absent where views come whole. */
  readonly columns?: ReadColumns;
  /** Rows whose text holds a word, one list of ids a word; absent where the page carries all texts or none. */
  readonly find?: Find;
  /** Absent where there is no engine to make pictures. */
  images?(rows: number[], side: number): Promise<PanelImage[]>;
  /** Absent in a report: nothing to open, run or save from there. */
  readonly actions?: {
    open(row: number, keepFocus: boolean): void;
    /** The row's image file. */
    openImage?(row: number): void;
    cancel(): void;
    again(): void;
    resume(): void;
    pickModel(): void;
    pickTower(): void;
    changeColumns(): void;
    skipped(): void;
    openPrompt(key: string): void;
    /** The prompts in code that lie nearest to a row. */
    nearPrompts(row: number): void;
    about(page: string): void;
    lens(id: string): void;
    exportRun(format: ExportFormat, withText: boolean, svgs?: Record<string, string>): void;
  };
}
