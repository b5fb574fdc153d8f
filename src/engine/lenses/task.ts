import { type Folds, stratifiedGroupFolds } from "../stats/folds.js";
import type { Study } from "./lens.js";

/** Rows that a class of a task needs. */
const LEAST_PER_CLASS = 6;
const FOLDS = 5;
/** Rows that a cell of a picture links to at most. */
export const MOST_LINKED = 200;

/** A column of classes that a probe may be asked to read. */
export interface Task {
  readonly name: string;
  readonly classes: readonly string[];
  /** Rows of the study that have one of the classes. */
  readonly rows: Int32Array;
  /** [rows.length] class of each of them. */
  readonly of: Int32Array;
  readonly group: Int32Array;
  /** True of the audited label. */
  readonly audited: boolean;
}

/** The audited label, the category column and every axis, each with the classes that have rows enough; and why others are left out. */
export function tasksOf(study: Study): { tasks: readonly Task[]; left: readonly string[] } {
  const left: string[] = [];
  const columns = [
    { name: `${study.classNames[1]} / ${study.classNames[0]}`, classes: study.classNames, of: study.label, audited: true },
    ...(study.categories.length > 1 && !study.axes.some((axis) => axis.name === "category")
      ? [{ name: "category", classes: study.categories, of: study.category, audited: false }]
      : []),
    ...study.axes.map((axis) => ({ ...axis, audited: false })),
  ];
  const tasks = columns.flatMap(({ name, classes, of, audited }): Task[] => {
    const size = new Int32Array(classes.length);
    for (let i = 0; i < study.count; i++) if (of[i]! >= 0) size[of[i]!]!++;
    const kept = [...size.keys()].filter((k) => size[k]! >= LEAST_PER_CLASS);
    if (kept.length < 2) {
      left.push(`${name}: fewer than two classes with ${LEAST_PER_CLASS} rows`);
      return [];
    }
    const place = new Map(kept.map((k, at) => [k, at]));
    const rows = Int32Array.from({ length: study.count }, (_, i) => i).filter((i) => place.has(of[i]!));
    return [
      {
        name,
        classes: kept.map((k) => classes[k]!),
        rows,
        of: Int32Array.from(rows, (i) => place.get(of[i]!)!),
        group: Int32Array.from(rows, (i) => study.group[i]!),
        audited,
      },
    ];
  });
  return { tasks, left };
}

/** Folds in which every training part holds every class, whole groups on one side; or why there are none. */
export function taskFolds(task: Pick<Task, "of" | "group" | "classes">, seed: number, wanted = FOLDS): Folds | string {
  for (let count = wanted; count >= 2; count--) {
    const folds = stratifiedGroupFolds(task.of, task.group, count, seed);
    const held = new Int32Array(count * task.classes.length);
    const size = new Int32Array(task.classes.length);
    task.of.forEach((k, i) => {
      held[folds.of[i]! * task.classes.length + k]!++;
      size[k]!++;
    });
    if (held.every((n, at) => n < size[at % task.classes.length]!) && folds.of.some((f) => f > 0)) return folds;
  }
  return "the groups of a class all lie together, so no fold can hold some of them out";
}
