import { type Discriminant, type DiscriminantOptions, heldOutDiscriminants } from "../../stats/discriminant.js";
import type { Rows } from "../../stats/moments.js";
import type { ResidualMaker } from "../../stats/residual-maker.js";
import type { Room } from "../../stats/room.js";
import type { Plan } from "../plan.js";
import type { Resampling } from "./replicates.js";

/** Held-out scores averaged over the plan's divisions into folds: each row is scored by as many rules as there are divisions, none of which saw it. */
export async function scoreRows(
  x: Rows,
  plan: Pick<Plan, "cells" | "divisions">,
  options: DiscriminantOptions,
  resampling?: Resampling,
  use?: (maker: ResidualMaker, room: Room) => Promise<void>,
): Promise<Discriminant> {
  const divisions = plan.divisions.map((folds, k) => ({ folds, replicates: resampling?.replicates[k] }));
  const found = await heldOutDiscriminants(x, plan.cells, divisions, options, use);
  const [first, ...rest] = found;
  if (rest.length === 0) return first!;
  for (const other of rest) {
    for (let i = 0; i < x.n; i++) first!.z[i]! += other.z[i]!;
    if (first!.replicates) for (let i = 0; i < first!.replicates.length; i++) first!.replicates[i]! += other.replicates![i]!;
    for (let j = 0; j < x.d; j++) first!.direction[j]! += other.direction[j]!;
  }
  const share = 1 / found.length;
  first!.z.forEach((_, i, z) => {
    z[i]! *= share;
  });
  first!.replicates?.forEach((_, i, z) => {
    z[i]! *= share;
  });
  first!.direction.forEach((_, j, u) => {
    u[j]! *= share;
  });
  return first!;
}
