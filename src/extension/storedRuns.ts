import { join } from "node:path";
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
import { isTrusted } from "./trust.js";

/** What stored runs need of the rest of the extension. */
export interface StoredRunParts {
  readonly engine: EngineClient;
  readonly audits: Audits;
  readonly panels: Panels;
  readonly tree: RunsTree;
  readonly root: string;
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
