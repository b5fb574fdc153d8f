import type { DataCard, Place } from "../../protocol/index.js";
import type { ImageFault } from "../image/errors.js";

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

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
  /** Values of other columns that hold classes, by column name. */
  readonly axes?: Readonly<Record<string, string>>;
  /** A conversation; rendered with the model's own chat template where it has one, `text` is the plain view of it. */
  readonly messages?: readonly ChatMessage[];
  /** UTF-16 range of the completion in `text`, where the row has one: the token set that is pooled by default. */
  readonly completion?: readonly [number, number];
  /** Absolute path of the image, for models with pixel inputs; `text` is then its path as the file names it. */
  readonly image?: string;
  /** Why the image that the row names cannot be run. */
  readonly imageFault?: ImageFault;
  /** The file's own id column. */
  readonly name?: string;
}

/** A file as it was read: the card, and the rows that can be used. */
export interface Dataset {
  readonly card: DataCard;
  readonly rows: readonly Row[];
}
