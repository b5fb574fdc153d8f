import { stat } from "node:fs/promises";
import type {
  AcceleratorReport,
  AuditPlan,
  AuditView,
  CompareView,
  DataAnswer,
  DataOptions,
  EngineMethods,
  HubOffer,
  HubOrder,
  HubProgress,
  HubQuestion,
  HubResult,
  ModelCard,
  ModelGlance,
  ModelList,
  ModelSheet,
  Provider,
  RowImage,
  RowText,
} from "../protocol/index.js";
import { PROTOCOL } from "../protocol/index.js";
import { Workbench } from "./audit/prepare.js";
import { type AuditHooks, runAudit } from "./audit/run.js";
import { compareRuns } from "./compare/index.js";
import type { Dataset } from "./data/dataset.js";
import { inspectDataset, openDataset } from "./data/index.js";
import { problem, throwIfAborted } from "./errors.js";
import { findWords } from "./find.js";
import { downloadFromHub, hubPlaces, lookAtHub, tokenSources } from "./hub/index.js";
import { picturesOf } from "./image/thumbnails.js";
import { checkAccelerators, glanceAt, inspectModel, listModels, readSheet } from "./model/index.js";
import { listProviders, runtimeVersion } from "./model/runtime.js";
import { PromptDesk } from "./prompts/desk.js";
import { compareReport } from "./report/compare.js";
import { csvReport } from "./report/csv.js";
import { htmlReport } from "./report/html.js";
import { openView } from "./store/runs.js";
import { VERSION } from "./version.js";

/** Rows whose texts, or pictures, may be asked for at once. */
const MAX_TEXTS = 200;
/** Words that may be searched for at once. */
const MAX_WORDS = 8;
const MAX_IMAGES = 64;

/** The one front door of the engine: the process and the command line both come in here. One audit at a time. */
export class Engine {
  private readonly bench = new Workbench();
  /** Prompts in code, on a session of their own: they are scored while an audit runs. */
  readonly prompts = new PromptDesk();
  private busy = false;
  private read: { key: string; dataset: Dataset } | undefined;

  async hello(): Promise<EngineMethods["engine.hello"]["result"]> {
    return { protocol: PROTOCOL, version: VERSION, runtime: await runtimeVersion(), providers: await listProviders(), pid: process.pid };
  }

  inspectModel(path: string): Promise<ModelCard> {
    return inspectModel(path);
  }

  /** Models of folders, files and (when asked) the Hugging Face cache. */
  listModels(folders: readonly string[], files: readonly string[], cache: boolean): Promise<ModelList> {
    return listModels({ folders, files, ...(cache && { cache: hubPlaces().cache }) });
  }

  glanceAt(path: string): ModelGlance {
    return glanceAt(path);
  }

  readSheet(path: string, provider: Provider): Promise<ModelSheet> {
    return readSheet(path, provider);
  }

  checkAccelerators(model: string, signal?: AbortSignal): Promise<AcceleratorReport> {
    return checkAccelerators(model, signal);
  }

  hubTokens(): ("env" | "file")[] {
    return tokenSources();
  }

  lookAtHub(question: HubQuestion, signal?: AbortSignal): Promise<HubOffer> {
    return lookAtHub(question, {}, signal);
  }

  downloadFromHub(order: HubOrder, onProgress: (progress: HubProgress) => void, signal?: AbortSignal): Promise<HubResult> {
    return downloadFromHub(order, onProgress, {}, signal);
  }

  inspectData(path: string, options: DataOptions, signal?: AbortSignal): Promise<DataAnswer> {
    return inspectDataset(path, options, signal);
  }

  async audit(plan: AuditPlan, hooks: AuditHooks = {}, signal?: AbortSignal): Promise<AuditView> {
    if (this.busy) throw problem("run/busy", "Another audit is running.", { hint: "Wait for it to end, or cancel it." });
    this.busy = true;
    try {
      return await runAudit(this.bench, plan, hooks, signal);
    } finally {
      this.busy = false;
    }
  }

  /** Texts are never stored: they are read again, and refused when the file is no longer the one that was audited. */
  async rowTexts(path: string, options: DataOptions, sha256: string, rows: readonly number[]): Promise<RowText[]> {
    if (rows.length > MAX_TEXTS) throw problem("rows/too-many", `At most ${MAX_TEXTS} texts can be asked for at once.`);
    const dataset = await this.dataset(path, options, sha256);
    const byId = new Map(dataset.rows.map((row) => [row.id, row.text]));
    return rows.flatMap((row) => {
      const text = byId.get(row);
      return text === undefined ? [] : [{ row, text }];
    });
  }

  /** Small pictures to look at, made anew each time: none is stored. */
  async rowImages(path: string, options: DataOptions, sha256: string, rows: readonly number[], side: number): Promise<RowImage[]> {
    if (rows.length > MAX_IMAGES) throw problem("rows/too-many", `At most ${MAX_IMAGES} pictures can be asked for at once.`);
    const dataset = await this.dataset(path, options, sha256);
    const wanted = new Set(rows);
    return picturesOf(
      dataset.rows.filter(({ id }) => wanted.has(id)),
      side,
    );
  }

  async findRows({ path, options, sha256, words }: EngineMethods["rows.find"]["params"], signal?: AbortSignal): Promise<Uint32Array[]> {
    if (words.length > MAX_WORDS) throw problem("rows/too-many-words", `At most ${MAX_WORDS} words can be searched for at once.`);
    return findWords((await this.dataset(path, options, sha256)).rows, words, signal);
  }

  openRun(folder: string): Promise<AuditView> {
    return openView(folder);
  }

  /** Finished runs beside each other, the base first; `shown` chooses the pair that pictures and rows are of. */
  async compareRuns(folders: readonly string[], shown?: number, signal?: AbortSignal): Promise<CompareView> {
    const views: AuditView[] = [];
    for (const folder of folders) {
      views.push(await openView(folder));
      throwIfAborted(signal);
    }
    return compareRuns(views, shown, signal);
  }

  async exportComparison({ folders, shown, format, withText }: EngineMethods["compare.export"]["params"], signal?: AbortSignal): Promise<{ content: string }> {
    const view = await this.compareRuns(folders, shown, signal);
    return { content: format === "json" ? `${JSON.stringify(view.result, null, 1)}\n` : await this.compareReport(view, withText) };
  }

  async compareReport(view: CompareView, withText: boolean): Promise<string> {
    const { path, options, sha256 } = view.result.dataset;
    return compareReport(view, withText ? new Map((await this.dataset(path, options, sha256)).rows.map((row) => [row.id, row.text])) : undefined);
  }

  async exportRun({ folder, format, withText }: EngineMethods["run.export"]["params"]): Promise<{ content: string }> {
    return { content: await this.report(await openView(folder), format, withText) };
  }

  async report(view: AuditView, format: "json" | "csv" | "html", withText: boolean): Promise<string> {
    if (format === "json") return `${JSON.stringify(view.result, null, 1)}\n`;
    const { path, options, sha256 } = view.result.dataset;
    const texts = withText ? new Map((await this.dataset(path, options, sha256)).rows.map((row) => [row.id, row.text])) : undefined;
    return format === "csv" ? csvReport(view, texts) : htmlReport(view, texts);
  }

  async close(): Promise<void> {
    await this.prompts.close();
    await this.bench.close();
  }

  private async dataset(path: string, options: DataOptions, sha256: string): Promise<Dataset> {
    const files = [path, options.contrast].filter((file) => file !== undefined);
    const stamps = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
    const key = JSON.stringify([files, options, sha256, stamps.map((s) => [s?.size, s?.mtimeMs, s?.ino])]);
    if (this.read?.key === key) return this.read.dataset;
    const dataset = await openDataset(path, options);
    if (dataset.card.sha256 !== sha256)
      throw problem("rows/changed", "The dataset has changed since this audit, so its rows cannot be shown.", {
        hint: "Run the audit again.",
        where: { file: path },
      });
    this.read = { key, dataset };
    return dataset;
  }
}
