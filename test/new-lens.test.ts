import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
// Inside the repository's parent of nothing else: a copy that has what the compiler needs and nothing that could be harmed.
const copy = mkdtempSync(join(tmpdir(), "layerscope-test-"));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(copy, "scripts", "new-lens.mjs"), ...args], { encoding: "utf8", env: { ...process.env, LAYERSCOPE_ROOT: copy } });

describe("npm run new-lens", () => {
  it("makes a lens that type-checks and is in every list, and refuses what it cannot make", () => {
    for (const part of ["src/engine", "src/protocol", "scripts/new-lens", "test/engine/lenses", "test/engine/stats/plain.ts"])
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    for (const file of ["scripts/new-lens.mjs", "package.json", "tsconfig.base.json"]) cpSync(join(ROOT, file), join(copy, file));
    mkdirSync(join(copy, "docs", "lenses"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "junction");
    expect(run("Bad Name")).toMatchObject({ status: 2, stderr: expect.stringContaining("small letters") });
    expect(run("pooling-choice")).toMatchObject({ status: 2, stderr: expect.stringContaining("there already") });
    const made = run("token-entropy");
    expect(made.stderr).toBe("");
    expect(made.status).toBe(0);
    for (const file of ["src/engine/lenses/token-entropy/index.ts", "docs/lenses/token-entropy.md", "test/engine/lenses/token-entropy.test.ts"])
      expect(existsSync(join(copy, file)), file).toBe(true);
    const index = readFileSync(join(copy, "src/engine/lenses/index.ts"), "utf8");
    expect(index).toMatch(/import \{ tokenEntropy \} from "\.\/token-entropy\/index\.js";/);
    expect(index).toMatch(/,\s+tokenEntropy,\s+\];/);
    const enumOf = (path: string) =>
      JSON.parse(readFileSync(path, "utf8")).contributes.configuration.flatMap((c: { properties: Record<string, { items?: { enum?: string[] } }> }) =>
        Object.entries(c.properties).flatMap(([name, value]) => (name === "layerscope.lenses" ? (value.items?.enum ?? []) : [])),
      );
    expect(enumOf(join(copy, "package.json"))).toEqual([...enumOf(join(ROOT, "package.json")), "token-entropy"]);
    expect(run("token-entropy").status).toBe(2);

    // The lens, its test and all that they use.
    writeFileSync(
      join(copy, "tsconfig.json"),
      JSON.stringify({
        extends: "./tsconfig.base.json",
        compilerOptions: { composite: false, noEmit: true, emitDeclarationOnly: false, declaration: false, lib: ["ES2022", "ES2024.String"], types: ["node"] },
        files: ["src/engine/lenses/token-entropy/index.ts", "test/engine/lenses/token-entropy.test.ts", "src/protocol/runtime.d.ts"],
      }),
    );
    const checked = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", copy], { encoding: "utf8", cwd: copy });
    expect(checked.stdout.split("\n").filter((line) => /token-entropy|lenses\/index/.test(line))).toEqual([]);
    const whole = checked.stdout.split("\n").filter((line) => line.includes("error"));
    expect(whole).toEqual([]);
  }, 120_000);

  it("its test fails until the lens is written", () => {
    const tested = spawnSync(
      process.execPath,
      [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--root", copy, "test/engine/lenses/token-entropy.test.ts"],
      {
        encoding: "utf8",
        cwd: copy,
        env: { ...process.env, NO_COLOR: "1" },
      },
    );
    expect(tested.status).not.toBe(0);
    expect(tested.stdout).toMatch(/2 failed/);
  }, 120_000);
});
