import type { AuditPlan, AuditView, Progress } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { checkReference, chooseLenses, readingsOf, rowsOfView } from "../lenses/choice.js";
import type { LensOutput } from "../lenses/lens.js";
import { createBlas } from "../model/runtime.js";
import { keepProfile } from "../prompts/keep.js";
import type { Disk } from "../store/disk.js";
import { isFinished, openView } from "../store/runs.js";
import { isRounding } from "../text/readings.js";
import { closeCollection, collect, type RowsOfView, startCollection } from "./collect.js";
import { LowMemory } from "./memory.js";
import { Pace, Phase } from "./pace.js";
import type { Prepared, Workbench } from "./prepare.js";
import { startPreview } from "./preview.js";
import { collectReference, type Reference } from "./reference.js";
import { assemble } from "./result.js";
import { RunFolder, settledThreads } from "./run-folder.js";
import { studyRows } from "./study.js";

export interface AuditHooks {
  onProgress?(progress: Progress): void;
  /** Pictures of what has arrived so far, at most four a second; the final one is the return value. */
  onView?(view: AuditView): void;
  /** Of tests: a file system that fails. */
  readonly disk?: Disk;
}

/** Data, model, states, lenses, result: the whole of an audit. */
export async function runAudit(bench: Workbench, plan: AuditPlan, hooks: AuditHooks, signal?: AbortSignal): Promise<AuditView> {
  if (plan.resume && plan.runFolder && isFinished(plan.runFolder)) return openView(plan.runFolder);
  const started = performance.now();
  hooks.onProgress?.({ phase: "opening", done: 0, of: 0, unit: "rows", perSecond: null, secondsLeft: null });
  const chosen = chooseLenses(plan.reference === undefined ? plan.lenses : [...(plan.lenses ?? []), "relative-anchors"]);
  checkReference(plan.lenses, plan.reference !== undefined);
  const prepared = await bench.prepare(plan, signal, settledThreads(plan));
  const folder = RunFolder.open(plan, prepared, hooks.disk);
  try {
    return await runInto(bench, folder, prepared, chosen, plan, hooks, started, signal);
  } finally {
    folder.close();
  }
}

/** Above this many rows, or bytes of weights, memory is kept low: garbage is given back, and the model closed before the statistics. Opened again it costs little beside them. */
const MANY_ROWS = 20_000;
const LARGE_BYTES = 256e6;

async function runInto(
  bench: Workbench,
  folder: RunFolder,
  prepared: Prepared,
  chosen: ReturnType<typeof chooseLenses>,
  plan: AuditPlan,
  hooks: AuditHooks,
  started: number,
  signal?: AbortSignal,
): Promise<AuditView> {
  const { keeping } = folder;
  const opened = performance.now();
  // What changes a text before it is read, an image has not.
  const readings = readingsOf(chosen, prepared.pooling).filter(({ view }) => !prepared.images || view === "plain" || isRounding(view));
  const collected = await startCollection(prepared, readings);
  let reference: Reference | undefined;
  let blas: Awaited<ReturnType<typeof createBlas>> | undefined;
  try {
    const phaseOf = () => new Phase("running", "rows", collected.passRows, collected.passes > 1 ? { at: collected.pass, of: collected.passes } : undefined);
    let phase = phaseOf();
    let pass = collected.pass;
    const preview = startPreview(prepared, plan, collected);
    const pace = new Pace();
    const tight = prepared.dataset.rows.length > MANY_ROWS || prepared.model.card.bytes > LARGE_BYTES;
    const memory = tight ? new LowMemory() : undefined;
    hooks.onProgress?.(phase.at(0));
    const onBatch = () => {
      memory?.look();
      if (collected.pass !== pass) {
        phase = phaseOf();
        pass = collected.pass;
      }
      if (!pace.due()) return;
      const begun = performance.now();
      hooks.onProgress?.(phase.at(collected.done));
      const view = hooks.onView && preview.view(begun - started);
      if (view) hooks.onView?.(view);
      pace.told(begun);
    };
    const rowsOf: RowsOfView = (view) => {
      const study = studyRows(prepared.dataset, collected, prepared.pooling, plan.seed, prepared.images);
      return rowsOfView(chosen, view, study).map((i) => study.rows[i]);
    };
    await collect(prepared, collected, plan.seed, onBatch, signal, rowsOf, { keeping, prefix: "" });
    if (collected.states.trouble) keeping.fail("run/in-memory", `The states of this run are held in memory: ${collected.states.trouble}.`);
    hooks.onProgress?.(phase.at(collected.done));
    const last = hooks.onView && preview.view(performance.now() - started);
    if (last) hooks.onView?.(last);

    reference = await collectReference(prepared, plan, hooks, folder, signal);
    const extracted = performance.now();
    if (tight) await bench.close();
    const rows = studyRows(prepared.dataset, collected, prepared.pooling, plan.seed, prepared.images);
    const study = reference ? { ...rows, reference: reference.statesOf(rows.rows) } : rows;
    const products = await createBlas();
    blas = products;
    const outputs = new Map<string, LensOutput<unknown>>();
    const needed = chosen.filter(({ needs }) => needs === "any" || study.kind === "safety");
    const scoring = new Phase("scoring", "layers", needed.length * study.layers);
    const telling = new Pace();
    for (const [index, lens] of needed.entries()) {
      throwIfAborted(signal);
      const progress = async (done: number, of: number) => {
        if (telling.due()) {
          const begun = performance.now();
          hooks.onProgress?.(scoring.at(Math.round((index + done / Math.max(1, of)) * study.layers)));
          telling.told(begun);
        }
        memory?.look();
        await new Promise((resolve) => setImmediate(resolve));
        throwIfAborted(signal);
      };
      outputs.set(lens.id, await lens.run(study, { blas: products, signal, progress }, outputs));
    }
    hooks.onProgress?.(scoring.at(needed.length * study.layers));
    const assembled = assemble({ plan, prepared, collected, study, outputs, started, opened, extracted });
    const whole = await keepProfile(assembled, { plan, prepared, collected, study, outputs, blas: products, signal });
    const result = {
      ...whole.result,
      ...(reference ? { reference: reference.card } : {}),
      notices: [...whole.result.notices, ...keeping.notices],
      timing: { ...whole.result.timing, ...(keeping.stored > 0 ? { stored: keeping.stored } : {}) },
    };
    return await folder.finish({ ...whole, result });
  } finally {
    closeCollection(collected);
    reference?.close();
    await blas?.close();
  }
}
