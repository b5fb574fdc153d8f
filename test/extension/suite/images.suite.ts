import { ok, rejects, strictEqual } from "node:assert";
import { basename } from "node:path";
import { commands, TabInputCustom, TabInputText, Uri, window } from "vscode";
import { openImage, openRow, rowImages } from "../../../src/extension/images.js";
import { stripes, writePng } from "../../fixtures/images.js";
import { VIT_PROCESSOR, writeVision } from "../../fixtures/vision.js";
import { type Api, activated, inWorkspace, marksOf, until } from "./kit.js";

const EACH = 20;

describe("an audit of images", () => {
  let api: Api;
  const folder = () => inWorkspace("pictures");
  const openFile = () => {
    const input = window.tabGroups.all.flatMap(({ tabs }) => tabs.filter(({ isActive }) => isActive).map((tab) => tab.input));
    return input.flatMap((one) => (one instanceof TabInputCustom || one instanceof TabInputText ? [one.uri.fsPath] : []));
  };

  before(async () => {
    api = await activated();
    writeVision(inWorkspace("vit"), { processor: VIT_PROCESSOR });
    for (let i = 0; i < EACH; i++)
      for (const turn of [0, 1] as const) writePng(inWorkspace("pictures", turn ? "unsafe" : "safe", `${i}.png`), stripes(16, turn, 2 * i + turn));
  });

  it("of a folder ends with a result; a row opens its image, not a line", async () => {
    const session = await api.layerscope.audit(folder(), {}, inWorkspace("vit"));
    strictEqual(session?.state.phase, "done", JSON.stringify(session?.state.problem));
    const { result, rows } = session!.view!;
    strictEqual(result.dataset.input, "images");
    strictEqual(rows.count, 2 * EACH);
    const [id] = rows.id;
    await openRow(api.layerscope.engine, session!, id!, false);
    await until(() => openFile().some((path) => path.endsWith("0.png")), "the image is open");
    // A folder's rows have no lines that could be marked.
    strictEqual(marksOf(folder()).length, 0);
  });

  it("tells the panel pictures of rows it was given, and never where they lie", async () => {
    const session = api.layerscope.panels.current!;
    const { rows } = session.view!;
    const shown = await rowImages(api.layerscope.engine, session, [rows.id[0]!, 9999], 64);
    strictEqual(shown.length, 1);
    ok(shown[0]!.url?.startsWith("data:image/webp;base64,"));
    strictEqual("path" in shown[0]!, false);
    await rejects(openImage(api.layerscope.engine, session, 9999, false), /has no image/);
  });

  it("a folder without images is told in a sentence, from the command of its menu too", async () => {
    const session = await api.layerscope.audit(inWorkspace("vit"), {}, inWorkspace("vit"));
    strictEqual(session?.state.phase, "failed");
    ok(session?.state.problem?.message.includes(`The folder "${basename(inWorkspace("vit"))}" holds no images in subfolders`));
    const all = await commands.getCommands(true);
    ok(all.includes("layerscope.auditAlignment"));
    await commands.executeCommand("layerscope.changeColumns", Uri.file(folder()));
  });
});
