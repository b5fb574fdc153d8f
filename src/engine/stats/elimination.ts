import type { Blas } from "../lenses/lens.js";
import { cholesky } from "./cholesky.js";
import type { Room } from "./room.js";

/** Rows of a panel: its diagonal block is factored here in float64, everything else is products on the runtime. */
const PANEL = 64;
/** Above this size the second half is taken out and eliminated by itself, so that no product is done for what lies left of it. */
const WHOLE = 200;

/**
 * Forward elimination [R | B] -> [U | U⁻ᵀ B] with R = UᵀU, in place. Products are float32, good to about 1e-7 times the root of the condition in
 * (U⁻ᵀ b)ᵀ (U⁻ᵀ c): callers check one solution before they trust it.
 * @param a [n, width] row-major: the upper triangle of R (what lies below is overwritten with anything), then B
 * @returns false where a block is not positive definite
 */
export async function eliminate(a: Float32Array, n: number, width: number, blas: Blas, breathe: () => Promise<void>, room: Room, depth = 0): Promise<boolean> {
  if (n <= WHOLE) return eliminatePanels(a, n, width, blas, breathe, room);
  const top = PANEL * Math.ceil(n / 2 / PANEL);
  if (!(await eliminatePanels(a, top, width, blas, breathe, room))) return false;
  const rest = n - top;
  const right = width - top;
  const own = room.single(`rest ${depth}`, rest * right);
  copyBlock(a, width, top, top, rest, right, own);
  const above = room.single(`above ${depth}`, top * right);
  copyBlock(a, width, 0, top, top, right, above);
  const lead = room.single(`lead ${depth}`, top * rest);
  copyBlock(a, width, 0, top, top, rest, lead);
  await blas.matmul(lead, above, rest, top, right, false, { transposeA: true, from: own, into: own });
  await breathe();
  if (!(await eliminate(own, rest, right, blas, breathe, room, depth + 1))) return false;
  for (let i = 0; i < rest; i++) a.set(own.subarray(i * right, (i + 1) * right), (top + i) * width + top);
  return true;
}

/** The first `rows` rows of the elimination. */
async function eliminatePanels(a: Float32Array, rows: number, width: number, blas: Blas, breathe: () => Promise<void>, room: Room): Promise<boolean> {
  const scratch = room.single("panel", PANEL * width);
  for (let from = 0; from < rows; from += PANEL) {
    const b = Math.min(PANEL, rows - from);
    const panel = a.subarray(from * width, (from + b) * width);
    if (from > 0) {
      const lead = room.single("lead", from * b);
      copyBlock(a, width, 0, from, from, b, lead);
      await blas.matmul(lead, a.subarray(0, from * width), b, from, width, false, { transposeA: true, from: panel, into: panel });
    }
    const inverse = invertBlock(panel, width, from, b, room);
    if (!inverse) return false;
    const out = scratch.subarray(0, b * width);
    await blas.matmul(inverse, panel, b, b, width, false, { into: out });
    panel.set(out);
    await breathe();
  }
  return true;
}

function copyBlock(a: Float32Array, width: number, top: number, left: number, rows: number, columns: number, out: Float32Array): void {
  for (let i = 0; i < rows; i++) {
    const from = (top + i) * width + left;
    out.set(a.subarray(from, from + columns), i * columns);
  }
}

/** L⁻¹ [b, b] of the diagonal block A = L Lᵀ, of which the upper triangle is read. */
function invertBlock(panel: Float32Array, width: number, left: number, b: number, room: Room): Float32Array | undefined {
  const l = room.take("block", b * b);
  for (let i = 0; i < b; i++) for (let j = 0; j <= i; j++) l[i * b + j] = panel[j * width + left + i]!;
  if (!cholesky(l, b)) return undefined;
  const x = room.take("block inverse", b * b).fill(0);
  for (let i = 0; i < b; i++) {
    const row = i * b;
    const share = 1 / l[row + i]!;
    for (let k = 0; k < i; k++) {
      const v = l[row + k]! * share;
      for (let j = 0, from = k * b; j <= k; j++, from++) x[row + j]! -= v * x[from]!;
    }
    x[row + i] = share;
  }
  const out = room.single("block inverse", b * b);
  for (let i = 0; i < x.length; i++) out[i] = x[i]!;
  return out;
}

/** x = R⁻¹ b by the eliminated rows, in float64: two triangular solves in place. */
export function solveEliminated(a: Float32Array, n: number, width: number, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const row = i * width;
    const v = x[i]! / a[row + i]!;
    x[i] = v;
    for (let j = i + 1, at = row + i + 1; j < n; j++, at++) x[j]! -= v * a[at]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = i * width;
    let s0 = x[i]!;
    let s1 = 0;
    let j = i + 1;
    for (; j + 1 < n; j += 2) {
      s0 -= a[row + j]! * x[j]!;
      s1 += a[row + j + 1]! * x[j + 1]!;
    }
    if (j < n) s0 -= a[row + j]! * x[j]!;
    x[i] = (s0 - s1) / a[row + i]!;
  }
}
