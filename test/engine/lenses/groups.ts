/** Group numbers from keys; a row without a key is a group of its own. */
export function joinByKey(keys: readonly (string | undefined)[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(keys, (key, i) => {
    const name = key ?? `\0${i}`;
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
}
