import { basename, join } from "node:path";
import { window, workspace } from "vscode";
import type { AuditPlan } from "../protocol/index.js";
import type { Audits } from "./audits.js";
import type { EngineClient } from "./engineClient.js";
import { noRun } from "./errors.js";
import { askExport, exportRun } from "./export.js";
import type { Panels } from "./panels.js";
import { deleteAllRuns, deleteRun, type RunSummary, readRun } from "./runFolders.js";
import type { RunItem, RunsTree } from "./runsTree.js";
import { Session } from "./session.js";
import { deleteStates } from "./storedStates.js";
import { isTrusted } from "./trust.js";

/** What stored runs need of the rest of the extension. */
export interface StoredRunParts {
  readonly engine: EngineClient;
  readonly audits: Audits;
  readonly panels: Panels;
  readonly tree: RunsTree;
  readonly root: string;
  /** Folder of the states that are kept from run to run. */
  readonly store: string;
  /** A run stands in its panel. */
  loaded(session: Session): Promise<unknown>;
  audit(plan: AuditPlan): Promise<unknown>;
}

/** The runs of this workspace after their end: opened, restored, run again, exported, deleted. */
export class StoredRuns {
  constructor(private readonly parts: StoredRunParts) {}

  async open(item?: RunItem): Promise<void> {
    if (!item || !(await isTrusted())) return;
    const { audits, panels } = this.parts;
    if (audits.running?.folder === item.run.folder) return void panels.show(audits.running);
    await this.load(item.run, (session) => panels.show(session));
  }

  /** The session of a run that a panel of a reloaded window showed. */
  async restore(run: string): Promise<Session | undefined> {
    const summary = await readRun(join(this.parts.root, run));
    if (!summary || !workspace.isTrusted) return undefined;
    return new Promise((resolve) => void this.load(summary, resolve).then(() => resolve(undefined)));
  }

  async load(run: RunSummary, shown: (session: Session) => void): Promise<void> {
    const contrast = run.plan?.data.options.contrast;
    const session = new Session({ dataset: run.dataset, ...(contrast && { contrast }), model: run.plan?.model ?? run.model });
    shown(session);
    await this.parts.audits.load(session, run);
    await this.parts.panels.rememberRun(session);
    await this.parts.loaded(session);
  }

  /** Goes on with an interrupted run, in its own panel. */
  async resume(item?: RunItem | Session): Promise<void> {
    if (!(await isTrusted())) return;
    const { audits, panels, root } = this.parts;
    const known = item instanceof Session ? item : item ? undefined : panels.current;
    const folder = known?.folder ?? (item instanceof Session ? undefined : item?.run.folder);
    const run = folder && (await readRun(join(root, basename(folder))));
    if (!run || run.state === "done" || !run.plan) throw noRun();
    if (audits.isRunning(run.folder)) return;
    const { plan } = run;
    const contrast = plan.data.options.contrast;
    const session = known ?? panels.byRun(run.id) ?? new Session({ dataset: run.dataset, ...(contrast && { contrast }), model: plan.model });
    if (session.running && session.folder) return;
    session.planned(plan, run.folder);
    session.resumed();
    panels.show(session);
    await audits.resume(session, { folder: run.folder, plan });
  }

  async deleteStates(): Promise<void> {
    void window.showInformationMessage(await deleteStates(this.parts.store));
  }

  async runAgain(item?: RunItem): Promise<void> {
    const plan = item?.run.plan ?? this.parts.panels.current?.plan;
    if (!plan) throw noRun();
    await this.parts.audit(plan);
  }

  async export(item?: RunItem): Promise<void> {
    if (item) await this.open(item);
    const session = this.parts.panels.current;
    if (!session) throw noRun();
    const wish = await askExport();
    if (wish) await exportRun(this.parts.engine, session, wish);
  }

  async delete(item?: RunItem, selected?: readonly RunItem[]): Promise<void> {
    const items = selected?.length ? selected : item ? [item] : [];
    const { audits, root, tree } = this.parts;
    for (const { run } of items) if (!audits.isRunning(run.folder)) await deleteRun(root, run.folder);
    tree.refresh();
  }

  async deleteAll(): Promise<void> {
    const yes = "Delete All Runs";
    const question = "Delete all runs of this workspace? Their results cannot be brought back; datasets and exports stay.";
    if ((await window.showWarningMessage(question, { modal: true }, yes)) !== yes) return;
    const { audits, root, tree } = this.parts;
    audits.running?.cancel();
    const count = await deleteAllRuns(root);
    tree.refresh();
    void window.showInformationMessage(`${count} ${count === 1 ? "run" : "runs"} deleted.`);
  }
}
