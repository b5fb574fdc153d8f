import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { readImage } from "../../../src/engine/image/file.js";
import { problemOf } from "../../../src/protocol/index.js";
import { pattern, writePng } from "../../fixtures/images.js";

vi.mock("sharp", () => {
  throw new Error("libvips-cpp.so: cannot open shared object file");
});
const folder = mkdtempSync(join(tmpdir(), "layerscope-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a decoder that does not start is no fault of the images", async () => {
  const error: unknown = await readImage(writePng(join(folder, "fine.png"), pattern(8, 8))).catch((e: unknown) => e);
  expect(problemOf(error)).toMatchObject({
    code: "image/no-decoder",
    message: expect.stringMatching(/^Images cannot be decoded here: the library for it does not start on /),
  });
});
