import type { Random } from "../../stats/random.js";
import type { Study } from "../lens.js";
import type { Task } from "../task.js";

/**
 * The same rows with labels that mean nothing: every length (tokens), or every first word, gets a class at random, classes in
 * the task's shares (control tasks of Hewitt and Liang 2019, by template and by word type).
 * @returns nothing where all rows would get one class, or every row has a key of its own: that would be noise, not a control
 */
export function controlTask(study: Study, task: Task, by: "length" | "word", random: Random): Task | undefined {
  const classes = task.classes.length;
  const key = (row: number) => (by === "length" ? String(study.tokens[row]) : (/[\p{L}\p{N}_]+/u.exec(study.text(row))?.[0]?.toLowerCase() ?? ""));
  const keys = Array.from(task.rows, key);
  const kinds = [...new Set(keys)];
  if (kinds.length < 2 || kinds.length > keys.length * 0.8) return undefined;
  const size = new Map<string, number>();
  for (const k of keys) size.set(k, (size.get(k) ?? 0) + 1);
  // Keys in random order fill the classes up to the task's shares, so that the marginals agree as far as whole keys allow.
  const want = new Float64Array(classes);
  for (const c of task.of) want[c]!++;
  const order = kinds.map((name) => ({ name, lot: random.uniform() })).sort((a, b) => a.lot - b.lot);
  const given = new Map<string, number>();
  for (const { name } of order) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (want[c]! > want[best]!) best = c;
    given.set(name, best);
    want[best]! -= size.get(name)!;
  }
  const of = Int32Array.from(keys, (k) => given.get(k)!);
  const used = new Set(of);
  if (used.size < classes) return undefined;
  return { ...task, name: `control by ${by}`, of, audited: false };
}
