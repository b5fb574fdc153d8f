import type { Picture } from "../protocol/index.js";

const parts = new WeakMap<Picture, Picture>();

/** What is drawn of a picture: rows that serve the table only are left out. One object a picture, so that what is unchanged is seen to be. */
export function drawnOf<P extends Picture>(picture: P): P {
  if (picture.shape !== "matrix" || !picture.rows.some((row) => row.tableOnly)) return picture;
  const known = parts.get(picture) ?? { ...picture, rows: picture.rows.filter((row) => !row.tableOnly) };
  parts.set(picture, known);
  return known as P;
}

/** Whether the columns of a picture are no layers: it has no place on the axis, its table says it all. */
export const isTable = (picture: Picture): boolean => picture.shape === "matrix" && picture.columnsAre !== undefined;
