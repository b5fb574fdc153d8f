import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lenses } from "../../src/engine/lenses/index.js";
import { CHAT_MODES, POOLINGS, PROVIDERS, TOKEN_SETS } from "../../src/protocol/index.js";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const pkg = JSON.parse(read("package.json"));
const nls: Record<string, string> = JSON.parse(read("package.nls.json"));
interface Setting {
  type: string;
  scope: string;
  order: number;
  markdownDescription: string;
  default: unknown;
  enum?: string[];
  items?: { enum?: string[] };
  markdownEnumDescriptions?: string[];
}
const settings: [string, Setting][] = pkg.contributes.configuration.flatMap((c: { properties: Record<string, Setting> }) => Object.entries(c.properties));

describe("package.json", () => {
  it("contributes exactly the commands of commands.ts", () => {
    const table = /export interface Commands \{([\s\S]*?)\n\}/.exec(read("src/extension/commands.ts"))?.[1] ?? "";
    const typed = [...table.matchAll(/"(layerscope\.\w+)":/g)].map((m) => m[1]);
    const contributed = pkg.contributes.commands.map((c: { command: string }) => c.command);
    expect(typed.length).toBeGreaterThan(5);
    expect([...contributed].sort()).toEqual([...typed].sort());
    const used = Object.values(pkg.contributes.menus as Record<string, { command: string }[]>).flatMap((entries) => entries.map((e) => e.command));
    for (const command of used) expect(contributed).toContain(command);
    for (const [, command] of JSON.stringify(nls).matchAll(/command:(layerscope\.\w+)/g)) expect(contributed).toContain(command);
  });

  it("every %key% has a text and every text is used", () => {
    const keys = new Set([...JSON.stringify(pkg).matchAll(/"%([\w.]+)%"/g)].map((m) => m[1]!));
    expect([...keys].sort()).toEqual(Object.keys(nls).sort());
  });

  it("every setting has a scope, an order and a description, and is read", () => {
    const source = read("src/extension/settings.ts");
    for (const [name, setting] of settings) {
      expect(["machine", "resource"], name).toContain(setting.scope);
      expect(setting.order, name).toBeGreaterThan(0);
      expect(nls[setting.markdownDescription.slice(1, -1)], name).toBeTruthy();
      expect(source, name).toContain(`"${name.replace("layerscope.", "")}"`);
      if (setting.enum) expect(setting.markdownEnumDescriptions, name).toHaveLength(setting.enum.length);
    }
  });

  it("paths, provider and threads are the machine's own and restricted", () => {
    const machine = settings.filter(([, s]) => s.scope === "machine").map(([name]) => name);
    expect(machine.sort()).toEqual(
      ["engine", "model", "modelFolders", "nodePath", "prompts.model", "provider", "store.maxGigabytes", "threads"].map((name) => `layerscope.${name}`),
    );
    // Where a workspace keeps its profile and baseline is its own to say, once it is trusted.
    const restricted = [...machine, "layerscope.prompts.profile", "layerscope.prompts.baseline"];
    expect([...pkg.capabilities.untrustedWorkspaces.restrictedConfigurations].sort()).toEqual(restricted.sort());
  });

  it("offers what the protocol knows", () => {
    const of = (name: string) => settings.find(([n]) => n === name)?.[1].enum;
    expect(of("layerscope.provider")).toEqual([...PROVIDERS]);
    expect(of("layerscope.pooling")).toEqual(["auto", ...POOLINGS]);
    expect(of("layerscope.tokens")).toEqual(["auto", ...TOKEN_SETS]);
    expect(of("layerscope.chatTemplate")).toEqual([...CHAT_MODES]);
    const onDemand = settings.find(([n]) => n === "layerscope.lenses")?.[1].items?.enum;
    expect(onDemand).toEqual(lenses.filter((lens) => !lens.core).map((lens) => lens.id));
  });

  it("menus show on the datasets that the code accepts, in trusted workspaces", () => {
    const accepted = /DATASET_EXTENSIONS = \[([^\]]*)\]/.exec(read("src/extension/questions.ts"))?.[1]?.match(/\w+/g);
    for (const menu of ["explorer/context", "editor/title/context", "editor/context"]) {
      for (const { when } of pkg.contributes.menus[menu]) {
        if (when.includes("onnx") || /&& explorerResourceIsFolder/.test(when)) continue;
        expect(when).toContain("isWorkspaceTrusted");
        expect(/\\\.\(([^)]*)\)\$/.exec(when)?.[1]?.split("|")).toEqual(accepted);
      }
    }
  });

  it("models have a card and can be used from the Explorer; only the card shows in Restricted Mode, where it reads nothing", () => {
    const entries: { command: string; when: string }[] = pkg.contributes.menus["explorer/context"].filter((e: { when: string }) => e.when.includes("onnx"));
    expect(entries.map(({ command, when }) => [command, when.includes("isWorkspaceTrusted")])).toEqual([
      ["layerscope.showModelCard", false],
      ["layerscope.useModel", true],
    ]);
    expect(pkg.contributes.customEditors).toEqual([
      { viewType: "layerscope.modelCard", displayName: "%editor.modelCard%", selector: [{ filenamePattern: "*.onnx" }], priority: "option" },
    ]);
    expect(read("src/extension/modelCard.ts")).toContain('CARD_TYPE = "layerscope.modelCard"');
  });

  it("names files that are there", () => {
    const named = [pkg.icon, ...JSON.stringify(pkg.contributes).matchAll(/"(media\/[^"]+)"/g)].map((m) => (typeof m === "string" ? m : m[1]!));
    for (const file of named) expect(existsSync(join(ROOT, file)), file).toBe(true);
    const png = readFileSync(join(ROOT, pkg.icon));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([128, 128]);
  });
});
