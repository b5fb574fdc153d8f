import type { Matrix } from "./fold.js";

/**
 * Rounds a weight to whole numbers of `bits` bits times a scale of its own for each output channel, symmetric about zero, in place: scale =
 * max|w| / (2^(bits-1) - 1), to the nearest, halves to the even one. A channel of zeros, or one that is not finite, stays as it is.
 * @param outFirst the outputs are the first axis; else the last
 */
export function roundChannels({ dims, data }: Matrix, outFirst: boolean, bits: number): void {
  const steps = 2 ** (bits - 1) - 1;
  const outs = outFirst ? dims[0]! : dims[dims.length - 1]!;
  const inner = data.length / outs;
  // Channels lie one after the other, or side by side in rows.
  const [rows, columns] = outFirst ? [outs, inner] : [inner, outs];
  const most = new Float64Array(outs);
  for (let r = 0, i = 0; r < rows; r++)
    for (let c = 0; c < columns; c++, i++) {
      const size = Math.abs(data[i]!);
      const k = outFirst ? r : c;
      // A NaN stays, and marks its channel.
      if (!(size <= most[k]!)) most[k] = size;
    }
  const scale = most.map((m) => (Number.isFinite(m) && m > 0 ? m / steps : 0));
  for (let r = 0, i = 0; r < rows; r++)
    for (let c = 0; c < columns; c++, i++) {
      const s = scale[outFirst ? r : c]!;
      if (s > 0) data[i] = halfToEven(data[i]! / s) * s;
    }
}

/** To the nearest whole number, halves to the even one (IEEE 754 roundTiesToEven). */
export function halfToEven(x: number): number {
  const floor = Math.floor(x);
  const over = x - floor;
  return over > 0.5 || (over === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
