import { type Picture8, resize } from "./resample.js";

/** What can be told of a picture without seeing what is on it, in the order of the columns. */
export const PIXEL_SUMMARY = ["mean red", "mean green", "mean blue", "brightness varies", "colour varies", "log width", "log height", "log bytes"] as const;

/** Side of the thumbnail that the pixels baseline looks at. */
export const THUMBNAIL_SIDE = 8;
export const THUMBNAIL_NUMBERS = THUMBNAIL_SIDE * THUMBNAIL_SIDE * 3;

const BOX = 4;

export interface Glance {
  /** [PIXEL_SUMMARY.length] */
  readonly summary: readonly number[];
  /** [THUMBNAIL_NUMBERS] 0..1, colours of an 8 x 8 grid of averages, row by row. */
  readonly thumbnail: Float32Array;
}

/** Mean colours, how much brightness and colour vary over the grid, size; and the grid itself. */
export function glanceAt(picture: Picture8, bytes: number): Glance {
  const { data } = resize(picture, THUMBNAIL_SIDE, THUMBNAIL_SIDE, BOX);
  const thumbnail = Float32Array.from(data, (v) => v / 255);
  const cells = THUMBNAIL_SIDE * THUMBNAIL_SIDE;
  const mean = [0, 0, 0];
  let colour = 0;
  const luma: number[] = [];
  for (let i = 0; i < cells; i++) {
    const [r, g, b] = [thumbnail[i * 3]!, thumbnail[i * 3 + 1]!, thumbnail[i * 3 + 2]!];
    [r, g, b].forEach((v, c) => {
      mean[c]! += v / cells;
    });
    luma.push(0.299 * r + 0.587 * g + 0.114 * b);
    colour += (Math.max(r, g, b) - Math.min(r, g, b)) / cells;
  }
  const centre = luma.reduce((sum, v) => sum + v, 0) / cells;
  const spread = Math.sqrt(luma.reduce((sum, v) => sum + (v - centre) ** 2, 0) / cells);
  return { summary: [...mean, spread, colour, Math.log(picture.width), Math.log(picture.height), Math.log(bytes)], thumbnail };
}
