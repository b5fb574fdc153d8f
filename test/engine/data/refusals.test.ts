import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decode } from "../../../src/engine/data/decode.js";
import { openDataset } from "../../../src/engine/data/index.js";
import { MAX_FILE_BYTES } from "../../../src/engine/data/limits.js";
import { card, jsonl, prompts, question, refusal, scratch } from "./files.js";

const files = scratch();
const ROWS = prompts(40).map((p) => ({ text: p.text, label: p.unsafe ? "unsafe" : "safe" }));
const GOOD = jsonl(ROWS);
const CSV = `text,label\n${ROWS.map((r) => `"${r.text}",${r.label}`).join("\n")}\n`;

describe("what is no dataset file", () => {
  it("is refused by stat, before it is opened", async () => {
    mkdirSync(join(files.folder, "folder.jsonl"));
    expect((await refusal(join(files.folder, "folder.jsonl"))).message).toBe('The folder "folder.jsonl" holds no images in subfolders: it is empty.');
    expect((await refusal(join(files.folder, "missing.jsonl"))).code).toBe("data/not-found");
    expect((await refusal(files.write("nothing.jsonl", ""))).code).toBe("data/empty");
    expect((await refusal(files.write("blank.jsonl", " \n\n"))).code).toBe("data/no-rows");
    if (process.platform !== "win32") {
      const pipe = join(files.folder, "pipe.jsonl");
      execFileSync("mkfifo", [pipe]);
      expect((await refusal(pipe)).message).toMatch(/named pipe/);
      expect((await refusal("/dev/zero")).message).toMatch(/device/);
    }
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")("is refused when it may not be read", async () => {
    const path = files.write("secret.jsonl", GOOD);
    chmodSync(path, 0o000);
    expect((await refusal(path)).code).toBe("data/unreadable");
  });

  it("is refused above the size that one string may have, without reading it", async () => {
    const path = files.write("huge.jsonl", GOOD);
    truncateSync(path, MAX_FILE_BYTES + 1);
    expect((await refusal(path)).message).toMatch(/257 MB|256 MB/);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["packed.jsonl", gzipSync(GOOD), /gzip/],
    ["sheet.csv", Buffer.from("504b03041400060008000000", "hex"), /zip archive/],
    ["packed.json", Buffer.from("28b52ffd00000000", "hex"), /zstd/],
    ["pointer.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", /Git LFS pointer/],
    ["download.csv", "<!DOCTYPE html>\n<html><body>Not found</body></html>", /web page/],
    ["page.jsonl", "<html><head></head></html>", /web page/],
    ["paper.txt", "%PDF-1.7\n", /PDF/],
    ["prompts.yaml", "- value: x\n", /YAML/],
    ["book.xlsx", "x", /Excel/],
    ["utf32.csv", Buffer.from("fffe0000740000006500000078000000", "hex"), /UTF-32/],
    ["nobom.csv", Buffer.from(CSV, "utf16le"), /UTF-16 without/],
    ["weights.txt", Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 37) % 256)), /binary/],
    ["cut.parquet", Buffer.from("PAR1 and then nothing"), /incomplete Parquet/],
    ["fake.parquet", CSV, /looks like CSV/],
    ["broken.parquet", Buffer.concat([Buffer.from("PAR1"), Buffer.alloc(40, 7), Buffer.from("PAR1")]), /damaged Parquet/],
    ["single.json", '"text"', /single value/],
    ["numbers.json", "[1, 2, 3]", /neither objects nor texts/],
    ["settings.json", '{"compilerOptions": {"strict": true}, "include": ["src"], "files": {"a": 1}}', /no list of rows/],
  ])("%s is named for what it is", async (name, content, sentence) => {
    const problem = await refusal(files.write(name, content));
    expect(problem.message).toMatch(sentence);
    expect(problem.hint).toBeTruthy();
    expect(problem.message).not.toContain(files.folder);
  });

  it.skipIf(process.platform === "win32")("may be a link to one, and have any name", async () => {
    const real = files.write("a 'name' with $(echo x) \"quotes\" 😀.jsonl", GOOD);
    const link = join(files.folder, "link.jsonl");
    symlinkSync(real, link);
    expect((await card(link)).used).toBe(40);
    expect((await card(real)).used).toBe(40);
  });
});

describe("files that are partly bad", () => {
  it("lose bad lines up to a tenth, and name them", async () => {
    const lines = GOOD.trimEnd().split("\n");
    lines[6] = '{"text": "cut here';
    lines[20] = '{"text": "two", "label": safe}';
    const found = await card(files.write("bad-2.jsonl", lines.join("\n")));
    expect(found.used).toBe(38);
    const skip = found.skipped.find((s) => s.reason === "bad-line");
    expect(skip).toMatchObject({ count: 2, lines: [6, 20] });
    expect(skip?.message).toMatch(/line 7: incomplete.*line 21: column 26: a word/);
  });

  it("are asked about above a tenth, and refused when nothing is left", async () => {
    const lines = GOOD.trimEnd()
      .split("\n")
      .map((line, i) => (i % 5 === 0 ? line.slice(0, -3) : line));
    const path = files.write("bad-8.jsonl", lines.join("\n"));
    const asked = await question(path);
    expect(asked.code).toBe("data/bad-lines");
    expect(asked.choices[0]).toMatchObject({ options: { skipBad: true }, flags: "--skip-bad" });
    expect((await card(path, { skipBad: true })).used).toBe(32);
    expect((await refusal(files.write("all-bad.jsonl", '{"a": bad}\n{"a": worse}\n'))).message).toMatch(/no line that can be read/);
  });

  it("lose a CSV record whose quotes are broken, one record each", async () => {
    const lines = CSV.trimEnd().split("\n");
    lines[4] = '"a text" with more,safe';
    const found = await card(files.write("stray.csv", lines.join("\n")));
    expect(found.used).toBe(39);
    expect(found.skipped[0]?.message).toMatch(/line 5: text after a closing quote/);
  });

  it("are read as Windows-1252 where bytes are neither UTF-8 nor UTF-16, and say so", async () => {
    const bytes = Buffer.concat([Buffer.from('text,label\n"a caf\u00e9, '), Buffer.from([0x93, 0x80, 0x94]), Buffer.from(' \ud83d\ude00", safe\n')]);
    const latin = Buffer.from(CSV.replace("rye", "r\u00fcye \u0093x\u0094 \u0080 5"), "latin1");
    const { rows, card: found } = await openDataset(files.write("latin1.csv", latin), {});
    expect(rows[0]?.text).toContain("r\u00fcye \u201cx\u201d \u20ac 5");
    expect(found.notices.find((n) => n.code === "data/windows-1252")?.message).toMatch(/line 2\).*Windows-1252, which is a guess/);
    expect(rows[1]?.place.startLine).toBe(2);
    expect(decode("a.csv", bytes).text).toContain("caf\u00e9, \ufffd\ufffd\ufffd \ud83d\ude00");
  });

  it("keep U+FFFD where a byte is not in Windows-1252 either, or the rest is UTF-8", async () => {
    for (const bytes of [Buffer.from([0x61, 0xfc, 0x81]), Buffer.from([0x61, 0xc3, 0xa9, 0xff]), Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff])]) {
      const { text, notices } = decode("a.txt", bytes);
      expect(text).toContain("\ufffd");
      expect(notices.map((n) => n.code)).toEqual(["data/not-utf8"]);
    }
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i).filter((b) => b > 31 && ![0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(b)));
    const { text } = decode("a.txt", every);
    // Node's own decoder of this name reads Latin-1.
    expect(text.slice(95, 123)).toBe("\x7f€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\xa0".slice(0, 28));
    expect([text.length, text.charCodeAt(text.length - 1)]).toEqual([every.length, 0xff]);
  });

  it("keep rows with NUL, and unpaired surrogates become U+FFFD", async () => {
    const rows = [...ROWS, { text: "half \ud83d pair", label: "safe" }, { text: "a\u0000b", label: "unsafe" }];
    const { rows: read, card: found } = await openDataset(files.write("odd.jsonl", jsonl(rows)), {});
    expect(read[40]?.text).toBe("half \ufffd pair");
    expect(read[41]?.text).toBe("a\u0000b");
    expect(found.notices.map((n) => n.code)).toEqual(expect.arrayContaining(["data/lone-surrogate", "data/control-characters"]));
    expect(() => encodeURIComponent(read.map((r) => r.text).join(""))).not.toThrow();
  });

  it("keep keys out of prototypes", async () => {
    const text = GOOD.replaceAll('"label"', '"__proto__": {"label": "safe"}, "constructor": 1, "label"');
    const found = await card(files.write("proto.jsonl", text));
    expect(found.used).toBe(40);
    expect(found.columns.map((c) => c.name)).toContain("__proto__");
    expect(({} as Record<string, unknown>)["label"]).toBeUndefined();
  });

  it("with values nested beyond any walk are refused, not followed", async () => {
    const deep = `${"[".repeat(100_000)}1${"]".repeat(100_000)}`;
    const path = files.write("deep.jsonl", `${GOOD.replaceAll('"label"', '"deep": [], "label"')}{"text": "x", "label": "safe", "deep": ${deep}}\n`);
    expect((await refusal(path)).message).toMatch(/nested too deeply/);
  });

  it("give a line above the cap a number, not memory", async () => {
    const rows = GOOD.trimEnd().split("\n");
    rows[3] = JSON.stringify({ text: "x".repeat(16_000_001), label: "safe" });
    const found = await card(files.write("long-line.jsonl", rows.join("\n")));
    expect(found.skipped[0]?.message).toMatch(/line 4: longer than 16 million/);
    expect(found.used).toBe(39);
  });
});

describe("a large file", () => {
  it("of 100,000 rows is read in seconds, every row placed", async () => {
    const lines: string[] = [];
    for (let i = 0; i < 100_000; i++)
      lines.push(JSON.stringify({ id: i, text: `Explain how to choose a kitchen for a nurse (case ${i})`, label: i % 2 ? "unsafe" : "safe" }));
    const path = files.write("big.jsonl", `${lines.join("\n")}\n`);
    const start = performance.now();
    const { rows, card: found } = await openDataset(path, {});
    // Two seconds on a quiet machine is the aim; this only guards against a slip by an order of magnitude.
    expect(performance.now() - start).toBeLessThan(6000);
    expect(found.used).toBe(100_000);
    expect(found.notices.map((notice) => notice.code)).toContain("data/large");
    expect(rows[99_999]?.place).toEqual({ file: 0, startLine: 99_999, startColumn: 0, endLine: 99_999, endColumn: (lines[99_999] as string).length });
  });

  it("can be cancelled", async () => {
    await expect(openDataset(join(files.folder, "big.jsonl"), {}, AbortSignal.abort())).rejects.toMatchObject({ problem: { code: "run/cancelled" } });
  });

  it("above 50 MB has rows and no ranges", async () => {
    const text = "y".repeat(700_000);
    const rows = Array.from({ length: 80 }, (_, i) => ({ text: `${text} ${i}`, label: i % 2 ? "unsafe" : "safe" }));
    expect((await card(files.write("wide.jsonl", jsonl(rows)))).hasRanges).toBe(false);
    expect((await card(files.write("narrow.jsonl", GOOD))).hasRanges).toBe(true);
  });
});
