import { join } from "node:path";
import type { AuditPlan, AuditView, Notice } from "../../protocol/index.js";
import { DISK, type Disk, makeFolder, reasonOf, replaceFile } from "../store/disk.js";
import { Journal, type ReadLog, readLog } from "../store/journal.js";
import { type Lock, takeLock } from "../store/lock.js";
import { saveView } from "../store/runs.js";
import { StateStore, storeFailed } from "../store/states.js";
import { VERSION } from "../version.js";
import { changedSince, madeByNewer, notARun, runIsHeld } from "./errors.js";
import { RunKeeping } from "./keeping.js";
import type { Prepared } from "./prepare.js";

/** What a run's numbers hang on beside the plan; written into plan.json before row 1, compared before the run goes on. */
export interface Fixed {
  readonly version: 1;
  readonly layerscope: string;
  readonly model: readonly string[];
  readonly tokenizer: string | undefined;
  readonly chatTemplate: string;
  readonly dataset: string;
  readonly pooling: string;
  readonly provider: string;
  readonly maxTokens: number;
  /** Threads that computed it, as they were asked for or found; 0 = the runtime's default. A run that goes on takes as many. */
  readonly threads: number;
  /** The second model, once it was opened, and its threads. */
  readonly reference?: readonly string[];
  readonly referenceThreads?: number;
  /** Tokens per batch of each pass that has begun. */
  readonly batching: Readonly<Record<string, number>>;
}

const NO_LOG: ReadLog = { entries: [], bad: 0, newer: false, bytes: 0 };
/** Where states lie that no store takes; they go when the run has its result. */
const OWN_STATES = "states";

/**
 * The folder of a run that is under way, and the store its states go to. A run without a folder has a store at most. What the disk
 * refuses ends the keeping, with a notice; the run goes on.
 */
export class RunFolder {
  readonly keeping: RunKeeping;
  private fixed: Fixed;

  private constructor(
    private readonly plan: AuditPlan,
    private readonly folder: string | undefined,
    fixed: Fixed,
    parts: { store: StateStore | undefined; journal: Journal | undefined; log: ReadLog; notices: readonly Notice[] },
    private readonly lock: Lock | undefined,
    private readonly disk: Disk,
  ) {
    this.fixed = fixed;
    const planned = (pass: string, tokens: number) => this.write({ ...this.fixed, batching: { ...this.fixed.batching, [pass]: tokens } });
    this.keeping = new RunKeeping({
      ...parts,
      own: parts.store !== undefined && parts.store.folder !== plan.storeFolder,
      disk,
      batching: fixed.batching,
      planned,
    });
    for (const { code, message } of parts.notices) this.keeping.fail(code, message);
  }

  /** @throws Problem `resume/…` when the plan wants to go on with a run that cannot */
  static open(plan: AuditPlan, prepared: Prepared, disk: Disk = DISK): RunFolder {
    const wanted = plan.runFolder;
    const notices: Notice[] = [];
    let fixed = fixedOf(prepared);
    let log = NO_LOG;
    let folder = wanted;
    let lock: Lock | undefined;
    let journal: Journal | undefined;
    if (wanted !== undefined) {
      const former = plan.resume ? readFixed(wanted, disk) : undefined;
      if (former) fixed = checkSame(wanted, former, fixed);
      try {
        makeFolder(disk, wanted);
        lock = takeLock(join(wanted, "lock"), disk);
        if (!lock) throw runIsHeld(wanted);
        // Behind the lock: what another process is writing is none of the leftovers.
        sweep(wanted, disk);
        if (former) log = readLog(wanted, disk);
        else disk.rmSync(join(wanted, OWN_STATES), { recursive: true, force: true });
        if (log.newer) throw madeByNewer(wanted);
        writePlan(wanted, plan, fixed, disk);
        journal = new Journal(disk, wanted, log.bytes);
      } catch (error) {
        lock?.release();
        if (error instanceof Error && "problem" in error) throw error;
        notices.push({ code: "run/not-saved", message: `This run is not saved: ${reasonOf(error)}.` });
        folder = undefined;
        lock = undefined;
        log = NO_LOG;
      }
    }
    const { unproven } = prepared.model;
    if (unproven && plan.storeFolder !== undefined)
      notices.push({
        code: "store/unproven",
        message: "Stored states are neither read nor written: a server of this run did not prove which model it serves.",
      });
    const store = openStore(unproven ? { ...plan, storeFolder: undefined } : plan, folder, notices, disk);
    return new RunFolder(plan, folder, fixed, { store, journal, log, notices }, lock, disk);
  }

  /** Threads of the second model, where this run has opened it before. */
  get referenceThreads(): number | undefined {
    return this.fixed.referenceThreads;
  }

  /** @throws Problem `resume/changed` when the second model is another than before */
  checkReference({ model }: Prepared): void {
    const reference = hashesOf(model);
    if (this.fixed.reference && String(this.fixed.reference) !== String(reference)) throw changedSince(this.folder ?? "", "The second model");
    this.write({ ...this.fixed, reference, referenceThreads: model.threads ?? 0 });
  }

  /** Writes the result. @returns the view, with a notice when it could not be saved */
  async finish(view: AuditView): Promise<AuditView> {
    if (this.folder === undefined) return view;
    try {
      await saveView(this.folder, view, this.disk);
      this.close();
      this.disk.rmSync(join(this.folder, OWN_STATES), { recursive: true, force: true });
      return view;
    } catch (error) {
      const notice = { code: "run/not-saved", message: `This run is not saved: ${reasonOf(error)}.` };
      return { ...view, result: { ...view.result, notices: [...view.result.notices, notice] } };
    }
  }

  close(): void {
    this.keeping.close();
    this.lock?.release();
  }

  private write(fixed: Fixed): void {
    this.fixed = fixed;
    if (this.folder === undefined) return;
    try {
      writePlan(this.folder, this.plan, fixed, this.disk);
    } catch (error) {
      this.keeping.fail("run/not-logged", `This run cannot be resumed if it is interrupted: ${reasonOf(error)}.`);
    }
  }
}

/** The store that the plan names; else, and where that fails, one of the run's own, without which it could not go on after a crash. */
function openStore(plan: AuditPlan, folder: string | undefined, notices: Notice[], disk: Disk): StateStore | undefined {
  const places = [
    ...(plan.storeFolder === undefined ? [] : [{ at: plan.storeFolder, bytes: plan.storeGigabytes === undefined ? undefined : plan.storeGigabytes * 1e9 }]),
    ...(folder === undefined ? [] : [{ at: join(folder, OWN_STATES), bytes: Number.MAX_SAFE_INTEGER }]),
  ];
  for (const { at, bytes } of places) {
    try {
      return new StateStore(at, bytes, disk);
    } catch (error) {
      if (notices.length === 0) notices.push({ code: "store/off", message: storeFailed(error) });
    }
  }
  return undefined;
}

const hashesOf = ({ card }: Prepared["model"]): string[] => [card.sha256, ...(card.weights ?? []).map(({ sha256 }) => sha256)];

function fixedOf({ dataset, model, shown, pooling, maxTokens }: Prepared): Fixed {
  return {
    version: 1,
    layerscope: VERSION,
    model: hashesOf(model),
    tokenizer: model.card.tokenizer?.sha256,
    chatTemplate: shown.chatTemplate,
    dataset: dataset.card.sha256,
    pooling,
    // A run on servers that prove nothing does not go on with others.
    provider: model.unproven ? `${model.provider}, unproven` : model.provider,
    maxTokens,
    threads: model.threads ?? 0,
    batching: {},
  };
}

function checkSame(folder: string, former: Fixed, now: Fixed): Fixed {
  if (former.version > 1) throw madeByNewer(folder);
  const differs = (key: "dataset" | "model" | "tokenizer" | "chatTemplate" | "provider" | "pooling" | "maxTokens" | "layerscope") =>
    String(former[key]) !== String(now[key]);
  if (differs("dataset")) throw changedSince(folder, "The dataset");
  if (differs("model")) throw changedSince(folder, "The model");
  if (differs("tokenizer")) throw changedSince(folder, "The tokenizer");
  if (differs("chatTemplate")) throw changedSince(folder, "The chat template");
  if (differs("provider")) throw changedSince(folder, "What computes the model");
  if (differs("pooling") || differs("maxTokens")) throw changedSince(folder, "The plan");
  if (differs("layerscope")) throw changedSince(folder, "Layerscope");
  return former;
}

/** undefined: the run was interrupted before anything was computed, and begins. @throws Problem `resume/none` */
function readFixed(folder: string, disk: Disk): Fixed | undefined {
  return readRunPlan(folder, disk).fixed;
}

/** A run's plan as plan.json has it. @throws Problem `resume/none` */
export function readRunPlan(folder: string, disk: Disk = DISK): AuditPlan & { fixed?: Fixed } {
  try {
    const plan = JSON.parse(disk.readFileSync(join(folder, "plan.json"), "utf8")) as AuditPlan & { fixed?: Fixed };
    const { fixed } = plan;
    const whole = fixed === undefined || (typeof fixed === "object" && fixed !== null && typeof fixed.batching === "object" && fixed.batching !== null);
    if (whole && typeof plan.model === "string" && typeof plan.data?.path === "string") return plan;
  } catch {
    // Said below.
  }
  throw notARun(folder);
}

/** A run that goes on is computed by as many threads as it was begun with, whatever is remembered by then. @throws Problem `resume/none` */
export const settledThreads = (plan: AuditPlan): number | undefined =>
  plan.resume && plan.runFolder !== undefined ? readFixed(plan.runFolder, DISK)?.threads : undefined;

function writePlan(folder: string, plan: AuditPlan, fixed: Fixed, disk: Disk): void {
  const { resume: _, ...kept } = plan;
  replaceFile(disk, join(folder, "plan.json"), JSON.stringify({ ...kept, fixed }, null, 1));
}

/** What a killed process has left half-written. */
function sweep(folder: string, disk: Disk): void {
  for (const name of disk.readdirSync(folder)) if (/\.incomplete$|\.stale$/.test(name)) disk.rmSync(join(folder, name), { force: true });
}
