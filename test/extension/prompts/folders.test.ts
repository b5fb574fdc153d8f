import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { answered, baselineKeyed } from "./made.js";

const home = mkdtempSync(join(tmpdir(), "layerscope-folders-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const [one, two] = [join(home, "one"), join(home, "two")];
const settings: Record<string, Record<string, unknown>> = { [two]: { "prompts.warningAt": 0.2, "prompts.possible": true } };

const uriOf = (path: string) => ({ scheme: "file", fsPath: path, path, toString: () => pathToFileURL(path).href });
const folders = [one, two].map((path, index) => ({ uri: uriOf(path), name: index === 0 ? "one" : "two", index }));
const folderOf = (uri: { fsPath: string }) => folders.find(({ uri: { fsPath } }) => uri.fsPath === fsPath || uri.fsPath.startsWith(`${fsPath}/`));
const nothing = () => ({ dispose() {} });

vi.mock("vscode", () => ({
  Disposable: { from: () => ({ dispose() {} }) },
  EventEmitter: class {
    event = nothing;
    fire() {}
    dispose() {}
  },
  Uri: { file: (path: string) => uriOf(path) },
  Range: class {
    constructor(
      readonly start: unknown,
      readonly end: unknown,
    ) {}
  },
  LanguageModelTextPart: class {
    constructor(readonly value: string) {}
  },
  LanguageModelToolResult: class {
    constructor(readonly content: unknown[]) {}
  },
  lm: undefined,
  MarkdownString: class {},
  workspace: {
    isTrusted: true,
    workspaceFolders: folders,
    getWorkspaceFolder: folderOf,
    asRelativePath: (uri: { fsPath: string }) => uri.fsPath.slice((folderOf(uri)?.uri.fsPath.length ?? -1) + 1),
    getConfiguration: (_section: string, uri?: { fsPath: string }) => {
      const own = settings[(uri && folderOf(uri)?.uri.fsPath) ?? ""] ?? {};
      return { get: (key: string) => own[key], inspect: () => undefined };
    },
    createFileSystemWatcher: () => ({ onDidChange: nothing, onDidCreate: nothing, onDidDelete: nothing, dispose() {} }),
    onDidChangeConfiguration: nothing,
    onDidGrantWorkspaceTrust: nothing,
    onDidSaveTextDocument: nothing,
    openTextDocument: async ({ fsPath }: { fsPath: string }) => {
      const { readFileSync } = await import("node:fs");
      return {
        uri: uriOf(fsPath),
        languageId: "python",
        getText: () => readFileSync(fsPath, "utf8"),
        positionAt: (at: number) => ({ line: 0, character: at }),
      };
    },
  },
}));

const { Profiles } = await import("../../../src/extension/prompts/profiles.js");
const { Baselines } = await import("../../../src/extension/prompts/baselines.js");
const { CheckPromptTool } = await import("../../../src/extension/prompts/tool.js");

for (const folder of [one, two]) {
  mkdirSync(join(folder, ".layerscope"), { recursive: true });
  mkdirSync(join(folder, "src"), { recursive: true });
  writeFileSync(join(folder, ".layerscope", "profile.json"), "{}");
  writeFileSync(join(folder, "src", `${folder === one ? "a" : "b"}.py`), 'PROMPT = "x"\n');
}
writeFileSync(join(two, ".layerscope", "baseline.json"), baselineKeyed("system", "made text"));
writeFileSync(join(home, "secret.py"), 'PROMPT = "x"\n');
symlinkSync(join(home, "secret.py"), join(one, "src", "out.py"));
symlinkSync(join(two, "src", "b.py"), join(one, "src", "in.py"));

const log = { warn() {}, error() {}, info() {} } as never;
const engine = { ask: async (_what: string, { use }: { use: { profile: string } }) => answered(use.profile) };
const profiles = new Profiles({ engine: engine as never, runsRoot: join(home, "runs"), models: () => [] });
const baselines = new Baselines(log);

describe("a workspace of several folders", () => {
  it("has a profile, a baseline and thresholds for each folder", async () => {
    const [a, b] = [uriOf(join(one, "src", "a.py")), uriOf(join(two, "src", "b.py"))] as never[];
    expect((await profiles.find(a))?.path).toBe(join(one, ".layerscope", "profile.json"));
    expect((await profiles.find(b))?.path).toBe(join(two, ".layerscope", "profile.json"));
    expect(baselines.fileFor(b)).toBe(join(two, ".layerscope", "baseline.json"));
    rmSync(join(one, ".layerscope", "profile.json"));
    profiles.renew();
    expect(await profiles.find(a)).toBeUndefined();
    // The view has something to show as long as any folder has.
    expect(await profiles.some()).toBe(true);
    writeFileSync(join(one, ".layerscope", "profile.json"), "{}");
    profiles.renew();
  });
});

describe("the agents' tool", () => {
  const finder = {
    reads: async () => true,
    find: async (_source: string, { possible }: { possible?: boolean }) => ({
      prompts: [
        { shape: "named-constant", rank: "likely", role: "system", text: "made text", start: 0, end: 4, pieces: [], holes: 0 },
        ...(possible ? [{ shape: "text", rank: "possible", role: "other", text: "perhaps", start: 5, end: 8, pieces: [], holes: 0 }] : []),
      ],
      notices: [],
    }),
  };
  const scorer = {
    score: async ({ asks, onScores }: { asks: { key: string }[]; onScores(scores: Map<string, unknown>): void }) =>
      onScores(
        new Map(asks.map(({ key }) => [key, { key, side: "unsure", probability: 0.3, curve: [], emergence: null, windows: [], nearest: [], domain: {} }])),
      ),
  };
  const tool = new CheckPromptTool({ finder, scorer, profiles, baselines } as never);
  const ask = async (file: string) => JSON.parse(((await tool.invoke({ input: { file } })).content[0] as { value: string }).value);

  it("answers as the command line does: possible prompts by the setting, the baseline, each folder's threshold", async () => {
    const first = await ask("src/a.py");
    expect(first.prompts.map((p: Record<string, unknown>) => [p["rank"], p["accepted"], p["level"]])).toEqual([["likely", false, "none"]]);
    const second = await ask("src/b.py");
    expect(second.prompts.map((p: Record<string, unknown>) => [p["rank"], p["accepted"], p["level"]])).toEqual([
      ["likely", true, "warning"],
      ["possible", false, "warning"],
    ]);
    expect((await ask("two/src/b.py")).prompts).toHaveLength(2);
  });

  it("reads no link that leads out of the workspace, and no folder", async () => {
    expect((await ask("src/out.py")).error.code).toBe("prompts/outside-workspace");
    expect((await ask("../secret.py")).error.code).toBe("prompts/outside-workspace");
    expect((await ask("src")).error.code).toBe("prompts/no-file");
    expect((await ask("src/none.py")).error.code).toBe("prompts/no-such-path");
    expect((await ask("src/in.py")).prompts).toHaveLength(1);
  });
});
