import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import { jsonl, scratch } from "./files.js";

const { write } = scratch();

describe("a cancel while a file is read", () => {
  it.each([
    ["rows.jsonl", jsonl(Array.from({ length: 60_000 }, (_, i) => ({ text: `row number ${i}`, label: i % 2 ? "safe" : "unsafe" })))],
    ["rows.txt", Array.from({ length: 60_000 }, (_, i) => `${i % 2} row number ${i}`).join("\n")],
  ])("is heard in %s", async (name, content) => {
    const stop = new AbortController();
    const path = write(name, content);
    // Raised once the reading is under way, from outside of it.
    let began = false;
    const signal = new Proxy(stop.signal, {
      get(target, key) {
        if (key === "aborted" && !began) {
          began = true;
          setImmediate(() => stop.abort());
        }
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    await expect(
      openDataset(path, { unsafe: ["1"], safe: ["0"], ...(name.endsWith("jsonl") ? { safe: ["safe"], unsafe: ["unsafe"] } : {}) }, signal),
    ).rejects.toMatchObject({
      problem: { code: "run/cancelled" },
    });
  });
});
