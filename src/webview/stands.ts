import type { AuditView, Picture, Slot } from "../protocol/index.js";

/** From top to bottom, whatever the order in which lenses give their pictures. */
const SLOTS: readonly Slot[] = ["curve", "metrics", "categories", "rows", "map", "extra"];
const SHAPES: Readonly<Record<Exclude<Slot, "extra">, Picture["shape"]>> = {
  curve: "curve",
  metrics: "matrix",
  categories: "matrix",
  rows: "strips",
  map: "points",
};
const TITLES: Readonly<Record<Exclude<Slot, "extra">, string>> = {
  curve: "Probe by layer",
  metrics: "Metrics by layer",
  categories: "Categories by layer",
  rows: "Rows",
  map: "Map",
};

/** A place of the panel: the nth of its slot. It keeps its place, table and scroll when a run's next view brings a picture with another id. */
export interface Stand {
  readonly key: string;
  readonly slot: Slot;
  readonly shape: Picture["shape"];
  readonly title: string;
  /** Absent: the picture comes with the final numbers, its place is kept free until then. */
  readonly picture?: Picture;
}

/** The places of a view in the panel's order; a preview keeps free what only the end of the run brings. */
export function standsOf({ pictures, result, rows }: AuditView): Stand[] {
  return SLOTS.flatMap((slot): Stand[] => {
    const here = pictures.filter((p) => p.slot === slot);
    if (here.length > 0) return here.map((picture, n) => ({ key: `${slot}/${n}`, slot, shape: picture.shape, title: picture.title, picture }));
    const comes = !result.final && slot !== "extra" && (slot !== "categories" || rows.categories.length > 0);
    return comes ? [{ key: `${slot}/0`, slot, shape: SHAPES[slot], title: TITLES[slot] }] : [];
  });
}
