import { dirname } from "node:path";
import { EventEmitter, Uri, workspace } from "vscode";
import {
  type AuditPlan,
  type AuditResult,
  type DataCard,
  type DataOptions,
  type EngineEvents,
  type Problem,
  ProblemError,
  problemOf,
} from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import { cancelled, Dismissed, interrupted } from "./errors.js";
import type { Log } from "./log.js";
import type { Reading } from "./reading.js";
import { courseOf, forgetEnd, makeRunFolder, noteEnd, type RunSummary } from "./runFolders.js";
import type { Servers } from "./servers.js";
import type { Session, SessionSource } from "./session.js";
import { readSettings } from "./settings.js";

/** The audits of this window. One runs at a time; the others wait their turn. */
export class Audits {
  private turn: Promise<void> = Promise.resolve();
  private active: Session | undefined;
  private readonly waiting = new Set<Session>();
  private readonly ended = new EventEmitter<Session>();
  private readonly began = new EventEmitter<Session>();
  /** Fired once for each audit, whatever its end. */
  readonly onDidEnd = this.ended.event;
  readonly onDidBegin = this.began.event;

  constructor(
    private readonly engine: EngineClient,
    private readonly reading: Reading,
    private readonly runsRoot: string,
    private readonly log: Log,
    /** Folder of the states that are kept from run to run, of all windows. */
    private readonly storeFolder: string,
    private readonly servers: Servers,
  ) {}

  get running(): Session | undefined {
    return this.active;
  }

  isRunning(folder: string): boolean {
    return this.active?.folder === folder;
  }

  /** Progress and partial views of the engine belong to the audit that runs. */
  onEngineEvent<K extends keyof EngineEvents>(name: K, body: EngineEvents[K]): void {
    if (name === "audit.progress") this.active?.progress(body as EngineEvents["audit.progress"]);
    else if (name === "audit.view") this.active?.partial(body as EngineEvents["audit.view"]);
  }

  /** Reads the dataset, asks what only the user knows, plans and runs. Ends in exactly one state; never throws. */
  run(session: Session, options: DataOptions): Promise<void> {
    return this.inTurn(session, async (turn) => {
      const card = await this.reading.card(session.source.dataset, options, session.signal);
      if (card.contrastPath) session.setContrast(card.contrastPath);
      await turn();
      this.log.info(`An audit of ${card.used} of ${card.rows} rows, ${card.format}.`);
      return this.plan(session.source, card);
    });
  }

  /** Goes on with a run where it was interrupted. Ends in exactly one state; never throws. */
  resume(session: Session, run: { readonly folder: string; readonly plan: AuditPlan }): Promise<void> {
    return this.inTurn(session, async (turn) => {
      await turn();
      await forgetEnd(run.folder);
      const { engine } = readSettings();
      // A run that was under way on servers may go on on others.
      const servers = run.plan.endpoints && engine.length > 0 ? { endpoints: engine } : {};
      return { ...run.plan, ...servers, ...this.stored(), runFolder: run.folder, resume: true };
    });
  }

  private async inTurn(session: Session, planned: (turn: () => Promise<void>) => Promise<AuditPlan>): Promise<void> {
    this.waiting.add(session);
    const before = this.turn;
    let release = () => {};
    this.turn = new Promise((resolve) => {
      release = resolve;
    });
    try {
      const plan = await planned(async () => {
        await Promise.race([before, aborted(session.signal)]);
        if (session.signal.aborted) throw new ProblemError(cancelled);
      });
      session.planned(plan, plan.runFolder as string);
      this.active = session;
      this.began.fire(session);
      this.log.info(`Audit ${session.state.run} ${plan.resume ? "goes on" : "begins"}.`);
      await this.servers.ready(plan.endpoints);
      const view = await this.engine.ask("audit.run", plan, session.signal);
      session.done(view);
      this.log.info(`Audit ${session.state.run} done in ${Math.round(view.result.timing.totalMs)} ms.`);
    } catch (error) {
      await this.end(session, error);
    } finally {
      if (this.active === session) this.active = undefined;
      this.waiting.delete(session);
      void before.then(release);
      this.ended.fire(session);
    }
  }

  /** Fills a session with a stored run, as it was shown. Ends done or failed; never throws. */
  async load(session: Session, run: RunSummary): Promise<void> {
    if (run.plan) session.planned(run.plan, run.folder);
    if (run.kept && run.plan) return session.ended("interrupted", run.message ? interrupted("interrupted", run.message) : undefined, run.kept);
    if (run.state !== "done") return session.ended("failed", interrupted(run.state, run.message));
    try {
      const view = await this.engine.ask("run.open", { folder: run.folder });
      session.planned(run.plan ?? planOf(view.result, run.folder), run.folder);
      session.done(view);
    } catch (error) {
      const problem = problemOf(error);
      this.log.error(`Run ${run.id} cannot be opened: ${problem.code}: ${problem.message}`);
      session.ended("failed", problem);
    }
  }

  dispose(): void {
    for (const session of this.waiting) session.cancel();
    this.ended.dispose();
    this.began.dispose();
  }

  private async plan(source: SessionSource, card: DataCard): Promise<AuditPlan> {
    const settings = readSettings(Uri.file(source.dataset));
    const lenses = [...new Set([...settings.lenses, ...(source.lenses ?? [])])];
    return {
      data: { path: source.dataset, options: card.options },
      model: source.model,
      ...(source.tower !== undefined && reads(source.tower, card) && { tower: source.tower }),
      ...(settings.pooling && { pooling: settings.pooling }),
      ...(settings.tokens && { tokens: settings.tokens }),
      chatTemplate: settings.chatTemplate,
      maxTokens: settings.maxTokens,
      seed: settings.seed,
      provider: settings.provider,
      threads: settings.threads,
      ...(lenses.length > 0 && { lenses }),
      ...(source.reference && { reference: source.reference }),
      ...(settings.engine.length > 0 && { endpoints: settings.engine }),
      ...this.stored(),
      runFolder: await makeRunFolder(this.runsRoot),
    };
  }

  private stored(): Pick<AuditPlan, "storeFolder" | "storeGigabytes"> {
    const { storeGigabytes } = readSettings();
    return storeGigabytes > 0 ? { storeFolder: this.storeFolder, storeGigabytes } : { storeFolder: undefined, storeGigabytes: undefined };
  }

  private async end(session: Session, error: unknown): Promise<void> {
    const dismissed = error instanceof Dismissed;
    const problem: Problem = problemOf(error);
    const ended = dismissed || problem.code === "run/cancelled" ? "cancelled" : "failed";
    // An engine that is gone says nothing about the run: it can go on in another.
    const at = session.folder && (ended === "cancelled" || /^(engine|remote)\//.test(problem.code)) ? await courseOf(session.folder) : undefined;
    const state = at ? "interrupted" : ended;
    if (session.folder)
      await noteEnd(session.folder, ended === "failed" ? state : ended, problem.message).catch((e: unknown) =>
        this.log.warn(`How the run ended was not saved: ${String(e)}`),
      );
    if (ended === "failed") this.log.error(`Audit failed: ${problem.code}: ${problem.message}${problem.details ? `\n${problem.details}` : ""}`);
    else this.log.info("Audit cancelled.");
    session.ended(state, ended === "failed" || at ? problem : undefined, at);
  }
}

/** A tower remembered from texts is not meant for images, nor the other way round. */
const reads = (tower: string, { images }: DataCard): boolean => (tower === "text" ? !images?.only : tower !== "vision" || images !== undefined);

/** The plan that a result amounts to, when its own plan is missing. */
function planOf(result: AuditResult, runFolder: string): AuditPlan {
  const { provider, threads } = readSettings();
  const { pooling, maxTokens, seed, tokenSet, chatTemplate } = result.settings;
  return {
    data: { path: result.dataset.path, options: result.dataset.options },
    model: result.model.path,
    ...(result.model.tower !== undefined && { tower: result.model.tower }),
    pooling,
    ...(tokenSet && { tokens: tokenSet }),
    ...(chatTemplate && { chatTemplate: chatTemplate === "none" ? "off" : "on" }),
    maxTokens,
    seed,
    provider,
    threads,
    runFolder,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The folder a save dialog starts in: the dataset's. */
export const besideDataset = (session: Session): Uri => workspace.workspaceFolders?.[0]?.uri ?? Uri.file(dirname(session.source.dataset));
