import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands, extensions, TabInputCustom, Uri, window } from "vscode";
import { modelRows, notOffered } from "../../../src/extension/modelRows.js";
import { type Api, activated, EXTENSION, inWorkspace, until } from "./kit.js";

const CARD = "layerscope.modelCard";

describe("models", () => {
  let api: Api;
  const embedded = () => join(extensions.getExtension(EXTENSION)!.extensionUri.fsPath, "media", "model");
  /** A copy of the embedded model in the workspace, with a second file and two that are none. */
  const mine = () => inWorkspace("my-model");
  const file = () => join(mine(), "onnx", "model.onnx");
  const cardOf = (path: string) => api.layerscope.modelParts.cards.open.get(Uri.file(path).toString());

  before(async () => {
    api = await activated();
    mkdirSync(join(mine(), "onnx"), { recursive: true });
    for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json", join("onnx", "model.onnx")])
      copyFileSync(join(embedded(), name), join(mine(), name));
    copyFileSync(file(), join(mine(), "onnx", "model_quantized.onnx"));
    writeFileSync(join(mine(), "onnx", "pointer.onnx"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
  });

  it("are listed by section, each once, with what cannot be offered and why", async () => {
    const { picker } = api.layerscope.modelParts;
    const list = await api.layerscope.engine.ask("model.list", { folders: [mine()], files: [], cache: false });
    const glance = await api.layerscope.engine.ask("model.glance", { path: file() });
    const rows = modelRows(picker.embedded(), [], list, new Map([[file(), glance]]), (path) => path);
    deepStrictEqual(
      rows.map(({ section }) => section),
      ["embedded", "embedded", "workspace and configured folders"],
    );
    ok(/^\w+ · \d+ blocks · .+ · [\d.]+ MB$/.test(rows[2]!.description), rows[2]!.description);
    strictEqual(rows[2]!.variants.length, 2);
    deepStrictEqual(
      notOffered(list, new Map()).map(({ message }) => message),
      [`${join(mine(), "onnx", "pointer.onnx")} is a Git LFS pointer, not an ONNX model.`],
    );
  });

  it("the picker opens at once, is filled by the engine, and lets go without a choice", async () => {
    const before = api.layerscope.models.remembered;
    const choosing = api.layerscope.models.choose();
    await new Promise((done) => setTimeout(done, 1500));
    await commands.executeCommand("workbench.action.closeQuickOpen");
    strictEqual(await choosing, undefined);
    strictEqual(api.layerscope.models.remembered, before);
  });

  it("the keyboard chooses: the first entry is the embedded model", async () => {
    let chosen: string | undefined;
    // A list closes when a window that starts up gives the focus to something else.
    for (let i = 0; i < 4 && chosen === undefined; i++) {
      const choosing = api.layerscope.models.choose();
      await new Promise((done) => setTimeout(done, 600));
      await commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      chosen = await choosing;
    }
    strictEqual(chosen, embedded());
    strictEqual(api.layerscope.models.remembered, embedded());
  });

  it("a card opens as a read-only editor, beside VS Code's own, and tells what the model is", async () => {
    await commands.executeCommand("layerscope.showModelCard", Uri.file(file()));
    await until(() => cardOf(file())?.phase === "done", "the card is read");
    const { sheet, chosen } = cardOf(file())!;
    strictEqual(sheet?.refusal, undefined);
    ok((sheet?.stream?.layers.length ?? 0) > 3);
    ok((sheet?.graph?.parameters ?? 0) > 1e6);
    strictEqual(chosen, false);
    const input = window.tabGroups.activeTabGroup.activeTab?.input;
    ok(input instanceof TabInputCustom && input.viewType === CARD, "a custom editor is active");
  });

  it("Use This Model makes it the workspace's, and the card says so", async () => {
    await commands.executeCommand("layerscope.useModel", Uri.file(file()));
    strictEqual(api.layerscope.models.remembered, file());
    ok(api.layerscope.models.recent().includes(file()));
    await until(() => cardOf(file())?.chosen === true, "the card knows");
  });

  it("a card is read again when its file changes on disk", async () => {
    writeFileSync(file(), "<!DOCTYPE html><html>Sign in</html>");
    await until(() => cardOf(file())?.sheet?.refusal !== undefined, "the card is read again");
    strictEqual(cardOf(file())?.sheet?.refusal?.message, `${file()} is a web page, not an ONNX model.`);
    copyFileSync(join(embedded(), "onnx", "model.onnx"), file());
    await until(() => cardOf(file())?.phase === "done" && cardOf(file())?.sheet?.refusal === undefined, "and once more");
  });

  it("what is no model is not used", async () => {
    const before = api.layerscope.models.remembered;
    await commands.executeCommand("layerscope.useModel", Uri.file(join(mine(), "onnx", "pointer.onnx")));
    strictEqual(api.layerscope.models.remembered, before);
  });

  it("accelerators are checked: the CPU computes, the rest is told", async () => {
    const checked = commands.executeCommand<{ rows: { id: string; state: string }[]; text: string }>("layerscope.checkAccelerators");
    const report = await checked;
    strictEqual(report?.rows[0]?.id, "cpu");
    strictEqual(report?.rows[0]?.state, "computes");
    ok(report?.text.startsWith("Layerscope accelerator check\n"));
    await commands.executeCommand("workbench.action.closeQuickOpen");
  });

  it("a name that is none is refused by the engine, too; nobody is asked", async () => {
    await api.layerscope.engine.ask("hub.look", { repo: "../etc" }).then(
      () => ok(false, "was looked up"),
      (error: { problem?: { code: string } }) => strictEqual(error.problem?.code, "hub/bad-name"),
    );
  });

  after(async () => {
    await commands.executeCommand("workbench.action.closeAllEditors");
    await api.layerscope.models.remember(embedded());
  });
});
