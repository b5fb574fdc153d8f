import { createHash } from "node:crypto";
import type { Notice } from "../../protocol/index.js";
import type { Row } from "../data/dataset.js";
import { throwIfAborted } from "../errors.js";
import { readImage } from "../image/file.js";
import { DECODED_AT_ONCE } from "../image/limits.js";
import { toPixels } from "../image/pixels.js";
import { glanceAt, PIXEL_SUMMARY, THUMBNAIL_NUMBERS } from "../image/surface.js";
import type { PixelSurface } from "../lenses/lens.js";
import type { ImageInput } from "../model/pixels.js";
import type { Encoded } from "../text/tokenizer.js";

/** Rows decoded ahead of the model: 64 images of 224 x 224 take 38 MB. */
export const CHUNK_IMAGES = 64;

/** Pixels of a dataset's rows, and what a glance at them tells; a picture is kept no longer than its chunk. */
export class ImageRows {
  private readonly summary: Float64Array;
  private readonly thumbnail: Float32Array;
  /** [row] fingerprint of the pixels: the same picture under two names is one picture. */
  private readonly prints: (string | undefined)[] = [];

  constructor(
    private readonly rows: readonly Pick<Row, "image" | "imageFault">[],
    readonly input: ImageInput,
  ) {
    this.summary = new Float64Array(rows.length * PIXEL_SUMMARY.length);
    this.thumbnail = new Float32Array(rows.length * THUMBNAIL_NUMBERS);
  }

  async encode(which: readonly number[], signal?: AbortSignal): Promise<Encoded[]> {
    const out: Encoded[] = [];
    for (let start = 0; start < which.length; start += DECODED_AT_ONCE) {
      throwIfAborted(signal);
      out.push(...(await Promise.all(which.slice(start, start + DECODED_AT_ONCE).map((row) => this.one(row)))));
    }
    return out;
  }

  /** What the lenses may know of the pictures themselves, for the rows that took part. */
  surface(rows: readonly number[]): PixelSurface {
    const pick = <T extends Float32Array | Float64Array>(from: T, into: T, n: number): T => {
      rows.forEach((row, i) => {
        into.set(from.subarray(row * n, (row + 1) * n), i * n);
      });
      return into;
    };
    return {
      summary: pick(this.summary, new Float64Array(rows.length * PIXEL_SUMMARY.length), PIXEL_SUMMARY.length),
      summaryNames: PIXEL_SUMMARY,
      thumbnail: pick(this.thumbnail, new Float32Array(rows.length * THUMBNAIL_NUMBERS), THUMBNAIL_NUMBERS),
      thumbnailNumbers: THUMBNAIL_NUMBERS,
    };
  }

  notice(): Notice {
    const { tokens, prefix, shape } = this.input;
    const leading = prefix === 0 ? "all of them patches" : `${prefix} before the patches`;
    return { code: "image/tokens", message: `Each image is ${shape.width} x ${shape.height} pixels and ${tokens} tokens, ${leading}.` };
  }

  print(row: number): string {
    return this.prints[row] ?? `row ${row}`;
  }

  private async one(row: number): Promise<Encoded> {
    const { image, imageFault } = this.rows[row]!;
    if (image === undefined) return { ids: [], truncated: false, problem: imageFault ?? "image-none" };
    const read = await readImage(image);
    if (typeof read === "string") return { ids: [], truncated: false, problem: read };
    const { picture, bytes } = read;
    const { tokens, prefix, processing, shape } = this.input;
    const glance = glanceAt(picture, bytes);
    this.summary.set(glance.summary, row * PIXEL_SUMMARY.length);
    this.thumbnail.set(glance.thumbnail, row * THUMBNAIL_NUMBERS);
    this.prints[row] = createHash("sha256").update(`${picture.width}x${picture.height}`).update(picture.data).digest("base64");
    return { ids: new Array<number>(tokens).fill(0), truncated: false, image: toPixels(picture, processing, shape), prefix };
  }
}
