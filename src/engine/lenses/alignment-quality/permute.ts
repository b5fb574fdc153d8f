import type { Random } from "../../stats/random.js";

/**
 * Labels shuffled among exchangeable rows: within a group that holds both classes (pairs), else whole groups among the groups of
 * the same stratum, whatever their size: were size a condition, a class whose groups are all larger would keep its labels. The
 * number of rows of a class then varies with the labelling, as the statistics allow.
 */
export function permuteLabels(label: Uint8Array, stratum: Int32Array, group: Int32Array, random: Random): Uint8Array {
  const out = Uint8Array.from(label);
  const members = new Map<number, number[]>();
  for (let i = 0; i < label.length; i++) {
    const list = members.get(group[i]!);
    if (list) list.push(i);
    else members.set(group[i]!, [i]);
  }
  const kin = new Map<string, number[][]>();
  for (const rows of members.values()) {
    if (rows.some((i) => label[i] !== label[rows[0]!])) {
      for (const part of byStratum(rows, stratum)) {
        const shuffled = random.shuffle(part.map((i) => label[i]!));
        part.forEach((i, k) => {
          out[i] = shuffled[k]!;
        });
      }
      continue;
    }
    const key = [...new Set(rows.map((i) => stratum[i]!))].sort((a, b) => a - b).join(",");
    const list = kin.get(key);
    if (list) list.push(rows);
    else kin.set(key, [rows]);
  }
  for (const groups of kin.values()) {
    const shuffled = random.shuffle(groups.map((rows) => label[rows[0]!]!));
    groups.forEach((rows, k) => {
      for (const i of rows) out[i] = shuffled[k]!;
    });
  }
  return out;
}

function byStratum(rows: readonly number[], stratum: Int32Array): number[][] {
  const parts = new Map<number, number[]>();
  for (const i of rows) {
    const list = parts.get(stratum[i]!);
    if (list) list.push(i);
    else parts.set(stratum[i]!, [i]);
  }
  return [...parts.values()];
}
