import { ok, rejects, strictEqual } from "node:assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Range, Uri, WorkspaceEdit, window, workspace } from "vscode";
import { revealRow } from "../../../src/extension/reveal.js";
import { indexOfRow, placeOf } from "../../../src/extension/rowIndex.js";
import type { Session } from "../../../src/extension/session.js";
import { type Api, activated, inWorkspace, madeRows, marksOf, until, watchBlocks } from "./kit.js";

const CANARY = "number 13";

describe("an audit with the embedded model", () => {
  let api: Api;
  let session: Session;
  const file = () => inWorkspace("made.jsonl");
  const model = () => {
    const path = api.layerscope.models.embedded()[0]?.path;
    if (!path) throw new Error("no embedded model in the package");
    return path;
  };

  before(async () => {
    api = await activated();
    writeFileSync(
      file(),
      `${madeRows(120, 2)
        .map((r) => JSON.stringify(r))
        .join("\n")}\n`,
    );
  });

  it("opens its panel and ends with a result, streaming on the way", async () => {
    const from = performance.now();
    let first = 0;
    const blocks = watchBlocks();
    const running = api.layerscope.audit(file(), {}, model());
    await until(() => api.layerscope.audits.running !== undefined || api.layerscope.panels.current?.running === false, "the audit begins");
    const live = api.layerscope.panels.current;
    live?.onDidChange(() => {
      if (!first && live.view) first = performance.now() - from;
    });
    session = (await running) as Session;
    const blocked = blocks.stop();
    strictEqual(session.state.phase, "done", JSON.stringify(session.state.problem));
    ok(first > 0 && first < 9000, `the first picture came after ${first} ms`);
    // 50 ms is the promise.
    ok(blocked < 150, `the extension host was blocked for ${blocked} ms`);
    console.log(`[suite]     first picture ${Math.round(first)} ms, whole ${Math.round(performance.now() - from)} ms, longest block ${Math.round(blocked)} ms`);
    const { result, rows, pictures } = session.view!;
    strictEqual(result.final, true);
    strictEqual(rows.count, 120);
    strictEqual(result.layers.length, rows.columns);
    ok(pictures.length > 0);
    ok(result.layers.some((l) => l.auroc !== null && l.auroc > 0.7));
    strictEqual(result.settings.seed, 7);
  });

  it("writes a run folder without row text, and lists it", async () => {
    const folder = session.folder!;
    for (const name of ["plan.json", "result.json", "view.json"]) ok(existsSync(join(folder, name)), `${name} is missing`);
    for (const name of readdirSync(folder)) ok(!readFileSync(join(folder, name)).includes(CANARY), `${name} holds row text`);
    const again = await api.layerscope.engine.ask("run.open", { folder });
    strictEqual(again.result.verdict, session.view!.result.verdict);
    strictEqual(again.rows.count, 120);
  });

  it("marks rows on the other side from their label in the file itself, and takes the marks away when it changes", async () => {
    await until(() => marksOf(file()).length > 0, "marks in the dataset");
    const marks = marksOf(file());
    const lines = marks.map((m) => m.range.start.line);
    ok(lines.includes(0) || lines.includes(1), `marked lines: ${lines}`);
    ok(marks.length <= 101);
    ok(marks.every((m) => !m.message.includes("Tell me")));
    const edit = new WorkspaceEdit();
    edit.insert(Uri.file(file()), new Range(119, 0, 119, 0).start, " ");
    await workspace.applyEdit(edit);
    await until(() => marksOf(file()).length === 0, "the marks go");
  });

  it("goes to a row's exact range and says when the file has changed since", async () => {
    const document = await workspace.openTextDocument(file());
    await window.showTextDocument(document);
    await document.save();
    const { rows } = session.view!;
    const editor = await revealRow(session, rows.id[40]!, false);
    const place = placeOf(rows, indexOfRow(rows, rows.id[40]!));
    strictEqual(editor.document.uri.fsPath, file());
    strictEqual(editor.selection.start.line, place.startLine);
    ok(editor.document.getText(editor.selection).includes(madeRows(120, 2)[40]!.text), "the selection holds the row");
    // The file is no longer what was audited: texts are refused, not guessed.
    await rejects(api.layerscope.rowTexts(session, [rows.id[40]!]), /changed/);
  });

  it("gives texts only for rows of the run", async () => {
    writeFileSync(
      inWorkspace("texts.jsonl"),
      readFileSync(file(), "utf8")
        .replace(/^ /m, "")
        .replace(/\n \n?$/, "\n"),
    );
    const other = (await api.layerscope.audit(inWorkspace("texts.jsonl"), {}, model())) as Session;
    strictEqual(other.state.phase, "done", JSON.stringify(other.state.problem));
    const { rows } = other.view!;
    const texts = await api.layerscope.rowTexts(other, [rows.id[3]!, 999_999]);
    strictEqual(texts.length, 1);
    ok(texts[0]!.text.includes("number 3"));
  });

  it("is usable again after the engine was killed", async () => {
    const { engine } = api.layerscope;
    await engine.start();
    const pid = engine.pid!;
    process.kill(pid, "SIGKILL");
    const from = performance.now();
    await until(() => engine.pid !== undefined && engine.pid !== pid && engine.state === "ready", "a new engine");
    const took = performance.now() - from;
    ok(took < 6000, `usable again after ${took} ms`);
    console.log(`[suite]     usable again after ${Math.round(took)} ms`);
  });

  it("a kill in the middle of a run ends it with a sentence; the next run works", async () => {
    const { engine, audits } = api.layerscope;
    writeFileSync(
      inWorkspace("long.jsonl"),
      madeRows(4000)
        .map((r) => JSON.stringify(r))
        .join("\n"),
    );
    const running = api.layerscope.audit(inWorkspace("long.jsonl"), {}, model());
    await until(() => (audits.running?.state.progress?.done ?? 0) > 0, "the run is on its way");
    process.kill(engine.pid!, "SIGKILL");
    const ended = (await running) as Session;
    // Rows were kept, so it can go on.
    strictEqual(ended.state.phase, "interrupted");
    strictEqual(ended.state.problem?.code, "engine/killed");
    const next = (await api.layerscope.audit(file(), {}, model())) as Session;
    strictEqual(next.state.phase, "done", JSON.stringify(next.state.problem));
  });

  it("cancels within its time and leaves one state behind", async () => {
    const { audits } = api.layerscope;
    const running = api.layerscope.audit(inWorkspace("long.jsonl"), {}, model());
    await until(() => (audits.running?.state.progress?.phase ?? "") === "running", "the run is on its way");
    const from = performance.now();
    audits.running!.cancel();
    const ended = (await running) as Session;
    const took = performance.now() - from;
    // With rows that are kept it can go on.
    ok(["cancelled", "interrupted"].includes(ended.state.phase), ended.state.phase);
    ok(took < 750, `cancelled after ${took} ms`);
    console.log(`[suite]     cancelled after ${Math.round(took)} ms`);
    ok(readFileSync(join(ended.folder!, "ended.json"), "utf8").includes("cancelled"));
  });

  it("two one-class files are set against each other", async () => {
    const rows = madeRows(80);
    writeFileSync(
      inWorkspace("harmless-made.txt"),
      rows
        .filter((r) => r.label === "safe")
        .map((r) => r.text)
        .join("\n"),
    );
    writeFileSync(
      inWorkspace("harmful-made.txt"),
      rows
        .filter((r) => r.label === "unsafe")
        .map((r) => r.text)
        .join("\n"),
    );
    const ended = (await api.layerscope.audit(
      inWorkspace("harmful-made.txt"),
      { contrast: inWorkspace("harmless-made.txt"), all: "unsafe", contrastAll: "safe" },
      model(),
    )) as Session;
    strictEqual(ended.state.phase, "done", JSON.stringify(ended.state.problem));
    strictEqual(ended.view!.rows.count, 80);
    const { rows: table } = ended.view!;
    const second = Array.from({ length: table.count }, (_, i) => i).find((i) => table.place[i * 5] === 1)!;
    const editor = await revealRow(ended, table.id[second]!, false);
    strictEqual(editor.document.uri.fsPath, inWorkspace("harmless-made.txt"));
  });

  it("a bad file is refused with a sentence in the panel, and nothing is left running", async () => {
    writeFileSync(inWorkspace("bad.parquet"), "PAR1 this is none");
    const ended = (await api.layerscope.audit(inWorkspace("bad.parquet"), {}, model())) as Session;
    strictEqual(ended.state.phase, "failed");
    ok(ended.state.problem!.code.startsWith("data/"), ended.state.problem!.code);
    strictEqual(api.layerscope.audits.running, undefined);
  });

  it("a missing model is a sentence too", async () => {
    const ended = (await api.layerscope.audit(file(), {}, inWorkspace("no-such-model"))) as Session;
    strictEqual(ended.state.phase, "failed");
    ok(ended.state.problem!.message.includes("no-such-model"));
  });
});
