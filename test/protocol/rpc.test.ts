import { describe, expect, it } from "vitest";
import { type Chunk, type Envelope, PANEL_PARAMS, PROTOCOL, type Problem, ProblemError, Rpc, type Wire } from "../../src/protocol/index.js";

interface Methods {
  double: { params: { value: number }; result: number };
  wait: { params: Record<string, never>; result: string };
  fail: { params: Record<string, never>; result: null };
}
interface Events {
  tick: number;
}

/** Two ends of one wire; `inject` puts anything on it. */
function wires() {
  const listeners: ((message: unknown) => void)[] = [() => {}, () => {}];
  const sent: (Envelope | Chunk)[] = [];
  const end = (me: number): Wire => ({
    post(message) {
      sent.push(message);
      queueMicrotask(() => listeners[1 - me](structuredClone(message)));
    },
    onMessage(listener) {
      listeners[me] = listener;
    },
  });
  return { a: end(0), b: end(1), sent, inject: (to: number, message: unknown) => listeners[to](message) };
}

function pair() {
  const wire = wires();
  const refused: string[] = [];
  const asker = new Rpc<Methods, Events, object, object>(wire.a, {}, (reason) => refused.push(reason));
  const answerer = new Rpc<object, object, Methods, Events>(
    wire.b,
    {
      double: ({ value }) => value * 2,
      wait: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("stopped"))),
      fail: () => {
        throw new ProblemError({ code: "x/y", message: "It is broken.", hint: "Mend it." });
      },
    },
    (reason) => refused.push(reason),
  );
  return { ...wire, asker, answerer, refused };
}

describe("rpc", () => {
  it("answers, and tells events", async () => {
    const { asker, answerer } = pair();
    const ticks: number[] = [];
    asker.on("tick", (n) => ticks.push(n));
    answerer.tell("tick", 7);
    expect(await asker.ask("double", { value: 21 })).toBe(42);
    expect(ticks).toEqual([7]);
  });

  it("carries a Problem whole, and hides what was not foreseen behind a sentence", async () => {
    const { asker } = pair();
    await expect(asker.ask("fail", {})).rejects.toMatchObject({ problem: { code: "x/y", hint: "Mend it." } });
    await expect(asker.ask("double", null as never)).rejects.toMatchObject({ problem: { code: "internal" } });
  });

  it("cancels what runs, also when the signal was aborted before the question", async () => {
    const { asker } = pair();
    const stop = new AbortController();
    const answer = asker.ask("wait", {}, stop.signal);
    setTimeout(() => stop.abort(), 5);
    expect(await answer).toBe("stopped");
    expect(await asker.ask("wait", {}, AbortSignal.abort())).toBe("stopped");
  });

  it("rejects everything pending when it closes, and everything asked later", async () => {
    const { asker } = pair();
    const gone: Problem = { code: "engine/gone", message: "The engine has ended." };
    const waiting = asker.ask("wait", {});
    asker.close(gone);
    await expect(waiting).rejects.toMatchObject({ problem: gone });
    await expect(asker.ask("double", { value: 1 })).rejects.toMatchObject({ problem: gone });
  });

  it("refuses unknown methods, kinds, versions, double answers and prototype names", async () => {
    const { asker, inject, refused } = pair();
    await expect(asker.ask("nothing" as "double", { value: 1 })).rejects.toMatchObject({ problem: { code: "protocol/unknown-method" } });
    await expect(asker.ask("constructor" as "double", { value: 1 })).rejects.toMatchObject({ problem: { code: "protocol/unknown-method" } });
    const before = refused.length;
    inject(0, { v: PROTOCOL, kind: "answer", id: 99, result: 1 });
    inject(0, { v: PROTOCOL + 1, kind: "answer", id: 1, result: 1 });
    inject(0, { v: PROTOCOL, kind: "command", id: 1 });
    inject(0, { v: PROTOCOL, kind: "ask", id: 1, method: "double", params: {}, extra: true });
    inject(0, "answer");
    expect(refused.length - before).toBe(5);
  });
});

describe("what the panel may ask", () => {
  it("names rows and formats, never paths, commands or more than is shown", () => {
    expect(PANEL_PARAMS["row.open"]({ row: 3, keepFocus: true }, "p")).toBeUndefined();
    expect(PANEL_PARAMS["row.open"]({ row: -1, keepFocus: true }, "p")).toContain("row");
    expect(PANEL_PARAMS["row.open"]({ row: 3, keepFocus: true, path: "x" }, "p")).toContain("unknown field");
    expect(PANEL_PARAMS["rows.text"]({ rows: Array.from({ length: 201 }, (_, i) => i) }, "p")).toContain("more than 200");
    expect(PANEL_PARAMS["run.export"]({ format: "exe", withText: false }, "p")).toContain("none of");
    expect(PANEL_PARAMS["run.export"]({ format: "svg", withText: false, svgs: { curve: 3 } }, "p")).toBeTruthy();
    expect(PANEL_PARAMS["panel.ready"](null, "p")).toContain("not an object");
  });
});
