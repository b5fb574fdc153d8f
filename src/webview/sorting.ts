/** Digits of 16 bits: four passes over a double. */
const BUCKETS = 65_536;

/**
 * Indices 0 to n - 1 by ascending key, ties by index; keys are numbers without NaN. A radix sort on the bits of the keys (little-endian, as
 * everywhere that VS Code runs): linear, a hundred thousand take a few milliseconds, where comparing would hold up the page.
 */
export function orderByKey(key: Float64Array): Uint32Array {
  const n = key.length;
  const bits = key.slice();
  const digits = new Uint16Array(bits.buffer);
  // The bits of a double order like an unsigned number once the sign is turned: all bits of negative ones, the first of the others; -0 is 0.
  for (let i = 0, at = 0; i < n; i++, at += 4) {
    if (key[i] < 0) for (let part = at; part < at + 4; part++) digits[part] = ~digits[part];
    else digits[at + 3] = key[i] === 0 ? 0x8000 : digits[at + 3] | 0x8000;
  }
  let from = new Uint32Array(n);
  for (let i = 0; i < n; i++) from[i] = i;
  let to = new Uint32Array(n);
  const start = new Uint32Array(BUCKETS);
  for (let part = 0; part < 4 && n > 0; part++) {
    start.fill(0);
    for (let at = part; at < 4 * n; at += 4) start[digits[at]]++;
    // All in one bucket: nothing to do.
    if (start[digits[part]] === n) continue;
    for (let b = 0, sum = 0; b < BUCKETS; b++) {
      const here = start[b];
      start[b] = sum;
      sum += here;
    }
    for (let k = 0; k < n; k++) {
      const i = from[k];
      to[start[digits[4 * i + part]]++] = i;
    }
    const done = to;
    to = from;
    from = done;
  }
  return from;
}

/** Indices of the `most` largest sizes of a column, largest first, ties by index; values that are not there, and 0, are left out. */
export function largest(values: Float32Array, most: number): number[] {
  const top: number[] = [];
  let least = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (!(size > 0) || (top.length === most && size <= least)) continue;
    let place = top.length;
    while (place > 0 && Math.abs(values[top[place - 1]]) < size) place--;
    top.splice(place, 0, i);
    if (top.length > most) top.pop();
    least = Math.abs(values[top[top.length - 1]]);
  }
  return top;
}
