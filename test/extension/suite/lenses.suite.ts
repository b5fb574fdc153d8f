import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { writeFileSync } from "node:fs";
import { ConfigurationTarget, commands, workspace } from "vscode";
import { type Api, activated, inWorkspace, madeRows, until } from "./kit.js";

describe("lenses on demand", () => {
  let api: Api;
  const file = () => inWorkspace("lenses.jsonl");

  before(async () => {
    api = await activated();
    const line = (row: object) => JSON.stringify(row);
    writeFileSync(file(), `${madeRows(60, 2).map(line).join("\n")}\n`);
  });

  it("run when they are asked for, are kept by running again, and come from the setting as well", async () => {
    const model = api.layerscope.models.embedded()[0]?.path;
    const session = await api.layerscope.audit(file(), {}, model, ["surface-by-layer"]);
    strictEqual(session?.state.phase, "done", JSON.stringify(session?.state.problem));
    deepStrictEqual(
      Object.keys(session.view?.result.lenses ?? {}).filter((id) => id !== "concept-depth"),
      ["surface-by-layer"],
    );
    ok(session.view?.pictures.some((picture) => picture.lens === "surface-by-layer" && picture.slot === "extra"));
    const card = session.view?.lenses?.find(({ id }) => id === "surface-by-layer");
    strictEqual(card?.state, "ran");
    ok(session.view?.lenses?.some(({ state }) => state === "open"));
    const settings = workspace.getConfiguration("layerscope");
    await settings.update("lenses", ["concepts-by-layer"], ConfigurationTarget.Workspace);
    try {
      await commands.executeCommand("layerscope.runAgain");
      await until(() => api.layerscope.panels.current !== session && api.layerscope.panels.current?.running === false, "the second run ends", 60_000);
      const again = api.layerscope.panels.current;
      strictEqual(again?.state.phase, "done", JSON.stringify(again?.state.problem));
      deepStrictEqual([...(again.plan?.lenses ?? [])].sort(), ["concepts-by-layer", "surface-by-layer"]);
      ok(again.view?.result.lenses?.["concepts-by-layer"]);
    } finally {
      await settings.update("lenses", undefined, ConfigurationTarget.Workspace);
    }
  });
});
