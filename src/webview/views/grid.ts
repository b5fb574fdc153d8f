/** Points of one layer sorted into square cells: what is in sight is read in runs, what is near is found without looking at all. */
export interface Grid {
  /** Rows that points were made of, those without a place included. */
  readonly rows: number;
  /** Cells across, and down. */
  readonly side: number;
  /** [side * side + 1]: where each cell's points begin. */
  readonly start: Uint32Array;
  /** [points] by cell: the row, its place (0..1, downwards) and its class. */
  readonly member: Uint32Array;
  readonly u: Float32Array;
  readonly v: Float32Array;
  readonly label: Uint8Array;
}

/** About so many points a cell, and at most so many cells across. */
const A_CELL = 4;
const MOST_SIDE = 256;

/** `u`, `v` in 0..1, v downwards, NaN = not there. Linear in the points. */
export function makeGrid(u: Float32Array, v: Float32Array, label: Uint8Array): Grid {
  const side = Math.max(1, Math.min(MOST_SIDE, Math.ceil(Math.sqrt(u.length / A_CELL))));
  const start = new Uint32Array(side * side + 1);
  const where = new Int32Array(u.length);
  const last = side - 1;
  for (let i = 0; i < u.length; i++) {
    if (Number.isNaN(u[i]) || Number.isNaN(v[i])) {
      where[i] = -1;
      continue;
    }
    const cell = Math.min(last, (v[i] * side) | 0) * side + Math.min(last, (u[i] * side) | 0);
    where[i] = cell;
    start[cell + 1]++;
  }
  for (let c = 0; c < side * side; c++) start[c + 1] += start[c];
  const n = start[side * side];
  const grid = { rows: u.length, side, start, member: new Uint32Array(n), u: new Float32Array(n), v: new Float32Array(n), label: new Uint8Array(n) };
  const next = start.slice(0, -1);
  for (let i = 0; i < u.length; i++) {
    if (where[i] < 0) continue;
    const at = next[where[i]]++;
    grid.member[at] = i;
    grid.u[at] = u[i];
    grid.v[at] = v[i];
    grid.label[at] = label[i];
  }
  return grid;
}

/** How the plot is looked at: a point at (u, v) lies at (left + u * width, top + v * height) px. */
export interface Camera {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Runs [from, to) of points whose cells touch a box in px; together all that lies in it, and a little more. */
export function runsIn(grid: Grid, camera: Camera, box: readonly [number, number, number, number], run: (from: number, to: number) => void): void {
  const { side, start } = grid;
  const cell = (px: number, from: number, size: number) => Math.max(0, Math.min(side - 1, Math.floor(((px - from) / size) * side)));
  const [x0, y0, x1, y1] = box;
  const [left, right] = [cell(x0, camera.left, camera.width), cell(x1, camera.left, camera.width)];
  const [top, bottom] = [cell(y0, camera.top, camera.height), cell(y1, camera.top, camera.height)];
  for (let line = top; line <= bottom; line++) {
    const from = start[line * side + left];
    const to = start[line * side + right + 1];
    if (to > from) run(from, to);
  }
}

/** The row nearest to a place in px and within `reach`, or -1; of two at the same place the first. */
export function nearest(grid: Grid, camera: Camera, px: number, py: number, reach: number): number {
  let best = -1;
  let least = reach * reach;
  runsIn(grid, camera, [px - reach, py - reach, px + reach, py + reach], (from, to) => {
    for (let at = from; at < to; at++) {
      const x = camera.left + grid.u[at] * camera.width - px;
      const y = camera.top + grid.v[at] * camera.height - py;
      const distance = x * x + y * y;
      if (distance < least || (distance === least && best >= 0 && grid.member[at] < best)) {
        least = distance;
        best = grid.member[at];
      }
    }
  });
  return best;
}

/** Rows inside a closed path in px, ascending. The path is filled and its pixels are looked up: a long one costs no more than a short one. */
export function rowsInside(grid: Grid, camera: Camera, path: readonly (readonly [number, number])[], wide: number, high: number): number[] {
  const [w, h] = [Math.max(1, Math.ceil(wide)), Math.max(1, Math.ceil(high))];
  const context = Object.assign(document.createElement("canvas"), { width: w, height: h }).getContext("2d", { willReadFrequently: true });
  if (!context) return [];
  context.beginPath();
  for (const [x, y] of path) context.lineTo(x, y);
  context.fill("evenodd");
  const { data } = context.getImageData(0, 0, w, h);
  const inside = new Uint8Array(grid.rows);
  const box = [Math.min(...path.map(([x]) => x)), Math.min(...path.map(([, y]) => y)), Math.max(...path.map(([x]) => x)), Math.max(...path.map(([, y]) => y))];
  runsIn(grid, camera, box as [number, number, number, number], (from, to) => {
    for (let at = from; at < to; at++) {
      const x = Math.floor(camera.left + grid.u[at] * camera.width);
      const y = Math.floor(camera.top + grid.v[at] * camera.height);
      // Points on the far edges lie on the last pixel.
      const column = x === w ? w - 1 : x;
      const line = y === h ? h - 1 : y;
      if (column >= 0 && line >= 0 && column < w && line < h && data[(line * w + column) * 4 + 3] > 127) inside[grid.member[at]] = 1;
    }
  });
  const rows: number[] = [];
  for (let i = 0; i < inside.length; i++) if (inside[i] === 1) rows.push(i);
  return rows;
}
