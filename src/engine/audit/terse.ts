import type { Notice } from "../../protocol/index.js";

/** What is said already where the first is: few rows and groups of a class, and the folds that follow from them. */
const COVERED: Readonly<Record<string, readonly string[]>> = {
  "lens/few-groups": ["data/small-sample", "audit/few-groups", "lens/few-folds"],
  "lens/few-folds": ["audit/few-groups"],
};
/** Where one of these stands, a higher index would be more of the leak, not of the model. */
const LEAKS: readonly string[] = ["audit/label-of-groups", "audit/large-group"];

/** One sentence a matter: what another notice says already goes, and no advice that a leak would follow. */
export function terse(notices: readonly Notice[]): Notice[] {
  const codes = new Set(notices.map(({ code }) => code));
  const dropped = new Set(Object.entries(COVERED).flatMap(([first, others]) => (codes.has(first) ? others : [])));
  if (LEAKS.some((code) => codes.has(code))) dropped.add("lens/more-rows");
  return notices.filter(({ code }) => !dropped.has(code));
}
