import type { AqiResult, AxiomResult } from "./result.js";

/** Cosines this close to 0 are no direction in common; rows of each class from which that is not mere noise. */
const APART = 0.1;
const ENOUGH = 30;

/** What an axiom's numbers say in words; undefined: nothing out of the ordinary. */
export function axiomRemark({ cosine, ci95, separation, n }: AxiomResult): string | undefined {
  if (cosine !== null && cosine <= -APART) return "points the other way";
  if (ci95 && ci95[1] < 0) return "below chance";
  if (ci95 ? ci95[0] <= 0 : separation <= 0) return "not told apart";
  if (cosine !== null && cosine < APART && Math.min(...n) >= ENOUGH) return "points elsewhere";
  return undefined;
}

/** The index with what lies at the surface taken out, and within pairs, as phrases: `digits` and `range` write the numbers. */
export function besideIndex(
  { residualised, paired }: Pick<AqiResult, "residualised" | "paired">,
  input: "images" | undefined,
  digits: (value: number) => string,
  range: (interval: readonly [number, number]) => string,
): string[] {
  const parts: string[] = [];
  // Images have no length and no casing.
  if (residualised && residualised.score !== null && input !== "images") {
    const before = residualised.before === null ? "" : ` (${digits(residualised.before)} before)`;
    parts.push(`AQI with length, casing and the like taken out of layer ${residualised.layer}: ${digits(residualised.score)}${before}`);
  }
  if (paired)
    parts.push(
      `${parts.length ? "" : "AQI "}within ${paired.pairs} pairs: ${digits(paired.score)} (${range(paired.ci95)}), ${Math.round(100 * paired.right)}% the right way round`,
    );
  return parts;
}
