import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { commands, env, extensions, workspace } from "vscode";
import { readSettings } from "../../../src/extension/settings.js";
import { activated, EXTENSION } from "./kit.js";

describe("the extension", () => {
  it("activates within its time and starts no process", async () => {
    const { activationMs, layerscope } = await activated();
    // 50 ms is the promise, three times that the guard.
    ok(activationMs < 150, `activation took ${activationMs} ms`);
    strictEqual(layerscope.engine.state, "stopped");
    strictEqual(layerscope.engine.pid, undefined);
  });

  it("registers every command it contributes, and contributes every command it registers", async () => {
    await activated();
    const contributed: string[] = extensions.getExtension(EXTENSION)?.packageJSON.contributes.commands.map((c: { command: string }) => c.command);
    const registered = (await commands.getCommands(true)).filter((c) => c.startsWith("layerscope."));
    // The views' own commands (focus, resetViewLocation …) come from VS Code.
    const ours = registered.filter((c) => !/^layerscope\.(runs|prompts)\./.test(c));
    deepStrictEqual([...ours].sort(), [...contributed].sort());
  });

  it("reads settings in their bounds and lets a workspace set no path or provider", async () => {
    const settings = readSettings();
    strictEqual(settings.nodePath, undefined);
    strictEqual(settings.provider, "auto");
    strictEqual(settings.seed, 7);
    strictEqual(settings.maxTokens, 512);
    strictEqual(workspace.getConfiguration("layerscope").get("nodePath"), "");
  });

  it("declares what Restricted Mode and virtual workspaces get", () => {
    const { capabilities, contributes } = extensions.getExtension(EXTENSION)?.packageJSON ?? {};
    strictEqual(capabilities.untrustedWorkspaces.supported, "limited");
    const machine = contributes.configuration.flatMap((c: { properties: Record<string, { scope: string }> }) =>
      Object.entries(c.properties).flatMap(([k, v]) => (v.scope === "machine" ? [k] : [])),
    );
    const restricted: string[] = capabilities.untrustedWorkspaces.restrictedConfigurations;
    ok(machine.every((key: string) => restricted.includes(key)));
    ok(["layerscope.prompts.profile", "layerscope.prompts.baseline"].every((key) => restricted.includes(key)));
    ok(env.appName.length > 0);
  });
});
