import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../../src/engine/engine.js";
import { type AuditPlan, type AuditView, problemOf } from "../../../src/protocol/index.js";
import { draw, png, stripes, writePng } from "../../fixtures/images.js";
import { writeTinyDecoder } from "../../fixtures/models.js";
import { CLIP_PROCESSOR, VISION, VIT_PROCESSOR, writeVision } from "../../fixtures/vision.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const engine = new Engine();
const model = writeVision(join(folder, "vit"), { processor: VIT_PROCESSOR });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const plan = (path: string, more: Partial<AuditPlan> = {}): AuditPlan => ({
  data: { path, options: {} },
  model,
  maxTokens: 512,
  seed: 0,
  provider: "cpu",
  threads: 1,
  ...more,
});
const refusal = (wish: AuditPlan): Promise<string> =>
  engine.audit(wish).then(
    () => "opened",
    (error: unknown) => problemOf(error).message,
  );

/** Stripes across against stripes down; file names tell the class in every letter, which must not count. */
const EACH = 40;
const shapes = join(folder, "shapes");
/** Bright against dark: what a glance at the pixels tells. */
const shades = join(folder, "shades");

beforeAll(() => {
  for (let i = 0; i < EACH; i++)
    for (const turn of [0, 1] as const) {
      const name = turn ? `unsafe/zzzz${i}.png` : `safe/aaaa${i}.png`;
      writePng(join(shapes, name), stripes(16, turn, 2 * i + turn));
      writePng(
        join(shades, name),
        draw(20, 20, (x, y) => [turn * 120 + ((x * 7 + y * 3 + i * 5) % 60), (x * y + i * 11) % 90, turn * 60 + ((x + i) % 40)]),
      );
    }
});

describe("an audit of images, end to end", () => {
  let view: AuditView;
  const runFolder = join(folder, "runs", "one");
  const previews: AuditView[] = [];

  it("a folder of two classes through a vision encoder", async () => {
    writeFileSync(join(shapes, "unsafe", "broken.png"), png(stripes(16, 1, 3)).subarray(0, 80));
    view = await engine.audit(plan(shapes, { runFolder }), { onView: (v) => previews.push(v) });
    const { result } = view;
    expect(result).toMatchObject({
      final: true,
      dataset: { input: "images", used: 2 * EACH, kind: "safety", columns: { text: "image", label: "folder" }, truncated: { total: 0 } },
      settings: { pooling: "mean-skip-first", maxTokens: 17 },
    });
    expect(result.model.layers).toBe(VISION.blocks);
    expect(result.dataset.skipped).toMatchObject([{ reason: "image-broken", message: "the image is damaged", count: 1, byClass: [0, 1] }]);
    expect(result.notices.map(({ message }) => message)).toContain("Each image is 16 x 16 pixels and 17 tokens, 1 before the patches.");
    expect(previews.length).toBeGreaterThan(0);
    expect(view.rows.count).toBe(2 * EACH);
    expect(new Set(view.rows.tokens)).toEqual(new Set([17]));
    // A file of a folder lies at no line.
    expect(Array.from(view.rows.place.subarray(0, 5))).toEqual([0, -1, 0, -1, 0]);
  });

  it("words and lengths are withheld with the reason; pixels stand in their place", () => {
    const { controls, verdict } = view.result;
    expect(controls).toMatchObject({ words: null, length: null, why: { words: "images have no words" } });
    // The stripes are too fine for a glance; the names of the files, which tell all, were not read.
    expect(controls.pixels).toBeGreaterThan(0.2);
    expect(controls.pixels).toBeLessThan(0.85);
    expect(verdict).toMatch(/colour and coarse shape|pixels alone|told apart/);
    expect(verdict).not.toMatch(/word|vocabulary/);
    const curve = view.pictures.find(({ id }) => id === "concept-depth/curve");
    expect(curve?.shape === "curve" && curve.series.map(({ id }) => id)).toEqual(expect.arrayContaining(["probe", "pixels"]));
    expect(curve?.shape === "curve" && curve.series.map(({ id }) => id)).not.toContain("words");
  });

  it("what brightness alone tells is no finding", async () => {
    const { result } = await engine.audit(plan(shades));
    expect(result.controls.pixels).toBeGreaterThan(0.98);
    expect(result.verdict).toMatch(/^No evidence beyond colour and coarse shape/);
  });

  it("the same run again gives the same numbers", async () => {
    const again = await engine.audit(plan(shapes));
    expect(again.result.layers).toEqual(view.result.layers);
    expect(again.result.aqi).toEqual(view.result.aqi);
  });

  it("no picture and no pixel is stored", () => {
    for (const name of readdirSync(runFolder)) expect(readFileSync(join(runFolder, name), "latin1")).not.toMatch(/data:image|aaaa1\.png/);
  });

  it("gives pictures of rows to look at, and where their files are", async () => {
    const { path, options, sha256 } = view.result.dataset;
    const [id] = view.rows.id;
    const [small] = await engine.rowImages(path, options, sha256, [id!], 64);
    expect(small).toMatchObject({ row: id, width: 16, height: 16 });
    expect(small!.url).toMatch(/^data:image\/webp;base64,/);
    expect(small!.url!.length).toBeLessThan(8000);
    expect(await engine.rowImages(path, options, sha256, [id!], 0)).toEqual([{ row: id, path: expect.stringMatching(/safe.aaaa0\.png$/) }]);
    expect(await engine.rowTexts(path, options, sha256, [id!])).toEqual([{ row: id, text: "safe/aaaa0.png" }]);
    await expect(
      engine.rowImages(
        path,
        options,
        sha256,
        Array.from({ length: 65 }, (_, i) => i),
        64,
      ),
    ).rejects.toThrow("At most 64 pictures");
    await expect(engine.rowImages(path, options, "0".repeat(64), [id!], 64)).rejects.toThrow("has changed since this audit");
  });

  it("when no image can be run, the reasons are the answer", async () => {
    const broken = join(folder, "broken");
    for (const side of ["safe", "unsafe"]) {
      mkdirSync(join(broken, side), { recursive: true });
      for (let i = 0; i < 5; i++) writeFileSync(join(broken, side, `${i}.png`), i ? "text" : png(stripes(16, 0, 1)).subarray(0, 60));
    }
    expect(await refusal(plan(broken))).toMatch(
      /^None of the dataset's images could be run: 2 rows, the image is damaged; 8 rows, the image is no JPEG, PNG, WebP, GIF, TIFF or AVIF\.$/,
    );
  });

  it("the same picture under two names stays on one side of every fold", async () => {
    const copies = join(folder, "copies");
    for (let i = 0; i < 30; i++)
      for (const side of ["safe", "unsafe"])
        writePng(join(copies, side, `${i}.png`), stripes(16, side === "safe" ? 0 : 1, side === "safe" ? 2 * i : 2 * i + 1));
    for (let i = 0; i < 4; i++) copyFileSync(join(copies, "safe", `${i}.png`), join(copies, "safe", `copy${i}.png`));
    const { result } = await engine.audit(plan(copies));
    expect(result.notices.map(({ message }) => message)).toContain("4 rows repeat another one nearly or exactly; they are kept in one fold with it.");
  });
});

describe("a list of images", () => {
  it("rows are lines of the file; missing images are skipped, and the rest is run by a whole CLIP's vision tower", async () => {
    const clip = writeVision(join(folder, "clip"), { kind: "clip", withText: true, processor: CLIP_PROCESSOR });
    const list = join(shapes, "list.csv");
    const rows = Array.from({ length: EACH }, (_, i) => [`safe/aaaa${i}.png,safe`, `unsafe/zzzz${i}.png,unsafe`]).flat();
    writeFileSync(list, `image,label\n${rows.join("\n")}\nsafe/none.png,safe\n`);
    const { result, rows: table } = await engine.audit(plan(list, { model: clip }));
    expect(result.dataset).toMatchObject({
      input: "images",
      used: 2 * EACH,
      skipped: [{ reason: "no-image", count: 1 }],
      columns: { text: "image", label: "label" },
    });
    expect(result.model.layers).toBe(VISION.blocks);
    expect(Array.from(table.place.subarray(5, 10))).toEqual([0, 2, 0, 2, 23]);
  });

  it("beside texts, the model decides which of them is read", async () => {
    const both = join(folder, "both");
    mkdirSync(both);
    const lines: string[] = [];
    for (let i = 0; i < 24; i++) {
      writePng(join(both, `${i}.png`), stripes(16, (i % 2) as 0 | 1, i));
      lines.push(
        JSON.stringify({
          prompt: `${i % 2 ? "qq xx zz" : "aa ee ii"} number ${i}`,
          image: i === 5 ? "gone.png" : `${i}.png`,
          label: i % 2 ? "unsafe" : "safe",
        }),
      );
    }
    writeFileSync(join(both, "rows.jsonl"), lines.join("\n"));
    const seen = await engine.audit(plan(join(both, "rows.jsonl")));
    expect(seen.result.dataset).toMatchObject({ input: "images", used: 23, skipped: [{ reason: "image-missing", count: 1 }], columns: { text: "image" } });
    const text = writeTinyDecoder(join(folder, "text")).folder;
    const read = await engine.audit(plan(join(both, "rows.jsonl"), { model: text }));
    expect(read.result.dataset.input).toBeUndefined();
    expect(read.result.dataset.used).toBe(24);
    expect(read.result.controls.words).not.toBeNull();
  });

  it("a model and a dataset of different kinds refuse each other in a sentence", async () => {
    const text = join(folder, "text");
    expect(await refusal(plan(shapes, { model: text }))).toBe("The dataset holds images; the model text has no input for pixels.");
    const words = join(folder, "words.jsonl");
    writeFileSync(words, Array.from({ length: 20 }, (_, i) => JSON.stringify({ text: `some words ${i}`, label: i % 2 ? "unsafe" : "safe" })).join("\n"));
    expect(await refusal(plan(words))).toBe("The model vit reads images; the dataset names none.");
  });
});
