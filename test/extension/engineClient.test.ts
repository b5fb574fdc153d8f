import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { EngineClient, type EngineOptions, type EngineState } from "../../src/extension/engineClient.js";
import { RestartBudget } from "../../src/extension/restartBudget.js";
import type { AuditPlan } from "../../src/protocol/index.js";

const FIXTURES = join(import.meta.dirname, "fixtures", "engines");
const plan: AuditPlan = { data: { path: "none", options: {} }, model: "none", maxTokens: 8, seed: 0, provider: "cpu", threads: 0 };
const rows = { path: "none", options: {}, sha256: "", rows: [4] };

const open: EngineClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.dispose();
});

function client(engine: string, more: Partial<EngineOptions> = {}) {
  const states: EngineState[] = [];
  const log: string[] = [];
  const events: string[] = [];
  const write = (text: string) => log.push(text);
  const made = new EngineClient({
    program: join(FIXTURES, `${engine}.cjs`),
    node: () => process.execPath,
    log: { debug: write, info: write, warn: write, error: write },
    onEvent: (name) => events.push(name),
    onState: (state) => states.push(state),
    ...more,
  });
  open.push(made);
  return { engine: made, states, log, events };
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "answered",
    (error) => error.problem?.code ?? String(error),
  );
const until = async (what: () => boolean, ms = 6000) => {
  for (const end = Date.now() + ms; !what(); await new Promise((r) => setTimeout(r, 10))) if (Date.now() > end) throw new Error("waited in vain");
};

describe("a good engine", () => {
  it("starts when first asked, answers, and is stopped when idle", async () => {
    const { engine, states } = client("good", { warmMs: 80 });
    expect(engine.state).toBe("stopped");
    expect(await engine.ask("rows.text", rows)).toEqual([{ row: 4, text: "text 4" }]);
    const pid = engine.pid;
    expect(engine.hello?.pid).toBe(pid);
    await until(() => engine.state === "stopped");
    expect(engine.pid).toBeUndefined();
    expect(states).toEqual(["starting", "busy", "ready", "stopped"]);
    expect(await engine.ask("rows.text", rows)).toHaveLength(1);
  });

  it("one start serves questions asked at the same moment", async () => {
    const { engine, states } = client("good");
    await Promise.all([engine.ask("rows.text", rows), engine.ask("rows.text", rows), engine.start()]);
    expect(states.filter((s) => s === "starting")).toHaveLength(1);
  });

  it("hears a cancel and lives on", async () => {
    const { engine, events } = client("good");
    await engine.start();
    const pid = engine.pid;
    const control = new AbortController();
    const run = code(engine.ask("audit.run", plan, control.signal));
    await until(() => events.includes("audit.progress"));
    control.abort();
    expect(await run).toBe("run/cancelled");
    expect(engine.pid).toBe(pid);
  });

  it("a question cancelled before it is asked never reaches the engine", async () => {
    const { engine, states } = client("good");
    expect(await code(engine.ask("audit.run", plan, AbortSignal.abort()))).toBe("run/cancelled");
    expect(states).toEqual([]);
  });

  it("restart replaces the process", async () => {
    const { engine } = client("good");
    await engine.start();
    const pid = engine.pid;
    await engine.restart();
    expect(engine.pid).not.toBe(pid);
    expect(await engine.ask("rows.text", rows)).toHaveLength(1);
  });

  it("disposal rejects what is pending, and every later question", async () => {
    const { engine, events } = client("good");
    const run = code(engine.ask("audit.run", plan));
    await until(() => events.length > 0);
    engine.dispose();
    expect(await run).toBe("engine/stopped");
    expect(await code(engine.ask("rows.text", rows))).toBe("engine/stopped");
  });
});

describe("misbehaving engines", () => {
  it("crash at start: four restarts, then a stop that says so; a restart by hand tries again", async () => {
    const { engine, log, states } = client("crashAtStart");
    expect(await code(engine.ask("rows.text", rows))).toBe("engine/gave-up");
    expect(log.filter((l) => l.includes("exit code 3"))).toHaveLength(5);
    expect(log.join("\n")).toContain("no such library");
    expect(log.join("\n")).not.toContain("\u001b");
    expect(states.at(-1)).toBe("crashed");
    expect(await code(engine.ask("rows.text", rows))).toBe("engine/gave-up");
    expect(await code(engine.restart())).toBe("engine/gave-up");
    expect(log.filter((l) => l.includes("exit code 3"))).toHaveLength(10);
  });

  it("crash in a batch: pending rejected, a new engine usable at once", async () => {
    const { engine, states } = client("crashAtBatch");
    const [run, beside] = [code(engine.ask("audit.run", plan)), code(engine.ask("audit.run", plan))];
    expect(await run).toBe("engine/crashed");
    expect(await beside).toBe("engine/crashed");
    const from = performance.now();
    expect(await engine.ask("rows.text", rows)).toEqual([]);
    expect(performance.now() - from).toBeLessThan(6000);
    expect(states).toContain("crashed");
  });

  it("a kill that was not ours is called what it most likely is", async () => {
    const { engine } = client("crashAtBatch");
    expect(await code(engine.ask("audit.run", { ...plan, seed: 9 }))).toBe("engine/killed");
    expect(await engine.ask("rows.text", rows)).toEqual([]);
  });

  it("five crashes within the time end the restarts", async () => {
    let now = 0;
    const { engine } = client("crashAtBatch", { budget: new RestartBudget(4, 180_000, () => now) });
    for (let i = 0; i < 5; i++) expect(await code(engine.ask("audit.run", plan))).toBe("engine/crashed");
    expect(await code(engine.ask("rows.text", rows))).toBe("engine/gave-up");
    now = 200_000;
    await engine.restart();
    expect(await engine.ask("rows.text", rows)).toEqual([]);
  });

  it("a hang is ended after the cancel's time; what stood beside it is asked again", async () => {
    const { engine, log } = client("hangInBatch");
    await engine.start();
    const pid = engine.pid;
    const control = new AbortController();
    const run = code(engine.ask("audit.run", plan, control.signal));
    const beside = code(engine.ask("rows.text", rows));
    await new Promise((r) => setTimeout(r, 100));
    const from = performance.now();
    control.abort();
    expect(await run).toBe("run/cancelled");
    expect(performance.now() - from).toBeLessThan(750);
    expect(await beside).toBe("answered");
    expect(performance.now() - from).toBeLessThan(6000);
    expect(engine.pid).not.toBe(pid);
    expect(log.some((l) => l.includes("did not answer a cancel"))).toBe(true);
  });

  it("an answer given twice: the engine is replaced and works again", async () => {
    const { engine, log } = client("answerTwice");
    expect(await engine.ask("rows.text", rows)).toEqual([]);
    await until(() => log.some((l) => l.includes("answered already")));
    expect(await engine.ask("rows.text", rows)).toEqual([]);
  });

  it("another protocol version: said, and not tried again and again", async () => {
    const { engine, states, log } = client("oldProtocol");
    expect(await code(engine.ask("rows.text", rows))).toBe("engine/protocol");
    expect(states).toEqual(["starting", "crashed"]);
    expect(log.some((l) => l.includes("protocol version 0; this is version 1"))).toBe(true);
  });

  it("a flood on stderr leaves 64 kB, without colour codes", async () => {
    const { engine, log } = client("floodStderr");
    expect(await code(engine.ask("audit.run", plan))).toBe("engine/crashed");
    const entry = log.find((l) => l.includes("LAST LINE"));
    expect(entry).toBeDefined();
    expect(entry!.length).toBeLessThan(66_000);
    expect(entry).not.toContain("\u001b");
  });

  it("a Node that is not there: a Problem that names the setting", async () => {
    const { engine } = client("good", { node: () => join(FIXTURES, "no-such-node") });
    const error = await engine.ask("rows.text", rows).catch((e) => e.problem);
    expect(error.code).toBe("engine/not-started");
    expect(error.hint).toContain("layerscope.nodePath");
  });

  it("a program that never says hello is not waited for", async () => {
    const { engine } = client("hangInBatch", { startMs: 1, budget: new RestartBudget(0) });
    expect(await code(engine.ask("rows.text", rows))).toBe("engine/gave-up");
  });
});
