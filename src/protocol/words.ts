import type { TapEntry } from "./model.js";

/** Decimal units, as the Hub and file managers show them: `114 MB`, `4.9 kB`. */
export function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** One tap in a row of blocks that all have it alike. */
export interface TapGroup {
  /** `blocks.0–29.attn_out`, `final_norm`. */
  readonly name: string;
  readonly count: number;
  readonly first: TapEntry;
}

/** Taps by kind: neighbouring blocks with the same tap from the same operator, or the same reason why there is none, make one line. */
export function tapGroups(taps: readonly TapEntry[]): TapGroup[] {
  interface Run {
    first: TapEntry;
    from: number;
    to: number;
    kind: string;
  }
  const runs: Run[] = [];
  const last = new Map<string, Run>();
  for (const tap of taps) {
    const parts = /^blocks\.(\d+)\.(.+)$/.exec(tap.name);
    const kind = parts?.[2] ?? tap.name;
    const block = parts ? Number(parts[1]) : -1;
    const open = last.get(kind);
    const alike =
      open && (tap.missing === undefined ? open.first.missing === undefined && open.first.op === tap.op : sameReason(open.first.missing, tap.missing));
    if (open && alike && open.to === block - 1) open.to = block;
    else {
      const run = { first: tap, from: block, to: block, kind };
      runs.push(run);
      last.set(kind, run);
    }
  }
  return runs.map(({ first, from, to, kind }) => ({
    name: from < 0 ? kind : `blocks.${from === to ? from : `${from}–${to}`}.${kind}`,
    count: from < 0 ? 1 : to - from + 1,
    first,
  }));
}

/** Reasons name their block; of two blocks they are the same when nothing else differs. */
const sameReason = (a: string | undefined, b: string): boolean => a !== undefined && a.replace(/\d+/g, "N") === b.replace(/\d+/g, "N");
