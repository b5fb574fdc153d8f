import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeAtomically } from "../../../src/engine/store/files.js";
import { writeSafetensors } from "../../../src/engine/store/safetensors.js";
import { problemOf } from "../../../src/protocol/index.js";

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

  it.skipIf(!existsSync("/dev/full"))("a full disk is told in a sentence with the file's name, and no stack", async () => {
    const tensor = { name: "a", shape: [1], parts: () => [Float32Array.of(1)] };
    const problems = [
      await writeAtomically("/dev/full", "x").catch(problemOf),
      await Promise.resolve()
        .then(() => writeSafetensors("/dev/full", [tensor], {}))
        .catch(problemOf),
    ];
    for (const problem of problems)
      expect(problem).toEqual({ code: "file/refused", message: "/dev/full cannot be opened or written: the disk is full.", where: { file: "/dev/full" } });
  });

  it("what cannot be finished leaves nothing half-written", () => {
    const at = join(folder, "half");
    mkdirSync(at);
    const tensor = {
      name: "a",
      shape: [2],
      *parts() {
        yield Float32Array.of(1);
        throw Object.assign(new Error("EFBIG: file too large, write"), { code: "EFBIG" });
      },
    };
    let problem: unknown;
    try {
      writeSafetensors(join(at, "a.safetensors"), [tensor], {});
    } catch (error) {
      problem = problemOf(error);
    }
    expect(problem).toMatchObject({
      code: "file/refused",
      message: expect.stringMatching(/a\.safetensors cannot be opened or written: the file would be too large\.$/),
    });
    expect(readdirSync(at)).toEqual([]);
  });
});
