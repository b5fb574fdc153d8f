// A stand-in for the extension host: forks dist/engine.js and speaks its protocol, for benchmarks.
import { fork } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../scripts/setup.mjs";

export class EngineProcess {
  next = 1;
  pending = new Map();
  listeners = new Map();

  constructor() {
    this.child = fork(join(ROOT, "dist", "engine.js"), { serialization: "advanced", execArgv: [] });
    this.child.on("message", (m) => {
      // Parts of large columns: benchmarks look at results, not at rows.
      if (m.kind === "chunk") return;
      if (m.kind === "event") return this.listeners.get(m.name)?.(m.body);
      const waiting = this.pending.get(m.id);
      this.pending.delete(m.id);
      if (m.kind === "answer") waiting.resolve(m.result);
      else waiting.reject(Object.assign(new Error(m.problem.message), { problem: m.problem }));
    });
    this.gone = new Promise((resolve) => this.child.once("exit", resolve));
  }

  ask(method, params) {
    const id = this.next++;
    const answer = new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }));
    this.child.send({ v: 1, kind: "ask", id, method, params });
    return Object.assign(answer, { cancel: () => this.child.send({ v: 1, kind: "cancel", id }) });
  }

  on(name, listener) {
    this.listeners.set(name, listener);
  }

  hello() {
    return this.ask("engine.hello", { protocol: 1 });
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.gone;
  }
}

export const plan = (data, model, more = {}) => ({ data: { path: data, options: {} }, model, maxTokens: 512, seed: 0, provider: "cpu", threads: 0, ...more });

export const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
};

export const SAMPLE = join(ROOT, "media", "sample", "prompts.jsonl");
export const EMBEDDED = join(ROOT, "media", "model");
