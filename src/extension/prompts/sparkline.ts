const BLOCKS = "▁▂▃▄▅▆▇█";
/** More layers than this are drawn as the mean of neighbours: a lens over a line of code must stay short. */
const MOST_BLOCKS = 24;

/** Probabilities 0..1 as block characters, one for each layer or group of neighbouring layers; `·` where there is none. */
export function sparkline(curve: readonly (number | null)[], most = MOST_BLOCKS): string {
  const count = Math.min(curve.length, most);
  return Array.from({ length: count }, (_, i) => {
    const part = curve
      .slice(Math.floor((i * curve.length) / count), Math.floor(((i + 1) * curve.length) / count))
      .filter((p) => p !== null && Number.isFinite(p));
    if (part.length === 0) return "·";
    const mean = part.reduce<number>((sum, p) => sum + (p as number), 0) / part.length;
    return BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, Math.floor(mean * BLOCKS.length)))];
  }).join("");
}
