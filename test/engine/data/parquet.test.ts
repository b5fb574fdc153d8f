import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import { prompts, refusal, scratch } from "./files.js";
import { readsAgain } from "./reads-again.js";
import { writeParquet } from "./write-parquet.js";

const files = scratch();
const ROWS = prompts(40).map((p) => [p.text, p.unsafe ? "unsafe" : "safe"]);

describe("Parquet", () => {
  it("is read across row groups; its rows have numbers, not ranges", async () => {
    const path = files.write("rows.parquet", writeParquet(["text", "label"], [ROWS.slice(0, 15), ROWS.slice(15, 30), ROWS.slice(30)]));
    const { rows, card } = await openDataset(path, {});
    expect(card).toMatchObject({ format: "parquet", hasRanges: false, rows: 40, used: 40 });
    expect(rows.map((row) => [row.text, row.label === 1 ? "unsafe" : "safe"])).toEqual(ROWS);
    expect(rows.map((row) => row.place.startLine)).toEqual([...ROWS.keys()]);
    await readsAgain(path);
  });

  it("says which rows have nulls, by row", async () => {
    const holes = ROWS.map(([text, label], i) => [i < 3 ? null : (text as string), i > 36 ? null : (label as string)]);
    const { card } = await openDataset(files.write("nulls.parquet", writeParquet(["text", "label"], [holes])), {});
    expect(card.used).toBe(34);
    expect(card.skipped.map((s) => s.message)).toEqual([
      "3 rows without text (3 null), 2 safe and 1 unsafe; the first is on row 1.",
      "3 rows without a label (3 null); the first is on row 38.",
    ]);
  });

  it("is refused when a page claims to unpack to two gigabytes", async () => {
    const bomb = writeParquet(["text", "label"], [ROWS], { claimedSize: 2 ** 31 - 1, codec: 2 });
    const problem = await refusal(files.write("bomb.parquet", bomb));
    expect(problem.message).toMatch(/unpacks to more than is allowed/);
  });

  it("is refused when it is cut, damaged, or empty", async () => {
    const whole = writeParquet(["text", "label"], [ROWS]);
    expect((await refusal(files.write("cut.parquet", whole.subarray(0, whole.length / 2)))).message).toMatch(/incomplete/);
    const damaged = Buffer.from(whole);
    damaged.fill(255, whole.length - 200, whole.length - 8);
    expect((await refusal(files.write("damaged.parquet", damaged))).message).toMatch(/damaged/);
    expect((await refusal(files.write("empty.parquet", writeParquet(["text"], [])))).code).toBe("data/no-rows");
  });
});
