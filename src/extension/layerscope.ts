import { join } from "node:path";
import { Disposable, type ExtensionContext, ExtensionMode, Uri, window, workspace } from "vscode";
import type { DataOptions } from "../protocol/index.js";
import { AboutPages } from "./about.js";
import { Audits } from "./audits.js";
import { type CommandHandlers, registerCommands } from "./commands.js";
import { Comparisons } from "./comparisons.js";
import { checkDataset, chosenFiles } from "./datasetFiles.js";
import { Disagreements } from "./diagnostics.js";
import { EngineClient } from "./engineClient.js";
import { noColumns } from "./errors.js";
import { exportComparison } from "./export.js";
import { guardWith } from "./guard.js";
import { isFolder, openRow } from "./images.js";
import type { ModelPicker } from "./modelPicker.js";
import { Models } from "./models.js";
import { type Change, panelActions } from "./panelActions.js";
import { Panels } from "./panels.js";
import { Prompts } from "./prompts/prompts.js";
import { changeColumns, pickDataset } from "./questions.js";
import { Reading } from "./reading.js";
import { followCursor } from "./rowCursor.js";
import type { RowSource } from "./rowSource.js";
import { rowTexts } from "./rowTexts.js";
import { ROW_SCHEME, RowView } from "./rowView.js";
import { readRun } from "./runFolders.js";
import { RunsTree } from "./runsTree.js";
import { openSample } from "./sample.js";
import { Servers } from "./servers.js";
import { Session } from "./session.js";
import { readSettings } from "./settings.js";
import { StatusBar } from "./statusBar.js";
import { StoredRuns } from "./storedRuns.js";
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
  readonly prompts: Prompts;
  private readonly reading: Reading;
  private readonly servers: Servers;
  private readonly runs: RunsTree;
  private readonly status = new StatusBar();
  private readonly disagreements: Disagreements;
  private readonly stored: StoredRuns;
  private readonly guard = guardWith(this.log);
  private readonly about: AboutPages;

  constructor(private readonly context: ExtensionContext) {
    this.about = new AboutPages(context.extensionUri);
    this.runsRoot = join((context.storageUri ?? context.globalStorageUri).fsPath, "runs");
    const storeFolder = join(context.globalStorageUri.fsPath, "store");
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
    this.servers = new Servers(context, this.engine);
    this.audits = new Audits(this.engine, this.reading, this.runsRoot, this.log, storeFolder, this.servers);
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
    this.panels = new Panels(
      context,
      {
        ...panelActions({
          engine: this.engine,
          models: this.modelParts,
          guard: this.guard,
          again: (session, change) => this.again(session, change),
          changeColumns: (file) => this.changeColumns(file),
          openAbout: (page) => this.about.open(page),
          resume: async (session) => void (await this.guard(() => this.stored.resume(session))),
        }),
        openPrompt: (_session, key) => this.prompts.openPoint(key),
        nearPrompts: (session, row) => this.prompts.listNear(session, row),
      },
      this.log,
    );
    this.runs = new RunsTree(this.runsRoot, (folder) => this.audits.isRunning(folder));
    this.comparisons = new Comparisons(context, this.engine, this.runsRoot, this.log, {
      rowTexts: (comparison, rows) => this.rowTexts(comparison.rowSource, rows),
      openRow: (comparison, row, keepFocus, panel) => openRow(this.engine, comparison.rowSource, row, keepFocus, panel),
      save: async (comparison, wish) => void (await this.guard(() => exportComparison(this.engine, comparison, wish))),
      openAbout: (page) => this.about.open(page),
      openRun: async (comparison, run) => {
        const summary = comparison.runs[run];
        if (summary) await this.stored.load(summary, (session) => this.panels.show(session));
      },
    });
    this.disagreements = new Disagreements((page) => this.about.lens(page));
    this.stored = new StoredRuns({
      engine: this.engine,
      audits: this.audits,
      panels: this.panels,
      tree: this.runs,
      root: this.runsRoot,
      store: storeFolder,
      loaded: async (session) => {
        if (session.view) this.status.setProvider(session.view.result.model.provider);
        await this.disagreements.mark(session);
      },
      audit: ({ data, model, lenses, reference, tower }) => this.audit(data.path, data.options, model, lenses, reference, tower),
    });
    this.prompts = new Prompts({
      context,
      engine: this.engine,
      audits: this.audits,
      panels: this.panels,
      runsRoot: this.runsRoot,
      guard: this.guard,
      log: this.log,
      models: () => [this.models.remembered, ...this.models.embedded().map(({ path }) => path)].filter((path) => path !== undefined),
      openRun: async (folder) => {
        const run = await readRun(folder);
        if (run) await this.stored.load(run, (session) => this.panels.show(session));
      },
    });
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
      this.panels.registerSerializer((run) => this.stored.restore(run)),
      this.comparisons.registerSerializer(),
      this.modelParts.register(),
      followCursor(() => this.panels),
      this.audits.onDidBegin((session) => this.begun(session)),
      this.audits.onDidEnd((session) => this.ended(session)),
      ...[this.log, this.status, this.runs, this.disagreements, this.comparisons, this.panels, this.audits, this.engine].map(
        (part) => new Disposable(() => part.dispose()),
      ),
    );
    this.prompts.register();
    const { remembered } = this.models;
    this.status.setModel(remembered && this.models.nameOf(remembered));
  }

  /** The whole story of an audit: model, panel, dataset, run. Resolves when it has ended, in whatever state. */
  async audit(
    dataset: string,
    options: DataOptions = {},
    model?: string,
    lenses?: readonly string[],
    reference?: string,
    tower?: string,
  ): Promise<Session | undefined> {
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
    session.setModel(chosen, this.models.nameOf(chosen), tower ?? this.modelParts.towers.remembered(chosen));
    const listening = session.onDidChange(
      () =>
        this.audits.running === session && this.status.setRun({ title: session.title, ...(session.state.progress && { progress: session.state.progress }) }),
    );
    await this.audits.run(session, merged);
    listening.dispose();
    if (session.state.phase === "cancelled" && !session.folder) this.panels.withdraw(session, former);
    return session;
  }

  rowTexts(session: RowSource, rows: readonly number[]) {
    return rowTexts(this.engine, session, rows);
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
      "layerscope.setServerToken": async () => (await isTrusted()) && this.servers.setToken(),
      "layerscope.clearServerToken": () => this.servers.clearToken(),
      "layerscope.showLog": () => this.log.show(),
      "layerscope.openSample": () => openSample(this.context),
      "layerscope.openRun": (item) => this.stored.open(item),
      "layerscope.runAgain": (item) => this.stored.runAgain(item),
      "layerscope.exportRun": (item) => this.stored.export(item),
      ...this.comparisons.handlers(),
      ...this.prompts.handlers(),
      "layerscope.deleteRun": (item, selected) => this.stored.delete(item, selected),
      "layerscope.deleteAllRuns": () => this.stored.deleteAll(),
      "layerscope.resumeRun": (item) => this.stored.resume(item),
      "layerscope.deleteStoredActivations": () => this.stored.deleteStates(),
      "layerscope.refreshRuns": () => this.runs.refresh(),
    };
  }

  private async auditFiles(file?: Uri, selected?: readonly Uri[], reference?: string): Promise<void> {
    if (!(await isTrusted())) return;
    const [first, second] = await chosenFiles(file, selected);
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

  /** The same audit once more; what `other` names is different, lenses come on top. */
  private async again(session: Session, other: Change = {}): Promise<void> {
    const { plan, source } = session;
    const lenses = [...new Set([...(plan?.lenses ?? source.lenses ?? []), ...(other.lenses ?? [])])];
    const options = plan?.data.options ?? (source.contrast ? { contrast: source.contrast } : {});
    const reference = other.reference ?? plan?.reference ?? source.reference;
    // Another model has towers of its own.
    const tower = other.tower ?? (other.model === undefined ? plan?.tower : undefined);
    await this.guard(() => this.audit(source.dataset, options, other.model ?? source.model, lenses, reference, tower));
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
}
