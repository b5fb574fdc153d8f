import { describe, expect, it } from "vitest";
import { csvReport } from "../../../src/engine/report/csv.js";
import type { AuditView } from "../../../src/protocol/index.js";

const view = {
  result: { dataset: { path: "/data/a.jsonl", classes: [{ name: "safe" }, { name: "unsafe" }] } },
  rows: {
    count: 2,
    columns: 2,
    id: Uint32Array.of(0, 7),
    label: Uint8Array.of(0, 1),
    category: Uint16Array.of(0, 65535),
    categories: ['=1+1, quoted "x"'],
    place: Int32Array.of(0, 4, 0, 4, 9, 0, -1, 0, 0, 0),
    score: Float32Array.of(0.5, -1.25, Number.NaN, 2),
    probability: Float32Array.of(0.75, Number.NaN),
    probabilityLayer: 1,
    tokens: Uint16Array.of(3, 4),
  },
  pictures: [],
} as unknown as AuditView;

describe("the CSV report", () => {
  it("has one record a row, empty where there is no number, and no formula", () => {
    expect(csvReport(view).split("\r\n")).toEqual([
      "row,file,line,class,category,probability,score_layer_0,score_layer_1",
      `0,a.jsonl,5,safe,"'=1+1, quoted ""x""",0.75,0.5,-1.25`,
      "7,a.jsonl,,unsafe,,,,2",
      "",
    ]);
  });

  it("holds texts only when it is given them", () => {
    expect(csvReport(view)).not.toContain("canary");
    expect(csvReport(view, new Map([[7, "-a canary"]]))).toContain(",'-a canary");
  });
});
