import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AuditResult } from "../../src/protocol/index.js";
import { writeTinyDecoder } from "../fixtures/models.js";
import { buildCli } from "./program.js";

let cli: string;
const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));

beforeAll(async () => {
  cli = await buildCli("repeats");
  mkdirSync(join(folder, "model"));
  writeTinyDecoder(join(folder, "model"));
  const row = (i: number) => ({
    text: `${i % 2 ? "qq xx zz" : "aa ee ii"} ${"bcdfg"[i % 5]}${i}`,
    label: i % 2 ? "unsafe" : "safe",
    category: i % 4 < 2 ? "a" : "b",
  });
  writeFileSync(join(folder, "data.jsonl"), Array.from({ length: 60 }, (_, i) => JSON.stringify(row(i))).join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function audit(seed: number): Promise<AuditResult> {
  const args = [cli, "audit", "data.jsonl", "--model", "model", "--format", "json", "--seed", String(seed)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 64 << 20 });
  return JSON.parse(stdout) as AuditResult;
}

it("two runs in two processes agree to the last digit; another seed does not; seed, version and hashes stand in the result", async () => {
  const [one, two, other] = [await audit(3), await audit(3), await audit(4)];
  const numbers = ({ createdAt: _, timing: __, ...rest }: AuditResult) => JSON.stringify(rest);
  expect(numbers(one)).toBe(numbers(two));
  expect(JSON.stringify(other.aqi.replicates)).not.toBe(JSON.stringify(one.aqi.replicates));
  expect(one.settings.seed).toBe(3);
  expect(one.layerscope).toBe("0.0.0-test");
  for (const hash of [one.model.sha256, one.dataset.sha256, one.aqi.card!.rows]) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(one.aqi.card!.model).toEqual({ sha256: one.model.sha256, precision: one.model.precision });
  expect(one.aqi.card!.version).toBe("0.0.0-test");
  expect(one.aqi.replicates).toHaveLength(200);
}, 120_000);
