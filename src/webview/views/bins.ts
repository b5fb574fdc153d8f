/** Points sorted into square cells by counting: density, nearest point and box queries in one pass over the points. */
export interface Bins {
  readonly cell: number;
  readonly across: number;
  readonly down: number;
  /** [cells + 1]: where each cell's points begin in `member`. */
  readonly start: Uint32Array;
  readonly member: Uint32Array;
  /** [cells]: points of class 0 and of class 1. */
  readonly zero: Uint32Array;
  readonly one: Uint32Array;
}

/** `x`, `y` in px, NaN = not there; points outside of the picture count into the cells of its edge. */
export function makeBins(x: Float32Array, y: Float32Array, label: Uint8Array, width: number, height: number, cell: number): Bins {
  const across = Math.max(1, Math.ceil(width / cell));
  const down = Math.max(1, Math.ceil(height / cell));
  const start = new Uint32Array(across * down + 1);
  const zero = new Uint32Array(across * down);
  const one = new Uint32Array(across * down);
  const where = new Int32Array(x.length).fill(-1);
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    const column = Math.max(0, Math.min(across - 1, Math.floor(x[i] / cell)));
    const line = Math.max(0, Math.min(down - 1, Math.floor(y[i] / cell)));
    const c = line * across + column;
    where[i] = c;
    start[c + 1]++;
    if (label[i] === 1) one[c]++;
    else zero[c]++;
  }
  for (let c = 0; c < across * down; c++) start[c + 1] += start[c];
  const member = new Uint32Array(start[across * down]);
  const next = start.slice(0, -1);
  for (let i = 0; i < x.length; i++) if (where[i] >= 0) member[next[where[i]]++] = i;
  return { cell, across, down, start, member, zero, one };
}

/** The nearest point within `reach` px, or -1. */
export function nearest(bins: Bins, x: Float32Array, y: Float32Array, px: number, py: number, reach: number): number {
  let best = -1;
  let least = reach * reach;
  const [left, right] = [Math.floor((px - reach) / bins.cell), Math.floor((px + reach) / bins.cell)];
  const [top, bottom] = [Math.floor((py - reach) / bins.cell), Math.floor((py + reach) / bins.cell)];
  for (let line = Math.max(0, top); line <= Math.min(bins.down - 1, bottom); line++) {
    for (let column = Math.max(0, left); column <= Math.min(bins.across - 1, right); column++) {
      const c = line * bins.across + column;
      for (let m = bins.start[c]; m < bins.start[c + 1]; m++) {
        const i = bins.member[m];
        const distance = (x[i] - px) ** 2 + (y[i] - py) ** 2;
        if (distance < least) {
          least = distance;
          best = i;
        }
      }
    }
  }
  return best;
}
