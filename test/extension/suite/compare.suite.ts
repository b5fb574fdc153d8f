import { ok, rejects, strictEqual } from "node:assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands, TabInputWebview, window } from "vscode";
import type { Comparison } from "../../../src/extension/comparison.js";
import { revealRow } from "../../../src/extension/reveal.js";
import { listRuns } from "../../../src/extension/runFolders.js";
import { RunItem } from "../../../src/extension/runsTree.js";
import type { Session } from "../../../src/extension/session.js";
import { type Api, activated, inWorkspace, madeRows, until } from "./kit.js";

describe("two runs side by side", () => {
  let api: Api;
  let items: RunItem[];
  const file = () => inWorkspace("compared.jsonl");
  const panels = () =>
    window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ input }) => input instanceof TabInputWebview && input.viewType.includes("layerscope.compare"));

  before(async () => {
    api = await activated();
    writeFileSync(
      file(),
      `${madeRows(120, 2)
        .map((r) => JSON.stringify(r))
        .join("\n")}\n`,
    );
    const ends: Session[] = [];
    for (const { path } of api.layerscope.models.embedded()) ends.push((await api.layerscope.audit(file(), {}, path)) as Session);
    strictEqual(ends.length, 2, "the model and its early checkpoint");
    for (const session of ends) strictEqual(session.state.phase, "done", JSON.stringify(session.state.problem));
    const runs = await listRuns(api.layerscope.runsRoot);
    items = runs.filter((run) => run.dataset === file()).map((run) => new RunItem(run, "done"));
    strictEqual(items.length, 2);
  });

  it("compares runs that are selected together, the older as the base, in a panel of its own", async () => {
    await commands.executeCommand("layerscope.compareRuns", items[0], items);
    await until(() => panels().length === 1, "the panel of the comparison");
    const comparison = await api.layerscope.comparisons.compare([...items].map(({ run }) => run).sort((a, b) => a.at - b.at));
    strictEqual(panels().length, 1, "the same runs have one panel");
    const { result, rows } = (comparison as Comparison).compared!;
    strictEqual(result.pairs.length, 1);
    strictEqual(result.runs[0]!.model.name, "layerscope-embed");
    strictEqual(result.runs[1]!.model.name, "layerscope-embed-early");
    strictEqual(rows.count, 120);
    ok(result.verdict.length > 20);
    ok(result.pairs[0]!.aqi.ci95, "the replicates of both runs are paired");
  });

  it("goes to the line of a row that moved, and reads its text only then", async () => {
    const comparison = await api.layerscope.comparisons.compare([...items].map(({ run }) => run).sort((a, b) => a.at - b.at));
    const moved = comparison!.compared!.result.pairs[0]!.moved[0]!;
    const editor = await revealRow(comparison!.rowSource, moved.row, false);
    strictEqual(editor.document.uri.fsPath, file());
    ok(editor.document.getText(editor.selection).includes(madeRows(120, 2)[moved.row]!.text));
    const [text] = await api.layerscope.rowTexts(comparison!.rowSource, [moved.row]);
    strictEqual(text!.text, madeRows(120, 2)[moved.row]!.text);
    for (const name of readdirSync(items[0]!.run.folder)) ok(!readFileSync(join(items[0]!.run.folder, name), "utf8").includes("number 13"), name);
  });

  it("select for compare, then compare with selected, as the Explorer does", async () => {
    await commands.executeCommand("layerscope.selectForCompare", items[0]);
    await commands.executeCommand("layerscope.compareWithSelected", items[1]);
    await until(() => panels().length === 2, "the other way round is another comparison");
  });

  it("audits against a reference model: the same rows through both, and the run can be opened again", async () => {
    const [model, early] = api.layerscope.models.embedded();
    const session = (await api.layerscope.audit(file(), {}, model!.path, undefined, early!.path)) as Session;
    strictEqual(session.state.phase, "done", JSON.stringify(session.state.problem));
    const { result, pictures } = session.view!;
    strictEqual(result.reference?.name, "layerscope-embed-early");
    ok(pictures.some(({ id }) => id === "relative-anchors/layers"));
    strictEqual(session.plan?.reference, early!.path);
    const again = await api.layerscope.engine.ask("run.open", { folder: session.folder! });
    const ranking = again.pictures.find(({ id }) => id === "relative-anchors/rows");
    ok(ranking?.shape === "ranking" && ranking.value.length === result.layers.length * 120);
  });

  it("a run of another file is refused with the reason in the panel, an unfinished one at once", async () => {
    writeFileSync(
      inWorkspace("other.jsonl"),
      madeRows(60)
        .map((r) => JSON.stringify(r))
        .join("\n"),
    );
    const session = (await api.layerscope.audit(inWorkspace("other.jsonl"), {}, api.layerscope.models.embedded()[0]!.path)) as Session;
    const [other] = (await listRuns(api.layerscope.runsRoot)).filter(({ folder }) => folder === session.folder);
    const refused = await api.layerscope.comparisons.compare([items[0]!.run, other!]);
    strictEqual(refused!.state.phase, "failed");
    ok(/measure different things: dataset SHA-256/.test(refused!.state.problem!.message), refused!.state.problem!.message);
    ok(/Audit the same file/.test(refused!.state.problem!.hint ?? ""));
    await rejects(
      api.layerscope.comparisons.compare([items[0]!.run, { ...other!, id: "20260101-000000-abcdef", state: "cancelled" }]),
      /has not ended with a result/,
    );
  });
});
