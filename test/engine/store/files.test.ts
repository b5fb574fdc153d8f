import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeAtomically } from "../../../src/engine/store/files.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("files that are written whole", () => {
  it("take the place of the former one, and leave nothing beside it", async () => {
    const path = join(folder, "deep", "a.json");
    await writeAtomically(path, "one");
    await writeAtomically(path, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(join(folder, "deep"))).toEqual(["a.json"]);
  });

  it.skipIf(process.platform === "win32")("a pipe or a device is written to and stays what it is", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const read = readFile(pipe, "utf8");
    await writeAtomically(pipe, "through");
    expect(await read).toBe("through");
    expect(statSync(pipe).isFIFO()).toBe(true);
  });
});
