import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { type EngineEvents, type EngineMethods, PROTOCOL, type Problem, ProblemError, Rpc, type Wire } from "../protocol/index.js";
import {
  cancelled,
  engineCrashed,
  engineGaveUp,
  engineKilled,
  engineNotStarted,
  engineProtocol,
  engineReplaced,
  engineStopped,
  engineTooSlow,
} from "./errors.js";
import type { Log } from "./log.js";
import { OutputTail } from "./outputTail.js";
import { RestartBudget } from "./restartBudget.js";

export type EngineState = "stopped" | "starting" | "ready" | "busy" | "crashed";
export type Hello = EngineMethods["engine.hello"]["result"];

export interface EngineOptions {
  /** Path of the engine's program, `dist/engine.js`. */
  readonly program: string;
  /** A Node to run it with; absent = the program that runs the extension host, as Node. Read at every start. */
  node(): string | undefined;
  readonly log: Log;
  onEvent<K extends keyof EngineEvents>(name: K, body: EngineEvents[K]): void;
  onState?(state: EngineState): void;
  /** How long a cancelled question may still be answered before the process is ended. */
  readonly cancelMs?: number;
  readonly startMs?: number;
  /** How long an idle engine is kept warm. */
  readonly warmMs?: number;
  readonly budget?: RestartBudget;
}

type EngineRpc = Rpc<EngineMethods, EngineEvents, Record<never, never>, Record<never, never>>;
interface Running {
  readonly child: ChildProcess;
  readonly rpc: EngineRpc;
  readonly tail: OutputTail;
  hello?: Hello;
}

/**
 * The engine process: started when first asked, kept warm, restarted within a budget, ended to cancel what does not
 * listen. Every question ends in an answer or a Problem. Free of `vscode`, so it is tested in plain Node.
 */
export class EngineClient {
  private current: Running | undefined;
  private starting: Promise<Running> | undefined;
  private gaveUp: Problem | undefined;
  private pending = 0;
  private warmTimer: NodeJS.Timeout | undefined;
  private memoryTimer: NodeJS.Timeout | undefined;
  private residentMb: number | undefined;
  private disposed = false;
  private last: EngineState = "stopped";
  private readonly budget: RestartBudget;

  constructor(private readonly options: EngineOptions) {
    this.budget = options.budget ?? new RestartBudget();
  }

  get state(): EngineState {
    return this.last;
  }

  get pid(): number | undefined {
    return this.current?.child.pid;
  }

  get hello(): Hello | undefined {
    return this.current?.hello;
  }

  /** Asks the engine, starting it when there is none. A cancelled question that is not answered soon costs the engine its life. */
  async ask<K extends keyof EngineMethods & string>(
    method: K,
    params: EngineMethods[K]["params"],
    signal?: AbortSignal,
    /** `patient`: a cancelled question is told to the engine, which is left alive however long it takes. */
    how: { readonly patient?: boolean } = {},
  ): Promise<EngineMethods[K]["result"]> {
    if (signal?.aborted) throw new ProblemError(cancelled);
    this.count(1);
    let killTimer: NodeJS.Timeout | undefined;
    let asked: Running | undefined;
    const onAbort = () => {
      if (how.patient) return;
      killTimer = setTimeout(() => asked && this.replace(asked), this.options.cancelMs ?? 200);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      for (;;) {
        asked = await this.start();
        try {
          return await (asked.rpc.ask(method, params as never, signal) as Promise<EngineMethods[K]["result"]>);
        } catch (error) {
          // Short questions that stood beside a cancelled run are simply asked again.
          const again = error instanceof ProblemError && error.problem === engineReplaced && method !== "audit.run" && !signal?.aborted;
          if (!again) throw error;
        }
      }
    } catch (error) {
      if (signal?.aborted) throw new ProblemError(cancelled);
      throw error;
    } finally {
      clearTimeout(killTimer);
      signal?.removeEventListener("abort", onAbort);
      this.count(-1);
    }
  }

  /** Starts the engine when there is none; resolves when it has said hello. */
  start(): Promise<Running> {
    if (this.disposed) return Promise.reject(new ProblemError(engineStopped));
    if (this.gaveUp) return Promise.reject(new ProblemError(this.gaveUp));
    if (this.current?.hello) return Promise.resolve(this.current);
    this.starting ??= this.launch().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  /** Ends the process and starts a fresh one with a full budget. */
  async restart(): Promise<void> {
    this.gaveUp = undefined;
    this.budget.refill();
    this.end(engineStopped);
    await this.starting?.catch(() => {});
    await this.start();
  }

  /** Ends the process; the next question starts another. */
  stop(): void {
    this.end(engineStopped);
    this.show("stopped");
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.warmTimer);
    clearInterval(this.memoryTimer);
    this.stop();
  }

  private async launch(): Promise<Running> {
    this.show("starting");
    for (;;) {
      const running = this.spawn();
      try {
        running.hello = await this.greet(running);
        this.options.log.info(`Engine ${running.hello.version} ready (process ${running.hello.pid}, ${running.hello.runtime}).`);
        this.show(this.pending > 0 ? "busy" : "ready");
        this.keepWarm();
        return running;
      } catch (error) {
        if (this.current === running) this.end(engineStopped);
        const code = error instanceof ProblemError ? error.problem.code : "";
        // What ended or was late may do better the next time; another version, a program that is not there or a refusal will not.
        const worthAnother = code === "engine/crashed" || code === "engine/killed" || code === "engine/no-answer";
        if (!worthAnother || this.disposed) throw this.fail(error);
        if (!this.budget.take()) throw this.giveUp();
      }
    }
  }

  private spawn(): Running {
    const { node, program, log } = { node: this.options.node(), program: this.options.program, log: this.options.log };
    const env: NodeJS.ProcessEnv = { ...process.env };
    // The host's own debugger and loader options are not meant for the engine.
    delete env["NODE_OPTIONS"];
    delete env["VSCODE_INSPECTOR_OPTIONS"];
    if (node) delete env["ELECTRON_RUN_AS_NODE"];
    else env["ELECTRON_RUN_AS_NODE"] = "1";
    const inspect = process.env["LAYERSCOPE_ENGINE_INSPECT"];
    const child = fork(program, [], {
      execPath: node ?? process.execPath,
      execArgv: inspect ? [`--inspect=${inspect}`] : [],
      env,
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // Read by spawn, missing from fork's own type: no console window on Windows.
      ...{ windowsHide: true },
    });
    const tail = new OutputTail();
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (chunk: string) => tail.add(chunk));
    const wire: Wire = {
      post: (message) => {
        // With a callback a closed channel is reported by `exit`, not thrown here.
        if (child.connected) child.send(message, () => {});
      },
      onMessage: (listener) => child.on("message", listener),
    };
    const rpc: EngineRpc = new Rpc(wire, {}, (reason) => this.breach(running, reason));
    const running: Running = { child, rpc, tail };
    rpc.on("audit.progress", (body) => this.options.onEvent("audit.progress", body));
    rpc.on("audit.view", (body) => this.options.onEvent("audit.view", body));
    rpc.on("hub.progress", (body) => this.options.onEvent("hub.progress", body));
    rpc.on("engine.log", (body) => {
      log[body.level === "error" ? "error" : body.level === "warn" ? "warn" : "info"](`engine: ${String(body.text).slice(0, 4000)}`);
      this.options.onEvent("engine.log", body);
    });
    child.on("error", (error) => {
      if (child.pid === undefined) this.lost(running, engineNotStarted(node ?? process.execPath, error.message));
    });
    child.on("exit", (code, signal) => this.lost(running, this.reasonOf(running, code, signal)));
    this.current = running;
    return running;
  }

  private async greet(running: Running): Promise<Hello> {
    const seconds = (this.options.startMs ?? 15_000) / 1000;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ProblemError(engineTooSlow(seconds))), seconds * 1000);
    });
    try {
      const hello = await Promise.race([running.rpc.ask("engine.hello", { protocol: PROTOCOL }), late]);
      if (hello.protocol !== PROTOCOL) throw new ProblemError(engineProtocol(`protocol version ${hello.protocol}; this is version ${PROTOCOL}`));
      return hello;
    } finally {
      clearTimeout(timer);
    }
  }

  private reasonOf(running: Running, code: number | null, signal: NodeJS.Signals | null): Problem {
    if (signal === "SIGKILL") return engineKilled(this.residentMb);
    return engineCrashed(signal ? `signal ${signal}` : `exit code ${code}`, running.tail.read().slice(-2000));
  }

  /** The process is gone and nobody here ended it. */
  private lost(running: Running, problem: Problem): void {
    if (this.current !== running) return;
    this.current = undefined;
    this.options.log.error(`${problem.message} Its last output:\n${running.tail.read() || "(none)"}`);
    const wasReady = running.hello !== undefined;
    running.rpc.close(problem);
    if (!wasReady) return; // `launch` decides whether to try again
    this.show("crashed");
    if (this.disposed) return;
    if (this.budget.take()) void this.start().catch(() => {});
    else this.giveUp();
  }

  /** Something that no engine of this version says: it is replaced, whoever waits is told. */
  private breach(running: Running, reason: string): void {
    if (this.current !== running) return;
    const problem = engineProtocol(reason);
    this.options.log.error(problem.message);
    const wasReady = running.hello !== undefined;
    this.end(problem);
    if (!wasReady || this.disposed) return;
    this.show("crashed");
    if (this.budget.take()) void this.start().catch(() => {});
    else this.giveUp();
  }

  /** Ends an engine that did not answer a cancel; a fresh one is started at once and costs no budget. */
  private replace(running: Running): void {
    if (this.current !== running) return;
    this.options.log.info("The engine did not answer a cancel in time and is replaced.");
    this.end(engineReplaced);
    if (!this.disposed) void this.start().catch(() => {});
  }

  private end(problem: Problem): void {
    const running = this.current;
    if (!running) return;
    this.current = undefined;
    running.child.kill("SIGKILL");
    running.rpc.close(problem);
  }

  private giveUp(): ProblemError {
    this.gaveUp = engineGaveUp(4);
    return this.fail(new ProblemError(this.gaveUp));
  }

  private fail(error: unknown): ProblemError {
    const problem = error instanceof ProblemError ? error : new ProblemError(engineCrashed(String(error)));
    this.options.log.error(`${problem.message}${problem.problem.details ? `\n${problem.problem.details}` : ""}`);
    this.show(this.disposed ? "stopped" : "crashed");
    return problem;
  }

  private count(by: 1 | -1): void {
    this.pending += by;
    if (this.current?.hello) this.show(this.pending > 0 ? "busy" : "ready");
    this.keepWarm();
    if (this.pending > 0 && !this.memoryTimer) this.memoryTimer = setInterval(() => this.measure(), 1000).unref();
    if (this.pending === 0) {
      clearInterval(this.memoryTimer);
      this.memoryTimer = undefined;
    }
  }

  private keepWarm(): void {
    clearTimeout(this.warmTimer);
    if (this.pending > 0) return;
    this.warmTimer = setTimeout(() => {
      if (this.pending === 0 && this.current?.hello) this.stop();
    }, this.options.warmMs ?? 240_000).unref();
  }

  /** Resident memory as the system tells it, where it tells: what to say when the system ends the process. */
  private measure(): void {
    if (process.platform !== "linux" || this.pid === undefined) return;
    try {
      const pages = Number(readFileSync(`/proc/${this.pid}/statm`, "latin1").split(" ")[1]);
      if (pages > 0) this.residentMb = Math.round((pages * 4096) / 1e6);
    } catch {
      this.residentMb = undefined;
    }
  }

  private show(state: EngineState): void {
    if (state === this.last) return;
    this.last = state;
    this.options.onState?.(state);
  }
}
