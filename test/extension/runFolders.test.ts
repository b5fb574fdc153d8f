import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { courseOf, deleteAllRuns, deleteRun, isRunId, listRuns, makeRunFolder, nameOfModel, noteEnd, readRun } from "../../src/extension/runFolders.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "layerscope-runs-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const plan = { data: { path: "/data/set.jsonl", options: {} }, model: "/models/tiny/onnx/model.onnx" };
const result = {
  final: true,
  dataset: { path: "/data/set.jsonl" },
  model: { name: "tiny" },
  aqi: { score: 41.2 },
  layers: [{ auroc: 0.6 }, { auroc: 0.9 }, { auroc: null }],
};
const write = (folder: string, name: string, value: unknown) => writeFileSync(join(folder, name), typeof value === "string" ? value : JSON.stringify(value));

describe("run folders", () => {
  it("a folder with a plan alone was interrupted; with a result it is done; with a note it is what the note says", async () => {
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map((minute) => makeRunFolder(root, new Date(Date.UTC(2026, 10, 23, 9, minute)))));
    for (const folder of [a, b, c, d]) write(folder!, "plan.json", plan);
    write(b!, "result.json", result);
    write(c!, "result.json", JSON.stringify(result).slice(0, 40));
    await noteEnd(d!, "cancelled", "Cancelled.");
    const runs = await listRuns(root);
    expect(runs.map((r) => r.state)).toEqual(["cancelled", "interrupted", "done", "interrupted"]);
    expect(runs[2]).toMatchObject({ dataset: "/data/set.jsonl", model: "tiny", aqi: 41.2, auroc: 0.9, at: Date.UTC(2026, 10, 23, 9, 2) });
    expect(runs[3]).toMatchObject({ model: "tiny", aqi: null, auroc: null });
    expect(runs.every((r) => isRunId(r.id))).toBe(true);
  });

  it("a run of which rows are kept was interrupted at a row, whether it was cancelled or killed, and can go on; a failed one cannot", async () => {
    const line = (done: number) => `{"crc":"00000000","e":{"kind":"batch","pass":"plain","chunk":0,"batch":${done},"sum":"1","done":${done},"of":1000}}\n`;
    const [a, b, c] = await Promise.all([1, 2, 3].map((minute) => makeRunFolder(root, new Date(Date.UTC(2026, 10, 23, 9, minute)))));
    for (const folder of [a, b, c]) {
      write(folder!, "plan.json", plan);
      // The last line was cut off.
      write(folder!, "log.jsonl", `${line(8)}${line(16)}${line(24).slice(0, 40)}`);
    }
    await noteEnd(b!, "cancelled", "Cancelled.");
    await noteEnd(c!, "failed", "The file is gone.");
    const [failed, cancelled, killed] = await listRuns(root);
    expect(killed).toMatchObject({ state: "interrupted", kept: { row: 16, of: 1000 } });
    expect(cancelled).toMatchObject({ state: "interrupted", kept: { row: 16, of: 1000 }, message: "Cancelled." });
    expect(failed).toMatchObject({ state: "failed" });
    expect(failed).not.toHaveProperty("kept");
    expect(await courseOf(join(root, "nowhere"))).toBeUndefined();
  });

  it("what is no run folder is neither listed nor deleted", async () => {
    mkdirSync(join(root, "notes"));
    const run = await makeRunFolder(root);
    write(run, "plan.json", plan);
    expect(await readRun(join(root, "notes"))).toBeUndefined();
    expect(await listRuns(root)).toHaveLength(1);
    await expect(deleteRun(root, join(root, "notes"))).rejects.toThrow();
    await expect(deleteRun(root, join(root, "..", "elsewhere"))).rejects.toThrow();
    expect(await deleteAllRuns(root)).toBe(1);
    expect(existsSync(join(root, "notes"))).toBe(true);
    expect(existsSync(run)).toBe(false);
  });

  it("a run that ended before its plan was written leaves nothing", async () => {
    const run = await makeRunFolder(root);
    await noteEnd(run, "failed", "The model is missing.");
    expect(existsSync(run)).toBe(false);
  });

  it("no root, no runs", async () => {
    expect(await listRuns(join(root, "none"))).toEqual([]);
    expect(await deleteAllRuns(join(root, "none"))).toBe(0);
  });

  it("a run id from a webview's state names no path", () => {
    expect(isRunId("20261123-090100-0a1b2c")).toBe(true);
    for (const bad of ["../x", "20261123-090100-0a1b2c/..", "", 7, null, { id: 1 }]) expect(isRunId(bad)).toBe(false);
  });

  it("names models by their folder", () => {
    expect(nameOfModel("/m/SmolLM2")).toBe("SmolLM2");
    expect(nameOfModel("/m/SmolLM2/model.onnx")).toBe("SmolLM2");
    expect(nameOfModel("/m/SmolLM2/onnx/model.onnx")).toBe("SmolLM2");
    expect(nameOfModel("/m/SmolLM2/onnx/model_q4.onnx")).toBe("SmolLM2 (model_q4.onnx)");
  });
});
