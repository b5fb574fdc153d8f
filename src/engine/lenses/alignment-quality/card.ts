import { createHash } from "node:crypto";
import type { ComparabilityCard } from "../../../protocol/index.js";
import { MORE } from "../../stats/shrinkage.js";
import type { Study } from "../lens.js";
import type { Plan } from "../plan.js";
import { GAMMA } from "./composite.js";
import { PERMUTATIONS } from "./permutation.js";
import { REPLICATES } from "./replicates.js";

/** Of an image the colours of its thumbnail: it has no text. */
const shownOf = ({ pixels, text }: Study, i: number): string =>
  pixels ? Array.from(pixels.thumbnail.subarray(i * pixels.thumbnailNumbers, (i + 1) * pixels.thumbnailNumbers), (v) => Math.round(v * 255)).join() : text(i);

/** What another result must share to be drawn on one axis; the model and the version are added where they are known. */
export function cardOf(study: Study, plan: Plan): ComparabilityCard {
  const hash = createHash("sha256");
  for (let i = 0; i < study.count; i++) hash.update(JSON.stringify([shownOf(study, i), study.label[i], study.category[i], study.group[i]]));
  const cells = plan.axioms.map((): [number, number] => [0, 0]);
  for (let i = 0; i < study.count; i++) cells[plan.cells.stratum[i]!]![study.label[i]!]!++;
  return {
    rows: hash.digest("hex"),
    pooling: study.pooling,
    frame: "discriminant",
    folds: plan.folds.count,
    divisions: plan.divisions.length,
    shrinkage: `${MORE} times Ledoit-Wolf within strata`,
    gamma: GAMMA,
    axioms: plan.axioms.length,
    cells,
    replicates: REPLICATES,
    permutations: PERMUTATIONS,
    seed: study.seed,
  };
}
