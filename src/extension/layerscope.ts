import { join } from "node:path";
import { commands, Disposable, type ExtensionContext, ExtensionMode, Uri, window, workspace } from "vscode";
import { type DataOptions, ProblemError, problemOf } from "../protocol/index.js";
import { Audits } from "./audits.js";
import { type CommandHandlers, registerCommands } from "./commands.js";
import { Comparisons } from "./comparisons.js";
import { Disagreements } from "./diagnostics.js";
import { EngineClient } from "./engineClient.js";
import { Dismissed, needsLocalFile, noColumns, noRun, notADataset, tooManyFiles } from "./errors.js";
import { askExport, exportComparison, exportRun } from "./export.js";
import { isFolder, openImage, openRow, rowImages } from "./images.js";
import type { ModelPicker } from "./modelPicker.js";
import { Models } from "./models.js";
import type { PanelActions } from "./panel.js";
import { Panels } from "./panels.js";
import { changeColumns, DATASET_EXTENSIONS, pickDataset } from "./questions.js";
import { Reading } from "./reading.js";
import { followCursor } from "./rowCursor.js";
import { indexOfRow } from "./rowIndex.js";
import type { RowSource } from "./rowSource.js";
import { ROW_SCHEME, RowView } from "./rowView.js";
import { deleteAllRuns, deleteRun, exists, type RunSummary, readRun } from "./runFolders.js";
import { type RunItem, RunsTree } from "./runsTree.js";
import { openSample } from "./sample.js";
import { Session } from "./session.js";
import { readSettings } from "./settings.js";
import { showSkipped } from "./skipped.js";
import { StatusBar } from "./statusBar.js";
import { isTrusted } from "./trust.js";

/** The parts of the extension and how they hang together. Making it registers; nothing is read, started or computed. */
export class Layerscope {
  readonly log = window.createOutputChannel("Layerscope", { log: true });
  readonly engine: EngineClient;
  readonly audits: Audits;
  readonly panels: Panels;
  readonly modelParts: Models;
  readonly runsRoot: string;
  readonly comparisons: Comparisons;
  private readonly reading: Reading;
  private readonly runs: RunsTree;
  private readonly status = new StatusBar();
  private readonly disagreements: Disagreements;

  constructor(private readonly context: ExtensionContext) {
    this.runsRoot = join((context.storageUri ?? context.globalStorageUri).fsPath, "runs");
    // The fault tests of the extension put an engine of theirs here; it counts for nothing outside tests.
    const program = context.extensionMode === ExtensionMode.Test ? process.env["LAYERSCOPE_TEST_ENGINE"] : undefined;
    this.engine = new EngineClient({
      program: program ?? context.asAbsolutePath(join("dist", "engine.js")),
      node: () => readSettings().nodePath,
      log: this.log,
      onEvent: (name, body) => {
        this.audits.onEngineEvent(name, body);
        this.modelParts.onEngineEvent(name, body);
      },
      onState: (state) => this.status.setEngine(state),
    });
    this.reading = new Reading(this.engine, context.workspaceState);
    this.audits = new Audits(this.engine, this.reading, this.runsRoot, this.log);
    this.modelParts = new Models(
      context,
      this.engine,
      {
        chosen: (path) => this.status.setModel(this.models.nameOf(path)),
        guard: (run) => this.guard(run),
        audit: async (model) => {
          const dataset = (await isTrusted()) && (await pickDataset(undefined, "Audit Alignment"));
          if (dataset) await this.audit(dataset.fsPath, {}, model);
        },
      },
      this.log,
    );
    this.panels = new Panels(context, this.panelActions(), this.log);
    this.runs = new RunsTree(this.runsRoot, (folder) => this.audits.isRunning(folder));
    this.comparisons = new Comparisons(context, this.engine, this.runsRoot, this.log, {
      rowTexts: (comparison, rows) => this.rowTexts(comparison.rowSource, rows),
      openRow: (comparison, row, keepFocus) => openRow(this.engine, comparison.rowSource, row, keepFocus),
      save: async (comparison, wish) => void (await this.guard(() => exportComparison(this.engine, comparison, wish))),
      openAbout: (page) => this.openAbout(page),
      openRun: async (comparison, run) => {
        const summary = comparison.runs[run];
        if (summary) await this.load(summary, (session) => this.panels.show(session));
      },
    });
    this.disagreements = new Disagreements((page) => this.aboutPage(page));
  }

  get models(): ModelPicker {
    return this.modelParts.picker;
  }

  /** Everything VS Code has to know of; undone by disposing the context. */
  register(): void {
    const rows = new RowView(
      (run) => this.panels.byRun(run) ?? this.comparisons.byRuns(run),
      async (session, row) => (await this.rowTexts(session, [row]))[0]?.text ?? "",
    );
    this.context.subscriptions.push(
      registerCommands(this.handlers(), (run) => this.guard(run)),
      window.createTreeView("layerscope.runs", { treeDataProvider: this.runs, showCollapseAll: false, canSelectMany: true }),
      workspace.registerTextDocumentContentProvider(ROW_SCHEME, rows),
      this.panels.registerSerializer((run) => this.restore(run)),
      this.comparisons.registerSerializer(),
      this.modelParts.register(),
      followCursor(() => this.panels),
      this.audits.onDidBegin((session) => this.begun(session)),
      this.audits.onDidEnd((session) => this.ended(session)),
      ...[this.log, this.status, this.runs, this.disagreements, this.comparisons, this.panels, this.audits, this.engine].map(
        (part) => new Disposable(() => part.dispose()),
      ),
    );
    const { remembered } = this.models;
    this.status.setModel(remembered && this.models.nameOf(remembered));
  }

  /** The whole story of an audit: model, panel, dataset, run. Resolves when it has ended, in whatever state. */
  async audit(dataset: string, options: DataOptions = {}, model?: string, lenses?: readonly string[], reference?: string): Promise<Session | undefined> {
    if (!(await isTrusted())) return undefined;
    // The engine starts and the panel loads while the model is looked for; a failure is told by the first question.
    void this.engine.start().catch(() => {});
    const merged = { ...this.reading.remembered(dataset), ...options };
    const session = new Session({
      dataset,
      ...(merged.contrast && { contrast: merged.contrast }),
      ...(lenses && { lenses }),
      ...(reference && { reference }),
      model: "",
    });
    const former = this.panels.of(session)?.shows;
    this.panels.show(session);
    const chosen = model ?? (await this.models.current());
    if (!chosen) {
      session.ended("cancelled");
      this.panels.withdraw(session, former);
      return undefined;
    }
    session.setModel(chosen, this.models.nameOf(chosen));
    const listening = session.onDidChange(
      () =>
        this.audits.running === session && this.status.setRun({ title: session.title, ...(session.state.progress && { progress: session.state.progress }) }),
    );
    await this.audits.run(session, merged);
    listening.dispose();
    if (session.state.phase === "cancelled" && !session.folder) this.panels.withdraw(session, former);
    return session;
  }

  async rowTexts(session: RowSource, rows: readonly number[]) {
    const { view } = session;
    if (!view) throw noRun();
    const { path, options, sha256 } = view.result.dataset;
    // Only rows that the panel was given; it names ids, never places.
    const known = rows.filter((row) => indexOfRow(view.rows, row) >= 0);
    return known.length === 0 ? [] : this.engine.ask("rows.text", { path, options, sha256, rows: known });
  }

  /** Not cancelled in the engine: an engine that is slow to hear a cancel is ended, and an audit may be running in it. */
  async findRows(session: Session, words: readonly string[]) {
    const { view } = session;
    if (!view) throw noRun();
    const { path, options, sha256 } = view.result.dataset;
    return this.engine.ask("rows.find", { path, options, sha256, words: [...words] });
  }

  private handlers(): CommandHandlers {
    return {
      "layerscope.auditAlignment": (file, selected) => this.auditFiles(file, selected),
      "layerscope.auditAgainstReference": async (file, selected) => {
        if (!(await isTrusted())) return;
        const reference = await this.models.chooseReference();
        if (reference) await this.auditFiles(file, selected, reference);
      },
      "layerscope.changeColumns": (file) => this.changeColumns(file),
      ...this.modelParts.handlers(),
      "layerscope.showPanel": () => (this.audits.running ? this.panels.show(this.audits.running) : this.panels.revealLatest()),
      "layerscope.cancelRun": () => this.audits.running?.cancel(),
      "layerscope.restartEngine": async () => (await isTrusted()) && this.engine.restart(),
      "layerscope.showLog": () => this.log.show(),
      "layerscope.openSample": () => openSample(this.context),
      "layerscope.openRun": (item) => this.openRun(item),
      "layerscope.runAgain": (item) => this.runAgain(item),
      "layerscope.exportRun": (item) => this.exportRun(item),
      ...this.comparisons.handlers(),
      "layerscope.deleteRun": (item, selected) => this.deleteRuns(item, selected),
      "layerscope.deleteAllRuns": () => this.deleteAllRuns(),
      "layerscope.refreshRuns": () => this.runs.refresh(),
    };
  }

  private panelActions(): PanelActions {
    return {
      rowTexts: (session, rows) => this.rowTexts(session, rows),
      findRows: (session, words) => this.findRows(session, words),
      rowImages: (session, rows, side) => rowImages(this.engine, session, rows, side),
      openRow: (session, row, keepFocus) => openRow(this.engine, session, row, keepFocus),
      openImage: (session, row) => openImage(this.engine, session, row, false),
      cancel: (session) => session.cancel(),
      again: async (session) => void this.again(session),
      export: async (session, wish) => void (await this.guard(() => exportRun(this.engine, session, wish))),
      openAbout: async (page) => void (await this.openAbout(page)),
      runLens: async (session, id) => {
        const known = session.plan?.reference ?? session.source.reference;
        const reference = id === "relative-anchors" ? (known ?? (await this.models.chooseReference())) : known;
        if (id !== "relative-anchors" || reference) void this.again(session, session.source.model, [id], reference);
      },
      openSkipped: (session) => showSkipped(session),
      changeColumns: async (session) => void (await this.guard(() => this.changeColumns(Uri.file(session.source.dataset)))),
      pickModel: async (session) => {
        const model = await this.models.choose();
        if (model && !session.running) void this.again(session, model);
      },
    };
  }

  private async auditFiles(file?: Uri, selected?: readonly Uri[], reference?: string): Promise<void> {
    if (!(await isTrusted())) return;
    const files =
      selected && selected.length > 1
        ? selected
        : [file ?? window.activeTextEditor?.document.uri ?? (await pickDataset(undefined, "Audit Alignment"))].filter((f) => f !== undefined);
    if (files.length > 2) throw tooManyFiles(files.length);
    for (const f of files) await checkDataset(f);
    // The file that was clicked comes first.
    const [first, second] = file ? [...files].sort((a, b) => Number(b.fsPath === file.fsPath) - Number(a.fsPath === file.fsPath)) : files;
    if (first) await this.audit(first.fsPath, second ? { contrast: second.fsPath } : {}, undefined, undefined, reference);
  }

  private async changeColumns(file?: Uri): Promise<void> {
    if (!(await isTrusted())) return;
    const session = this.panels.current;
    const path = (file ?? window.activeTextEditor?.document.uri)?.fsPath ?? session?.source.dataset;
    if (!path) return;
    await checkDataset(Uri.file(path));
    if (await isFolder(path)) throw noColumns();
    const before = this.reading.remembered(path);
    const card = await this.reading.card(path, before);
    const options = await changeColumns(path, card, before);
    if (!options) return;
    await this.reading.remember(path, options);
    await this.audit(path, options.contrast ? {} : card.contrastPath ? { contrast: card.contrastPath } : {});
  }

  /** @param more lenses beside those that the session had */
  private async again(
    session: Session,
    model = session.source.model,
    more: readonly string[] = [],
    reference = session.plan?.reference ?? session.source.reference,
  ): Promise<void> {
    const lenses = [...new Set([...(session.plan?.lenses ?? session.source.lenses ?? []), ...more])];
    await this.guard(() =>
      this.audit(
        session.source.dataset,
        session.plan?.data.options ?? (session.source.contrast ? { contrast: session.source.contrast } : {}),
        model,
        lenses,
        reference,
      ),
    );
  }

  private async openRun(item?: RunItem): Promise<void> {
    if (!item || !(await isTrusted())) return;
    if (this.audits.running?.folder === item.run.folder) return void this.panels.show(this.audits.running);
    await this.load(item.run, (session) => this.panels.show(session));
  }

  private async restore(run: string): Promise<Session | undefined> {
    const summary = await readRun(join(this.runsRoot, run));
    if (!summary || !workspace.isTrusted) return undefined;
    return new Promise((resolve) => void this.load(summary, resolve).then(() => resolve(undefined)));
  }

  private async load(run: RunSummary, shown: (session: Session) => void): Promise<void> {
    const contrast = run.plan?.data.options.contrast;
    const session = new Session({ dataset: run.dataset, ...(contrast && { contrast }), model: run.plan?.model ?? run.model });
    shown(session);
    await this.audits.load(session, run);
    if (session.view) this.status.setProvider(session.view.result.model.provider);
    await this.panels.rememberRun(session);
    await this.disagreements.mark(session);
  }

  private async runAgain(item?: RunItem): Promise<void> {
    const plan = item?.run.plan ?? this.panels.current?.plan;
    if (!plan) throw noRun();
    await this.audit(plan.data.path, plan.data.options, plan.model, plan.lenses, plan.reference);
  }

  private async exportRun(item?: RunItem): Promise<void> {
    if (item) await this.openRun(item);
    const session = this.panels.current;
    if (!session) throw noRun();
    const wish = await askExport();
    if (wish) await exportRun(this.engine, session, wish);
  }

  private async deleteRuns(item?: RunItem, selected?: readonly RunItem[]): Promise<void> {
    const items = selected?.length ? selected : item ? [item] : [];
    for (const { run } of items) if (!this.audits.isRunning(run.folder)) await deleteRun(this.runsRoot, run.folder);
    this.runs.refresh();
  }

  private async deleteAllRuns(): Promise<void> {
    const yes = "Delete All Runs";
    if (
      (await window.showWarningMessage(
        "Delete all runs of this workspace? Their results cannot be brought back; datasets and exports stay.",
        { modal: true },
        yes,
      )) !== yes
    )
      return;
    this.audits.running?.cancel();
    const count = await deleteAllRuns(this.runsRoot);
    this.runs.refresh();
    void window.showInformationMessage(`${count} ${count === 1 ? "run" : "runs"} deleted.`);
  }

  private begun(session: Session): void {
    this.status.setRun({ title: session.title });
    this.disagreements.clear(session);
    this.runs.refresh();
    void this.panels.rememberRun(session);
  }

  private ended(session: Session): void {
    if (!this.audits.running) this.status.setRun(undefined);
    const { view } = session;
    if (session.state.phase === "done" && view) {
      this.status.setProvider(view.result.model.provider);
      void this.guard(() => this.disagreements.mark(session));
    }
    this.runs.refresh();
  }

  private aboutPage(page: string): Uri {
    return Uri.joinPath(this.context.extensionUri, "docs", "lenses", `${page}.md`);
  }

  private async openAbout(page: string): Promise<void> {
    const name = page.replace(/^.*\//, "").replace(/\.md(#.*)?$/, "");
    const uri =
      name === "compare" ? Uri.joinPath(this.context.extensionUri, "docs", "compare.md") : this.aboutPage(/^[a-z0-9-]{1,64}$/.test(name) ? name : "index");
    if (!(await exists(uri.fsPath))) throw new ProblemError({ code: "about/none", message: "There is no page about that number yet." });
    await commands.executeCommand("markdown.showPreview", uri);
  }

  /** Runs a command; what goes wrong is said in one sentence with its hint, the rest is in the log. */
  private async guard(run: () => unknown): Promise<unknown> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof Dismissed) return undefined;
      const problem = problemOf(error);
      if (problem.code === "run/cancelled") return undefined;
      this.log.error(`${problem.code}: ${problem.message}${problem.details ? `\n${problem.details}` : ""}`);
      const show = "Show Log";
      void window.showErrorMessage(`${problem.message}${problem.hint ? ` ${problem.hint}` : ""}`, show).then((chosen) => chosen && this.log.show());
      return undefined;
    }
  }
}

async function checkDataset(uri: Uri): Promise<void> {
  if (uri.scheme !== "file") throw needsLocalFile();
  // What a folder holds is for the engine to say.
  if (await isFolder(uri.fsPath)) return;
  const extension = /\.([^./\\]+)$/.exec(uri.fsPath)?.[1]?.toLowerCase() ?? "";
  if (!DATASET_EXTENSIONS.includes(extension)) throw notADataset(uri.fsPath.replace(/^.*[\\/]/, ""), DATASET_EXTENSIONS);
}
