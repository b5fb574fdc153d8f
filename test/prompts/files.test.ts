import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findInFolder, isUsuallyExcluded, openFinder, passedBy } from "../../src/prompts/index.js";
import { kindOf } from "../../src/prompts/kinds.js";
import type { PromptFinder } from "../../src/protocol/index.js";
import { finderHere } from "./wasm.js";

let finder: PromptFinder;
let close: () => void;
beforeAll(async () => ({ finder, close } = await finderHere()));
afterAll(() => close());

describe("which files are read, and how", () => {
  it.each([
    ["a.prompty", "text"],
    [".github/prompts/fix.prompt.md", "text"],
    ["style.instructions.md", "text"],
    ["review.agent.md", "text"],
    ["plan.chatmode.md", "text"],
    [".github/copilot-instructions.md", "text"],
    ["AGENTS.md", "text"],
    ["sub/CLAUDE.md", "text"],
    ["GEMINI.md", "text"],
    ["skills/x/SKILL.md", "text"],
    [".cursorrules", "text"],
    [".cursor/rules/a.mdc", "text"],
    [".continue/prompts/test.prompt", "text"],
    ["app/prompts/summary.txt", "text"],
    ["prompts/deep/er/x.j2", "text"],
    ["prompts\\windows\\x.hbs", "text"],
    ["data/patterns/x/system.md", "text"],
    ["prompts/x/user.md", "text"],
    ["plugins/Fun/Joke/skprompt.txt", "text"],
    ["system_prompt.md", "text"],
    ["README.md", undefined],
    ["CHANGELOG.md", undefined],
    ["prompts/README.md", undefined],
    ["docs/system.md", undefined],
    ["notes.txt", undefined],
    ["system.md", undefined],
    ["x.py", "grammar"],
    ["x.tsx", "grammar"],
    ["models.prompt.yml", "yaml"],
    ["x.ipynb", "notebook"],
    ["x.jsonl", "jsonl"],
    ["x.rs", undefined],
  ])("%s: %s", (path, by) => expect(kindOf(path)?.by).toBe(by));

  it("goes by VS Code's language where there is one", () => {
    expect(kindOf("untitled-1", "python")).toEqual({ by: "grammar", grammar: "python" });
    expect(kindOf("notebook.ipynb", "python")).toEqual({ by: "grammar", grammar: "python" });
    expect(kindOf("x", "plaintext")).toBeUndefined();
  });

  it("takes prompt files apart by their roles", () => {
    const read = (source: string, fileName: string) => finder.find(source, { fileName }).prompts.map(({ role, text }) => `${role}: ${text}`);
    expect(read("---\nname: a\n---\nsystem:\nBe kind.\n\nuser:\n{{question}} now\n", "a.prompty")).toEqual(["system: Be kind.", "user: … now"]);
    expect(read('---\nmodel: m\n---\n{{role "system"}}\nBe kind.\n{{role "user"}}\nHi {{name}}\n', "a.prompt")).toEqual(["system: Be kind.", "user: Hi …"]);
    expect(read("name: a\n---\n", "a.prompty")).toHaveLength(1);
    expect(read("<system>\nBe kind.\n</system>\nWrite tests.\n", "a.prompt")).toEqual(["system: Be kind.", "other: Write tests."]);
    expect(read("---\napplyTo: '**'\n---\nUse tabs.\n", "a.instructions.md")).toEqual(["system: Use tabs."]);
    expect(read("---\nname: x\n---\n{{text}}\n", "embedding.prompty")).toEqual([]);
  });

  it("reads a notebook's cells at their place in the file", () => {
    const source = JSON.stringify({
      cells: [{ cell_type: "code", source: ["%pip install x\n", 'SYSTEM_PROMPT = """You are "bold"\\n', ' and kind to é."""\n'] }],
      metadata: {},
    });
    const [prompt] = finder.find(source, { fileName: "a.ipynb" }).prompts;
    expect(prompt.text).toBe('You are "bold"\n and kind to é.');
    for (const { at, length, from, to } of prompt.pieces) if (length === to - from) expect(source.slice(from, to)).toBe(prompt.text.slice(at, at + length));
    expect(source.slice(prompt.start, prompt.end)).toMatch(/^\\"\\"\\"You[\s\S]*é.\\"\\"\\"$/);
  });
});

describe("files that cannot be read whole", () => {
  const codes = (source: string, fileName: string) => finder.find(source, { fileName }).notices.map(({ code }) => code);

  it("have a notice, and the rest of them is read", () => {
    const source = 'def f(:\n  pass\nask(system_instruction="found")\n';
    expect(finder.find(source, { fileName: "a.py" })).toMatchObject({
      prompts: [{ text: "found" }],
      notices: [{ code: "prompts/syntax", where: { line: 0 } }],
    });
    expect(finder.find('model: m\nsystem: found\nx: [1, "\ny: 2\n', { fileName: "a.yaml" }).prompts).toMatchObject([{ text: "found" }]);
    expect(codes('model: m\nsystem: found\nx: [1, "\ny: 2\n', "a.yaml")).toEqual(["prompts/syntax"]);
    expect(finder.find('{"model": "m", "system": "found", oops', { fileName: "a.json" })).toMatchObject({
      prompts: [{ text: "found" }],
      notices: [{ code: "prompts/syntax" }],
    });
  });

  it("are refused with a sentence when they are too large, binary, minified or too deep", () => {
    expect(codes(`x = "${"a ".repeat(2_600_000)}"`, "a.py")).toEqual(["prompts/too-large"]);
    expect(codes("x = 1\0\0\0", "a.py")).toEqual(["prompts/binary"]);
    expect(codes(`var a=1;${"f(a);".repeat(8000)}`, "a.js")).toEqual(["prompts/minified"]);
    expect(codes(`${"[".repeat(20_000)}"a"${"]".repeat(20_000)}`, "a.json").length).toBeLessThanOrEqual(1);
    expect(codes(`x = ${"[\n".repeat(3000)}"a"${"]\n".repeat(3000)}`, "a.py")).toContain("prompts/deep");
    expect(codes(`x = ${"a + ".repeat(3000)}"b"`, "a.py")).toContain("prompts/deep");
  });

  it("tells of prompts that lie elsewhere, and fetches none", () => {
    const { notices } = finder.find('from langchain import hub\np = hub.pull("rlm/rag-prompt")\nq = client.pull_prompt("a/b")', { fileName: "a.py" });
    expect(notices).toMatchObject([
      { code: "prompts/elsewhere", where: { line: 1, column: 4 } },
      { code: "prompts/elsewhere", where: { line: 2, column: 4 } },
    ]);
  });

  it("leaves opening phrases alone unless they are asked for", () => {
    const source = 'x = "You are a very helpful assistant who knows everything about whales and fish."\n';
    expect(finder.find(source, { fileName: "a.py" }).prompts).toEqual([]);
    expect(finder.find(source, { fileName: "a.py", possible: true }).prompts).toMatchObject([{ rank: "possible", shape: "opening-phrase" }]);
  });
});

describe("a folder", () => {
  const root = mkdtempSync(join(tmpdir(), "layerscope-find-"));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const CODE = 'ask(system_instruction="a")\n';
  beforeAll(() => {
    for (const path of ["a.py", "src/b.py", "node_modules/x/c.py", "dist/d.py", "old/e.py", "old/keep.py", "src/gen/f.py", "src/x_pb2.py", "src/deep/g.tmp.py"])
      put(path, CODE);
    put(".gitignore", "# built\nold/*\n!old/keep.py\n/src/gen/\n*.tmp.py\n");
    put("package-lock.json", '{"model": "m", "system": "x"}');
    put("picture.png", "no");
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it("is searched without what machines made and what git ignores, counted", async () => {
    const search = findInFolder([root], finder);
    const found: string[] = [];
    for await (const { path, prompts } of search.files) found.push(`${path.slice(root.length + 1).replaceAll("\\", "/")} ${prompts.length}`);
    expect(found).toEqual(["a.py 1", "old/keep.py 1", "src/b.py 1"]);
    expect(search.count).toEqual({ files: 3, prompts: 3, excludedFolders: 2, excludedFiles: 2, ignoredByGit: 3, unreadable: 0 });
    expect(passedBy(search.count)).toBe("Passed by: 2 folders of packages or builds, 2 generated or lock files, 3 entries of .gitignore.");
  });

  it("gives a file that is named, whatever its folder, and refuses what does not exist", async () => {
    const named = findInFolder([join(root, "dist/d.py"), join(root, "dist/d.py")], finder);
    for await (const { prompts } of named.files) expect(prompts).toHaveLength(1);
    expect(named.count.files).toBe(1);
    await expect(
      findInFolder([join(root, "none")], finder)
        .files[Symbol.asyncIterator]()
        .next(),
    ).rejects.toMatchObject({ problem: { code: "prompts/no-such-path" } });
  });

  it("stops at the limit of files, and says so", async () => {
    const search = findInFolder([root], finder, { mostFiles: 1 });
    let files = 0;
    for await (const _ of search.files) files++;
    expect(files).toBe(1);
    expect(search.notices).toMatchObject([{ code: "prompts/too-many-files" }]);
  });

  it("is excluded by its name", () => {
    for (const path of ["/a/node_modules/b.js", "dist/x.js", "a\\vendor\\b.py", "x/package-lock.json", "a.min.js", "x.d.ts", ".venv/lib/a.py"])
      expect(isUsuallyExcluded(path), path).toBe(true);
    for (const path of ["src/a.ts", "some/distance/a.py", "builds.py", "prompts/a.md"]) expect(isUsuallyExcluded(path), path).toBe(false);
  });
});

const SHARED = resolve(import.meta.dirname, "../../../shared/data/prompts-in-code");
describe.skipIf(!existsSync(SHARED))("real prompt files", () => {
  it("hold prompts where their labels say so", () => {
    const rows = readFileSync(join(SHARED, "labels.csv"), "utf8").trim().split("\n").slice(1);
    const judged = rows.map((row) => {
      const [file, label] = row.split(",");
      return { file, label, found: finder.find(readFileSync(join(SHARED, file), "utf8"), { fileName: file }).prompts.length > 0 };
    });
    expect(judged.length).toBeGreaterThan(10);
    expect(judged.filter(({ label, found }) => label !== "2" && found !== (label === "1"))).toEqual([]);
  });
});

describe("what only looks like a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const all = async (paths: readonly string[]) => {
    const found: { prompts: readonly unknown[]; notices: readonly { code: string }[] }[] = [];
    for await (const one of findInFolder(paths, finder).files) found.push(one);
    return found;
  };

  it.skipIf(process.platform === "win32")("a pipe is not waited for", async () => {
    execFileSync("mkfifo", [join(folder, "pipe.py")]);
    const [found] = await all([join(folder, "pipe.py")]);
    expect(found?.notices.map(({ code }) => code)).toEqual(["prompts/unreadable"]);
  });

  it("one file by two names is read once", async () => {
    const path = join(folder, "a.py");
    writeFileSync(path, 'SYSTEM_PROMPT = "You answer questions about the weather, briefly."\n');
    expect(await all([path, `${folder}/./a.py`, relative(process.cwd(), path)])).toHaveLength(1);
  });

  it("marks that never close are read in good time", () => {
    const begun = performance.now();
    finder.find(`---\nx: 1\n---\n${"{{#role ".repeat(60_000)}${"{% if ".repeat(60_000)}`, { fileName: "a.prompt" });
    expect(performance.now() - begun).toBeLessThan(6000);
  });

  it("a place for messages that come later is no prompt", () => {
    const source = 'p = ChatPromptTemplate.from_messages([("system", "You are terse."), ("placeholder", "{messages}")])\n';
    expect(finder.find(source, { fileName: "a.py" }).prompts.map(({ text }) => text)).toEqual(["You are terse."]);
  });
});

describe("nests that would exhaust a parser", () => {
  it.each([
    ["a.json", "[".repeat(20_000)],
    ["a.json", `{"prompt": ${"[".repeat(60_000)}`],
    ["a.jsonl", `{"prompt": "x"}\n${'{"a":'.repeat(5000)}1`],
    ["a.yaml", `prompt: x\ny: ${"[".repeat(60_000)}`],
    ["a.yaml", `prompt: x\ny:\n  ${"- ".repeat(5000)}z`],
    ["a.yaml", `prompt: x\n${Array.from({ length: 1200 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")}`],
  ])("%s is told of", (fileName, source) => {
    expect(finder.find(source, { fileName }).notices.map(({ code }) => code)).toContain("prompts/deep");
  });

  it("are none where brackets stand in texts", () => {
    const source = `{"model": "m", "prompt": "You are given a list ${"[".repeat(2000)} and must answer with one of its words"}`;
    expect(finder.find(source, { fileName: "a.json" })).toMatchObject({ prompts: [{ shape: "http-body" }], notices: [] });
  });
});

describe("a parser that was not installed", () => {
  it("is told of with what to do", async () => {
    const bare = await openFinder(join(import.meta.dirname, "nowhere"));
    expect(() => bare.find("x = 1", { fileName: "a.py" })).toThrow(/tree-sitter-python\.wasm cannot be read/);
  });
});
