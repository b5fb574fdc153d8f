import type { AuditPlan, AuditResult } from "../../protocol/index.js";
import type { ReferenceStates } from "../lenses/lens.js";
import { closeCollection, collect, startCollection } from "./collect.js";
import { Phase } from "./pace.js";
import { type Prepared, Workbench } from "./prepare.js";
import type { AuditHooks } from "./run.js";
import type { RunFolder } from "./run-folder.js";

/** A second model's states of the audited rows, and which model it is. */
export interface Reference {
  readonly card: NonNullable<AuditResult["reference"]>;
  /** @param rows positions in the dataset's rows */
  statesOf(rows: readonly number[]): ReferenceStates;
  close(): void;
}

/**
 * The same rows through the plan's second model: its own tokenizer, its own template, the audit's pooling and limit of tokens.
 * The model is closed again before this resolves; its states stay until `close`.
 */
export async function collectReference(
  prepared: Prepared,
  plan: AuditPlan,
  hooks: AuditHooks,
  folder: RunFolder,
  signal?: AbortSignal,
): Promise<Reference | undefined> {
  if (plan.reference === undefined) return undefined;
  const bench = new Workbench();
  try {
    hooks.onProgress?.({ phase: "opening", done: 0, of: 0, unit: "rows", perSecond: null, secondsLeft: null });
    const other = await bench.prepare({ ...plan, model: plan.reference, endpoints: undefined, pooling: prepared.pooling }, signal, folder.referenceThreads);
    folder.checkReference(other);
    const collected = await startCollection(other);
    try {
      const phase = new Phase("running", "rows", collected.passRows);
      await collect(other, collected, plan.seed, () => hooks.onProgress?.(phase.at(collected.done)), signal, undefined, {
        keeping: folder.keeping,
        prefix: "reference/",
      });
    } catch (error) {
      closeCollection(collected);
      throw error;
    }
    const arrived = new Set(collected.arrived);
    const { path, name, sha256, hiddenSize, precision, architecture, tokenizer, layers } = other.model.card;
    return {
      card: {
        path,
        name,
        sha256,
        hiddenSize,
        precision,
        architecture,
        layers: layers.length - 1,
        provider: other.model.provider,
        tokenizerSha256: tokenizer?.sha256,
      },
      statesOf: (rows) => ({
        name: name === prepared.model.card.name ? `${name} (${precision})` : name,
        layers: layers.length,
        width: hiddenSize,
        missing: Uint8Array.from(rows, (row) => (arrived.has(row) ? 0 : 1)),
        states: async (layer) => finite(collected.states.pick(layer, rows)),
      }),
      close: () => closeCollection(collected),
    };
  } finally {
    await bench.close();
  }
}

/** What is not finite counts as nothing, as in the audited model's own states. */
function finite(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) values[i] = 0;
  return values;
}
