import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { readImage } from "../../../src/engine/image/file.js";
import { MAX_PIXELS } from "../../../src/engine/image/limits.js";
import { decode, thumbnail } from "../../../src/engine/image/sharp.js";
import { pattern, png } from "../../fixtures/images.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const picture = pattern(24, 16);
const raw = (channels: 3 | 4 = 3, data: Uint8Array = picture.data) => sharp(data, { raw: { width: 24, height: 16, channels } });

async function read(name: string, bytes: Uint8Array | string) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return readImage(path);
}
const pixels = async (bytes: Uint8Array) => (await decode(bytes)).data;

describe("decoding", () => {
  it("lossless formats give the pixels that were drawn", async () => {
    expect(await pixels(png(picture))).toEqual(picture.data);
    expect(await pixels(await raw().webp({ lossless: true }).toBuffer())).toEqual(picture.data);
    expect(await pixels(await raw().tiff({ compression: "lzw" }).toBuffer())).toEqual(picture.data);
  });

  it("what is seen through shows its colour; grey becomes three channels", async () => {
    const alpha = new Uint8Array(24 * 16 * 4);
    for (let i = 0; i < 24 * 16; i++) alpha.set([picture.data[i * 3]!, picture.data[i * 3 + 1]!, picture.data[i * 3 + 2]!, (i * 7) & 255], i * 4);
    expect(await pixels(png({ ...picture, data: alpha }, 4))).toEqual(picture.data);
    const grey = await decode(await raw().greyscale().png().toBuffer());
    expect(grey.data).toHaveLength(24 * 16 * 3);
    expect(grey.data[3]).toBe(grey.data[4]);
  });

  it("a photograph is upright by its EXIF orientation, its profile ignored", async () => {
    const turned = await decode(await raw().withMetadata({ orientation: 6 }).png().toBuffer());
    expect([turned.width, turned.height]).toEqual([16, 24]);
    // Turned a quarter to the right: the lower left corner comes first.
    expect(turned.data.slice(0, 3)).toEqual(picture.data.slice(24 * 15 * 3, 24 * 15 * 3 + 3));
    expect(await pixels(await raw().withIccProfile("p3").png().toBuffer())).not.toEqual(undefined);
  });

  it("four inks become three colours by PIL's formula, not by a profile", async () => {
    const inks = await sharp(picture.data, { raw: { width: 24, height: 16, channels: 3 } })
      .toColourspace("cmyk")
      .tiff({ compression: "lzw" })
      .toBuffer();
    const { data } = await sharp(inks, { ignoreIcc: true }).pipelineColourspace("cmyk").toColourspace("cmyk").raw().toBuffer({ resolveWithObject: true });
    const [c, , , k] = data;
    const product = c! * (255 - k!) + 128;
    expect((await pixels(inks))[0]).toBe(255 - k! - (((product >> 8) + product) >> 8));
  });

  it("the first frame of an animation", async () => {
    const frames = Buffer.concat([pattern(24, 16, 1).data, pattern(24, 16, 2).data]);
    const moving = await sharp(frames, { raw: { width: 24, height: 32, channels: 3, pageHeight: 16 } })
      .webp({ lossless: true })
      .toBuffer();
    expect(await decode(moving)).toEqual({ width: 24, height: 16, data: new Uint8Array(pattern(24, 16, 1).data) });
  });
});

describe("what is no image", () => {
  it("has its reason; the twin beside it is read", async () => {
    expect(await read("fine.png", png(picture))).toMatchObject({ picture: { width: 24, height: 16 } });
    expect(await read("cut.png", png(picture).subarray(0, 300))).toBe("image-broken");
    expect(await read("cut.jpg", (await raw().jpeg().toBuffer()).subarray(0, 500))).toBe("image-broken");
    expect(await read("empty.png", "")).toBe("image-broken");
    expect(await read("text.png", "hello")).toBe("image-format");
    expect(await readImage(join(folder, "absent.png"))).toBe("image-missing");
    expect(await readImage(folder)).toBe("image-missing");
  });

  it("SVG may name other files, so it is not opened, whatever it is called", async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><image href="/etc/hostname" width="8" height="8"/></svg>';
    expect(await read("drawing.svg", svg)).toBe("image-format");
    expect(await read("drawing.png", `<?xml version="1.0"?>${svg}`)).toBe("image-format");
  });

  it("more pixels than any photograph has are not unpacked", async () => {
    const side = Math.ceil(Math.sqrt(MAX_PIXELS)) + 1;
    const head = png({ width: side, height: side, data: new Uint8Array(0) });
    expect(await read("bomb.png", head)).toBe("image-large");
  });
});

describe("a picture to look at", () => {
  it("is small, keeps its shape, and tells the size of the original", async () => {
    const { url, width, height } = await thumbnail(png(pattern(200, 100)), 64);
    expect([width, height]).toEqual([200, 100]);
    const small = await sharp(Buffer.from(url.replace("data:image/webp;base64,", ""), "base64")).metadata();
    expect([small.width, small.height]).toEqual([64, 32]);
    expect(
      (
        await thumbnail(
          await sharp(pattern(200, 100).data, { raw: { width: 200, height: 100, channels: 3 } })
            .withMetadata({ orientation: 6 })
            .jpeg()
            .toBuffer(),
          64,
        )
      ).width,
    ).toBe(100);
  });
});
