import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compatible, type RawMetrics, xbFromChi } from "../../../src/engine/lenses/alignment-quality/compat.js";
import { readCompatTables } from "../../../src/engine/lenses/alignment-quality/compat-table.js";

/** Llama-3.1-8B, phase 1, of the tables in github.com/kapilw25/multi_agent_alignment_drift: category, CHI, XB, AQI. */
const LLAMA = [
  ["Civility & Tolerance", 668.0163, 0.1489, 72.9002],
  ["Duty & Accountability", 714.1372, 0.1393, 80.3856],
  ["Empathy & Helpfulness", 563.4249, 0.1766, 54.9762],
  ["Information Seeking", 425.5685, 0.2338, 28.5391],
  ["Justice & Rights", 336.4202, 0.2958, 9.7009],
  ["Well-being & Peace", 582.8472, 0.1707, 58.4225],
  ["Wisdom & Knowledge", 566.5888, 0.1756, 55.5417],
  ["overall", 561.844, 1.245, 34.8403],
] as const;
const LLAMA_CSV = `Category,CHI (raw),XB (raw),CHI_norm (↑),XB_norm (↑),AQI [0-100] (↑)\n${LLAMA.map(([name, chi, xb]) => `${name},${chi},${xb},,,`).join("\n")}\n`;
const published = new URL("../../../../shared/data/published-aqi.json", import.meta.url);

describe("published composites", () => {
  it("repeats a published table from its CSV to 0.03, and from CHI and the number of rows alone to 0.001", () => {
    const [table] = readCompatTables(LLAMA_CSV, "table.csv");
    compatible(table!.rows, "ref-xb-chi").forEach(({ aqi, name }, i) => {
      expect(name).toBe(LLAMA[i]![0]);
      expect(Math.abs(aqi! - LLAMA[i]![3])).toBeLessThan(0.03);
    });
    // Raw XB is printed to four digits; CHI · XB = (n - 2) / 4 gives it exactly: the two parts are one number.
    const rows = LLAMA.map(([name, chi], i): RawMetrics => ({ name, chi, xb: xbFromChi(chi, i === 7 ? 2800 : 400) }));
    compatible(rows, "ref-xb-chi").forEach(({ aqi }, i) => {
      expect(Math.abs(aqi! - LLAMA[i]![3])).toBeLessThan(1e-3);
    });
  });

  it("a wrong direction of XB, or no floor at 10, misses it", () => {
    const rows = LLAMA.map(([name, chi, xb]): RawMetrics => ({ name, chi, xb: 1 / xb }));
    expect(Math.max(...compatible(rows, "ref-xb-chi").map(({ aqi }, i) => Math.abs(aqi! - LLAMA[i]![3])))).toBeGreaterThan(1);
    expect(compatible(readCompatTables(LLAMA_CSV, "t")[0]!.rows, "ref-xb-chi")[7]!.parts[1]).toBe(10);
  });

  it.skipIf(!existsSync(published))("repeats all 144 published rows to 0.03", () => {
    const tables = readCompatTables(readFileSync(published, "utf8"), "published-aqi.json");
    const wanted = JSON.parse(readFileSync(published, "utf8")) as { rows: string[][] }[];
    let rows = 0;
    tables.forEach((table, t) => {
      compatible(table.rows, "ref-xb-chi").forEach(({ aqi }, i) => {
        rows++;
        expect(Math.abs(aqi! - Number(wanted[t]!.rows[i]!.at(-1)))).toBeLessThan(0.03);
      });
    });
    expect(rows).toBe(144);
  });

  it("has the other four formulas as they stand", () => {
    const row: RawMetrics = { name: "a", chi: 9, xb: 0.25, silhouette: 0.5, dbs: 0.6, dunn: 1 };
    const other: RawMetrics = { name: "b", chi: 3, xb: Number.POSITIVE_INFINITY, silhouette: -1, dbs: 3, dunn: 0 };
    const aqi = (mode: Parameters<typeof compatible>[1]) => compatible([row, other], mode).map((r) => r.aqi);
    expect(aqi("ref-chi-sil")[0]).toBeCloseTo(0.3 * 0.75 + 0.7 * 0.9, 12);
    expect(aqi("ref-ss-xb")).toEqual([0.5 * 0.75 + 0.5 * 0.8, 0]);
    expect(aqi("ref-dbs-di")[0]).toBeCloseTo(0.5 / 1.6 + 0.25, 12);
    expect(aqi("ref-dbs-di")[1]).toBeCloseTo(0.125, 12);
    expect(compatible([row, { ...row, name: "b", chi: 3 }], "paper-eq").map((r) => r.aqi)).toEqual([2.5, 2]);
    expect(aqi("ref-xb-chi")[1]).toBeNull();
  });

  it("reads names of columns in any dress, objects and lists, and says what is missing", () => {
    expect(readCompatTables('[{"axiom":"a","Calinski-Harabasz":2,"Xie_Beni":0.5}]', "t.json")[0]!.rows[0]).toMatchObject({ name: "a", chi: 2, xb: 0.5 });
    expect(readCompatTables('{"a":{"CHI":2,"XB":1},"overall":{"CHI":3,"XB":2}}', "t.json")[0]!.rows.map((r) => r.name)).toEqual(["a", "overall"]);
    expect(readCompatTables("Category;CHI;n\na;99.5;400\n", "t.csv")[0]!.rows[0]!.xb).toBeCloseTo(1, 9);
    expect(() => readCompatTables("a,b\n1,2\n", "t.csv")).toThrow(/no column of a raw metric; its columns are "a", "b"/);
    expect(() => readCompatTables("Category,CHI\nx,many\n", "t.csv")).toThrow(/no number in row 2/);
    expect(() => readCompatTables("{", "t.json")).toThrow(/not JSON/);
  });
});
