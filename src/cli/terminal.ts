import type { Maybe, Progress } from "../protocol/index.js";

/** Control characters as visible escapes: nothing from a file may steer the terminal. */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const BLOCKS = "▁▂▃▄▅▆▇█";

/** One block a layer between `lo` and `hi`; a missing value is a dot. */
export function sparkline(values: readonly Maybe[], lo: number, hi: number): string {
  return values
    .map((v) => {
      if (v === null || !Number.isFinite(v)) return "·";
      const t = hi === lo ? 0 : (v - lo) / (hi - lo);
      return BLOCKS[Math.max(0, Math.min(BLOCKS.length - 1, Math.floor(t * BLOCKS.length)))];
    })
    .join("");
}

/** At most three significant digits; a dash where there is no number. */
export function digits(value: Maybe | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return size >= 0.0995 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}

export function range(interval: readonly [number, number] | null | undefined): string {
  return interval ? ` (${digits(interval[0])} to ${digits(interval[1])})` : "";
}

/** A line that overwrites itself on a terminal, silence elsewhere. */
export class ProgressLine {
  private shown = false;
  constructor(private readonly to: NodeJS.WriteStream = process.stderr) {}

  show({ phase, done, of, unit, perSecond, secondsLeft, pass }: Progress): void {
    if (!this.to.isTTY) return;
    const width = 24;
    const filled = of > 0 ? Math.round((done / of) * width) : 0;
    const rate = perSecond === null ? "" : ` · ${digits(perSecond)} ${unit}/s`;
    const left = secondsLeft === null ? "" : ` · ${Math.ceil(secondsLeft)} s left`;
    const which = pass ? ` · pass ${pass.at} of ${pass.of}` : "";
    this.to.write(`\r\x1b[2K${phase.padEnd(8)} ${"█".repeat(filled)}${"░".repeat(width - filled)} ${done}/${of} ${unit}${which}${rate}${left}`);
    this.shown = true;
  }

  clear(): void {
    if (this.shown) this.to.write("\r\x1b[2K");
    this.shown = false;
  }
}
