import type { DataCard, Place } from "../../protocol/index.js";

/** One usable row. */
export interface Row {
  /** Zero-based position among all rows read (of both files, contrast last). */
  readonly id: number;
  /** Range of the whole record in its file. */
  readonly place: Place;
  readonly text: string;
  /** 0 or 1; 1 is the positive class (unsafe, or the concept's positive value). */
  readonly label: 0 | 1;
  readonly category?: string;
  /** Rows of one group never lie on both sides of a fold (`pair`, `group`, prompt id). */
  readonly group?: string;
  /** The file's own id column. */
  readonly name?: string;
}

/** A file as it was read: the card, and the rows that can be used. */
export interface Dataset {
  readonly card: DataCard;
  readonly rows: readonly Row[];
}
