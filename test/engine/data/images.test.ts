import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inspectDataset, openDataset } from "../../../src/engine/data/index.js";
import type { DataOptions } from "../../../src/protocol/index.js";
import { type Problem, problemOf } from "../../../src/protocol/index.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "layerscope-images-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;

/** A folder with such files; images are only named here, nothing decodes them. */
function tree(files: readonly string[], name = `set-${made++}`): string {
  const root = join(folder, name);
  for (const file of files) put(join(root, file), "x");
  mkdirSync(root, { recursive: true });
  return root;
}
function put(path: string, content: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}
const numbered = (prefix: string, n: number, end = "png") => Array.from({ length: n }, (_, i) => `${prefix}${i}.${end}`);
const open = (path: string, options: DataOptions = {}) => openDataset(path, options);
const refusal = (path: string, options: DataOptions = {}): Promise<Problem> =>
  open(path, options).then(
    () => ({ code: "opened", message: "opened" }),
    (error: unknown) => problemOf(error),
  );

describe("a folder of images", () => {
  it("safe and unsafe subfolders are the classes, folders in them categories, in the order of their paths", async () => {
    const root = tree([
      ...numbered("unsafe/violence/", 4, "jpg"),
      ...numbered("unsafe/fraud/", 3),
      ...numbered("safe/food/", 5, "webp"),
      "safe/notes.txt",
      ".hidden.png",
    ]);
    const { card, rows } = await open(root);
    expect(card).toMatchObject({
      format: "images",
      kind: "safety",
      rows: 12,
      used: 12,
      hasRanges: false,
      bytes: 12,
      images: { column: "image", only: true },
      classes: [
        { name: "safe", rows: 5 },
        { name: "unsafe", rows: 7 },
      ],
    });
    expect(card.columns.map(({ name, role }) => [name, role])).toEqual([
      ["image", "text"],
      ["folder", "label"],
      ["subfolder", "category"],
    ]);
    expect(rows[0]).toMatchObject({ id: 0, text: "safe/food/0.webp", label: 0, category: "food", image: join(root, "safe/food/0.webp") });
    expect(rows.at(-1)).toMatchObject({ text: "unsafe/violence/3.jpg", label: 1, category: "violence" });
    expect(card.notices.map(({ message }) => message)).toContain("1 file in the folder is no images and was passed over.");
    // The same reading from the options that it amounts to.
    expect((await open(root, card.options)).card.classes).toEqual(card.classes);
  });

  it("the list of paths and sizes is its fingerprint", async () => {
    const root = tree([...numbered("safe/", 3), ...numbered("unsafe/", 3)]);
    const before = (await open(root)).card.sha256;
    expect((await open(root)).card.sha256).toBe(before);
    put(join(root, "safe/0.png"), "longer");
    expect((await open(root)).card.sha256).not.toBe(before);
  });

  it("other names are a concept; a judgement in unknown words, or 0 and 1, are asked about", async () => {
    const { card } = await open(tree([...numbered("cats/", 3), ...numbered("dogs/", 4)]));
    expect([card.kind, ...card.classes.map(({ name }) => name)]).toEqual(["concept", "cats", "dogs"]);
    const asked = await inspectDataset(tree([...numbered("0/", 3), ...numbered("1/", 4)]), {});
    expect(asked).toMatchObject({ kind: "question", question: { code: "data/label-meaning" } });
  });

  it("more than two: which two, with the flags that say so", async () => {
    const root = tree([...numbered("cats/", 3), ...numbered("dogs/", 4), ...numbered("birds/", 2)]);
    const answer = await inspectDataset(root, {});
    expect(answer).toMatchObject({ kind: "question", question: { code: "data/unknown-values" } });
    if (answer.kind !== "question") return;
    expect(answer.question.choices.map(({ flags }) => flags)).toContain("--unsafe cats --safe dogs");
    const { card } = await open(root, { unsafe: ["birds"], safe: ["cats"], concept: true });
    expect(card).toMatchObject({ kind: "concept", used: 5, skipped: [{ reason: "unknown-label", count: 4 }] });
    const many = tree(Array.from({ length: 30 }, (_, i) => `class-${i}/a.png`));
    expect((await refusal(many)).message).toMatch(
      /has 30 subfolders with images \("class-0", "class-1", "class-10", "class-11" and 26 more\); an audit compares two\./,
    );
    expect((await open(many, { unsafe: ["class-3"], safe: ["class-4"] })).card.used).toBe(2);
  });

  it("train and test are no classes", async () => {
    const { card } = await open(
      tree([...numbered("train/safe/", 3), ...numbered("train/unsafe/", 3), ...numbered("test/safe/", 2), ...numbered("test/unsafe/", 2)]),
    );
    expect(card.classes).toMatchObject([
      { name: "safe", rows: 5 },
      { name: "unsafe", rows: 5 },
    ]);
  });

  it("two folders are set against each other by their names", async () => {
    const root = tree([...numbered("harmful/", 3), ...numbered("harmless/", 4)]);
    const { card, rows } = await open(join(root, "harmful"), { contrast: join(root, "harmless") });
    expect(card.classes).toMatchObject([
      { name: "safe", rows: 4 },
      { name: "unsafe", rows: 3 },
    ]);
    expect(rows.map(({ place }) => place.file)).toEqual([0, 0, 0, 1, 1, 1, 1]);
  });

  it("what is no such folder is told in a sentence", async () => {
    const said = async (files: string[], options: DataOptions = {}) => (await refusal(tree(files, `odd-${made++}`), options)).message.replace(/odd-\d+/, "odd");
    expect(await said(["a.txt", "b/c.csv"])).toBe('The folder "odd" holds no images in subfolders: 2 other files.');
    expect(await said([])).toBe('The folder "odd" holds no images in subfolders: it is empty.');
    expect(await said(numbered("", 3))).toBe('The folder "odd" holds 3 images and no subfolders, which would name the classes.');
    expect((await refusal(tree([...numbered("", 3), "metadata.csv"]))).hint).toBe('The file "metadata.csv" in it may name their classes: audit that file.');
    expect(await said(numbered("safe/", 3))).toBe('The folder "odd" has one subfolder with images, "safe" (3 images); two classes are needed.');
    expect(await said([...numbered("safe/", 3), ...numbered("unsafe/", 2)])).toBe("opened");
  });

  it("links that lead out of the folder are not followed, those inside are", async () => {
    const outside = tree(["secret.png"]);
    const root = tree([...numbered("safe/", 3), ...numbered("unsafe/", 3)]);
    symlinkSync(join(outside, "secret.png"), join(root, "unsafe/out.png"));
    symlinkSync(join(root, "safe/0.png"), join(root, "safe/inside.png"));
    symlinkSync(join(root, "gone.png"), join(root, "safe/dangling.png"));
    symlinkSync(outside, join(root, "linked"));
    const { card, rows } = await open(root);
    expect(rows).toHaveLength(7);
    expect(rows.every(({ image }) => image?.startsWith(root))).toBe(true);
    expect(card.skipped).toMatchObject([{ reason: "no-image", count: 2, byClass: [1, 1] }]);
    expect(card.skipped[0]!.message).toContain("1 the image lies outside the dataset's folder, where nothing is opened");
  });
});

describe("a column of image paths", () => {
  const list = (root: string, name: string, rows: readonly (readonly string[])[]) => put(join(root, name), `${rows.map((row) => row.join(",")).join("\n")}\n`);
  const labelled = (names: readonly string[]) => names.map((name, i) => [name, i % 2 ? "unsafe" : "safe"]);

  it("is told by its values, whatever its name, in CSV, JSONL and with a folder of its own", async () => {
    const root = tree(numbered("pics/", 6));
    const direct = await open(list(root, "a.csv", [["where", "label"], ...labelled(numbered("pics/", 6))]));
    expect(direct.card).toMatchObject({ format: "csv", images: { column: "where", only: true }, used: 6, hasRanges: true });
    expect(direct.rows[1]).toMatchObject({ text: "pics/1.png", label: 1, image: join(root, "pics/1.png"), place: { startLine: 2 } });
    expect(direct.card.notices.map(({ message }) => message)).toContain('The rows are 6 images named by "where".');
    const lines = labelled(numbered("pics\\", 6)).map(([file_name, label]) => JSON.stringify({ file_name, label, id: 3 }));
    expect((await open(put(join(root, "b.jsonl"), lines.join("\n")))).card.images).toEqual({ column: "file_name", only: true });
    const based = tree(numbered("images/", 6));
    const found = await open(list(based, "c.csv", [["image", "label"], ...labelled(numbered("", 6))]));
    expect(found.rows[0]!.image).toBe(join(based, "images/0.png"));
  });

  it("beside texts it is kept for models that read images", async () => {
    const root = tree(numbered("", 6));
    const rows = labelled(numbered("", 6)).map(([file, label], i) => [`What is this thing number ${i}?`, file!, label!]);
    const both = await open(list(root, "both.csv", [["prompt", "image", "label"], ...rows]));
    expect(both.card.images).toEqual({ column: "image", only: false });
    expect(both.rows[2]).toMatchObject({ text: "What is this thing number 2?", image: join(root, "2.png") });
    // Named as the text, the paths are all there is.
    expect((await open(join(root, "both.csv"), { text: "image" })).card.images).toEqual({ column: "image", only: true });
    expect((await open(join(root, "both.csv"), both.card.options)).card.images).toEqual(both.card.images);
  });

  it("paths that leave the folder, however they do, are not opened; their rows are counted", async () => {
    const outside = tree(["secret.png"]);
    const root = tree(numbered("", 6));
    symlinkSync(join(outside, "secret.png"), join(root, "link.png"));
    symlinkSync(outside, join(root, "way"));
    const bad = ["../x/secret.png", "link.png", "way/secret.png", join(outside, "secret.png"), "C:\\x\\a.png", "https://example.org/a.png", "gone.png", ""];
    const { card, rows } = await open(
      list(root, "mixed.csv", [["image", "label"], ...labelled([...numbered("", 10).map((n, i) => (i < 6 ? n : "0.png")), ...bad])]),
    );
    expect(rows.every(({ image }) => image && dirname(image) === root)).toBe(true);
    const [skipped] = card.skipped.filter(({ reason }) => reason === "no-image");
    expect(skipped!.count).toBe(7);
    for (const part of ["3 the image lies outside", "2 the image is named by an absolute path", "1 the image is a web address", "1 the image is not there"])
      expect(skipped!.message).toContain(part);
    expect(card.skipped.find(({ reason }) => reason === "empty-text")?.count).toBe(1);
  });

  it("when none can be opened the file is refused, with the reason", async () => {
    const root = tree(["labels.csv"]);
    const said = async (names: string[]) => (await refusal(list(root, "labels.csv", [["image", "label"], ...labelled(names)]))).message;
    const start = 'The column "image" of "labels.csv" names images, but of the first 4, each fails: ';
    expect(await said(numbered("/data/", 4))).toBe(`${start}the image is named by an absolute path, which is not followed.`);
    expect(await said(numbered("../", 4))).toBe(`${start}the image lies outside the dataset's folder, where nothing is opened.`);
    expect(await said(numbered("https://example.org/", 4))).toBe(`${start}the image is a web address; nothing is downloaded.`);
    expect(await said(numbered("pics/", 4))).toBe(`${start}the image is not there.`);
    for (const name of numbered("pics/", 4)) put(join(root, name), "x");
    expect(await said(numbered("pics/", 4))).toBe("opened");
  });

  it("texts that happen to end like a file are texts", async () => {
    const root = tree([]);
    const rows = Array.from({ length: 8 }, (_, i) => [`please open the picture cat${i}.png`, i % 2 ? "unsafe" : "safe"]);
    expect((await open(list(root, "texts.csv", [["prompt", "label"], ...rows]))).card.images).toBeUndefined();
  });
});
