import type { LensCard, Pooling } from "../../protocol/index.js";
import { problem } from "../errors.js";
import { type Reading, readingOf, type View } from "../text/readings.js";
import { lenses } from "./index.js";
import type { Lens, LensOutput, Study } from "./lens.js";

/**
 * The core lenses and those named, in the order they run.
 * @throws `audit/unknown-lens`
 */
export function chooseLenses(named: readonly string[] = []): readonly Lens[] {
  const unknown = named.find((id) => !lenses.some((lens) => lens.id === id));
  if (unknown !== undefined)
    throw problem("audit/unknown-lens", `There is no lens ${JSON.stringify(unknown.slice(0, 60))}.`, {
      hint: `Lenses on demand: ${lenses
        .filter((lens) => !lens.core)
        .map((lens) => lens.id)
        .join(", ")}. \`layerscope lenses\` says what each asks.`,
    });
  return lenses.filter((lens) => lens.core || named.includes(lens.id));
}

/**
 * Refuses lenses that hold the model against a second one where there is none: before any work, not after all of it.
 * @throws `audit/no-reference`
 */
export function checkReference(named: readonly string[] = [], hasReference: boolean): void {
  const lens = hasReference ? undefined : lenses.find(({ id, against }) => against === "reference" && named.includes(id));
  if (lens)
    throw problem("audit/no-reference", `The lens ${lens.id} holds the model against a second one, and none is named.`, {
      hint: "Name the second model with --reference DIR.",
    });
}

/** Readings that these lenses take beside the audit's own pooling. */
export function readingsOf(chosen: readonly Lens[], audit: Pooling): readonly Reading[] {
  const names = new Set(chosen.flatMap((lens) => lens.poolings ?? []));
  names.delete(audit);
  return [...names].map((name) => {
    const reading = readingOf(name);
    if (!reading) throw new Error(`no reading is called ${name}`);
    return reading;
  });
}

/** Rows of a study that these lenses look at under a view, ascending. */
export function rowsOfView(chosen: readonly Lens[], view: View, study: Study): readonly number[] {
  const rows = new Set<number>();
  for (const lens of chosen) {
    if (!lens.poolings?.some((name) => readingOf(name)?.view === view)) continue;
    if (!lens.rowsRead) return Array.from({ length: study.count }, (_, i) => i);
    for (const i of lens.rowsRead(study, view)) rows.add(i);
  }
  return [...rows].sort((a, b) => a - b);
}

/** Values for `AuditResult.lenses`; undefined when no lens has any. */
export function reportsOf(outputs: ReadonlyMap<string, LensOutput<unknown>>): Record<string, unknown> | undefined {
  const reports: Record<string, unknown> = {};
  for (const lens of lenses) {
    const output = outputs.get(lens.id);
    if (!output) continue;
    if (output.withheld !== undefined) reports[lens.id] = { withheld: output.withheld };
    else if (output.report !== undefined) reports[lens.id] = output.report;
    else if (!lens.core) reports[lens.id] = output.values;
  }
  return Object.keys(reports).length > 0 ? reports : undefined;
}

/** Every lens, with what this run made of it. */
export function lensCards(kind?: "safety" | "concept", outputs?: ReadonlyMap<string, LensOutput<unknown>>): readonly LensCard[] {
  return lenses.map(({ id, title, question, cite, core, needs, asks }): LensCard => {
    const card = { id, title, question, cite, core, ...(needs === "safety" || asks ? { needs: asks ?? "safe and unsafe rows" } : {}) };
    const output = outputs?.get(id);
    if (output)
      return output.withheld === undefined
        ? { ...card, state: "ran", ...(output.says ? { says: output.says } : {}) }
        : { ...card, state: "no", why: output.withheld };
    return needs === "safety" && kind === "concept" ? { ...card, state: "no", why: "the classes are not safe and unsafe" } : { ...card, state: "open" };
  });
}
