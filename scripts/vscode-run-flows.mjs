// Runs that break off and servers that compute, in the packaged extension: the engine is killed in the middle, the run goes on from the
// panel and from the list; before token ids leave, the host is named; stored activations are deleted. LAYERSCOPE_SHOTS=FOLDER keeps pictures.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import {
  audited,
  auditFromMenu,
  chooseFromMenu,
  finished,
  openWorkbench,
  panelFrame,
  panelFrames,
  ready,
  runCommand,
  showRuns,
  until,
} from "./vscode-page.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const SHOTS = process.env.LAYERSCOPE_SHOTS;
const shoot = async (page, name) => SHOTS && (await page.screenshot({ path: join(SHOTS, `${name}.png`) }));

const textOf = (frame) => frame.evaluate(() => document.body.innerText);

/** Ids of the processes that run the engine of the extension installed under this folder. */
export function enginesOf(home) {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((id) => /^\d+$/.test(id))
    .filter((id) => {
      try {
        const line = readFileSync(`/proc/${id}/cmdline`, "utf8");
        return line.includes(home) && line.includes("engine.js");
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}

/** Rows that the newest run of the workspace has noted as done. */
function rowsDone(home) {
  const logs = readdirSync(home, { recursive: true })
    .map(String)
    .filter((file) => /runs[\\/][^\\/]+[\\/]log\.jsonl$/.test(file))
    .sort();
  if (logs.length === 0) return 0;
  const done = [...readFileSync(join(home, logs.at(-1)), "utf8").matchAll(/"done":(\d+),"of":(\d+)\}\}\n/g)].at(-1);
  return done ? Number(done[1]) : 0;
}

/** Ends the engine when the run has noted more than `rows`. @returns the interrupted row */
async function breakOff(home, rows, runs) {
  await until(async () => enginesOf(home).length > 0 && rowsDone(home) > rows, `more than ${rows} rows`, 40_000);
  for (const id of enginesOf(home)) process.kill(id, "SIGKILL");
  let text = "";
  const said = async () => {
    text = await textOf(runs);
    return /Interrupted at row [\d,]+ of [\d,]+/.test(text);
  };
  await until(said, "the panel says where it was interrupted");
  return Number(/Interrupted at row ([\d,]+)/.exec(text)[1].replaceAll(",", ""));
}

export const runFlows = {
  async "a run whose engine was killed goes on from the panel, and from the list of runs"(page, _workspace, server) {
    if (process.platform !== "linux") return true;
    await runCommand(page, "Layerscope: Delete Stored Activations");
    await page
      .getByText(/[Ss]tored activations (deleted|to delete)/)
      .first()
      .waitFor();
    await auditFromMenu(page, "broken-off.jsonl");
    let frame = await panelFrame(page);
    const first = await breakOff(server.home, 0, frame);
    await shoot(page, "run-interrupted");
    await frame.getByRole("button", { name: "Resume", exact: true }).first().click();
    await until(async () => !/Interrupted at row/.test(await textOf(frame)), "the run goes on");
    const second = await breakOff(server.home, first, frame);
    await runCommand(page, "View: Close All Editors");
    await until(async () => (await panelFrames(page)).length === 0, "the panel is closed");
    await showRuns(page);
    const row = page
      .locator(".pane-body .monaco-list-row", { hasText: "broken-off.jsonl" })
      .filter({ hasText: /interrupted at row/ })
      .first();
    await row.waitFor({ timeout: 10_000 });
    await shoot(page, "run-list-interrupted");
    await chooseFromMenu(page, row, "Resume Run");
    frame = await panelFrame(page);
    await until(() => finished(frame), "the end of the audit", 90_000);
    await shoot(page, "run-resumed");
    await runCommand(page, "View: Show Explorer");
    return first > 0 && second > first;
  },

  async "before the first token id leaves, the host is named; no answer sends nothing"(page, workspace, server) {
    const { FakeServer, folder } = await exported();
    const fake = await FakeServer.start({ folder });
    try {
      // Another name of this machine, which the extension must take for another's: nothing proves that it is not.
      const host = `[::ffff:7f00:1]:${new URL(fake.url).port}`;
      setEngine(server.home, [`http://${host}/v2/models/tiny`]);
      await openWorkbench(page, server.url(workspace));
      await ready(page);
      await auditFromMenu(page, "prompts.jsonl");
      const dialog = page.locator(".monaco-dialog-box");
      await dialog.waitFor({ timeout: 20_000 });
      const said = await dialog.textContent();
      await shoot(page, "server-asked");
      const before = fake.seen.length;
      await dialog.getByText("Cancel", { exact: true }).last().click();
      await page.waitForTimeout(1500);
      const refused = fake.seen.length;
      await runCommand(page, "View: Close All Editors");
      await auditFromMenu(page, "prompts.jsonl");
      await dialog.waitFor({ timeout: 20_000 });
      await dialog.getByText("Send Token Ids", { exact: true }).last().click();
      const frame = await audited(page);
      await shoot(page, "server-done");
      return said.includes(host) && /token ids/i.test(said) && before === 0 && refused === 0 && fake.inferences > 0 && (await finished(frame));
    } finally {
      setEngine(server.home, []);
      await openWorkbench(page, server.url(workspace));
      await fake.stop();
    }
  },

  async "stored activations are deleted by one command, and it says how much"(page, _workspace, server) {
    await ready(page);
    await auditFromMenu(page, "prompts.jsonl");
    await audited(page);
    const kept = () =>
      readdirSync(server.home, { recursive: true })
        .map(String)
        .filter((file) => /globalStorage[\\/].*[\\/]store[\\/]/.test(file)).length;
    await until(() => kept() > 0, "states are kept");
    await runCommand(page, "Layerscope: Delete Stored Activations");
    await page
      .getByText(/Stored activations deleted \([\d.,]+ MB\)/)
      .last()
      .waitFor();
    return kept() === 0;
  },
};

/** The embedded model as a server expects it, and the tests' own server. */
async function exported() {
  const out = join(ROOT, "out");
  const folder = join(out, "served", "layerscope-embed-layers");
  if (!existsSync(join(folder, "1", "model.onnx"))) {
    mkdirSync(join(out, "served"), { recursive: true });
    const args = [join(ROOT, "dist", "cli.js"), "export-model", join(ROOT, "media", "model"), "--layout", "triton", "--out", join(out, "served")];
    execFileSync(process.execPath, args, { stdio: "ignore" });
  }
  const outfile = join(out, "fake-server.mjs");
  const entryPoints = [join(ROOT, "test", "engine", "remote", "fake-server.ts")];
  await build({ entryPoints, bundle: true, platform: "node", format: "esm", external: ["onnxruntime-node"], outfile, logLevel: "error" });
  return { ...(await import(`file://${outfile}`)), folder };
}

/** The setting is the machine's: in a browser those lie apart from the user's. */
function setEngine(home, engine) {
  for (const folder of ["User", "Machine"]) {
    const file = join(home, "user", folder, "settings.json");
    mkdirSync(dirname(file), { recursive: true });
    const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    writeFileSync(file, JSON.stringify({ ...before, "layerscope.engine": engine }));
  }
}
