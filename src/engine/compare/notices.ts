import type { AuditView, Notice } from "../../protocol/index.js";
import type { Alignment } from "./align.js";
import { type Match, sameGroups } from "./match.js";

/** What a reader has to know beside the numbers. @param few why nothing can be resampled */
export function noticesOf(
  one: AuditView,
  other: AuditView,
  match: Match,
  [a, b]: readonly [string, string],
  { matched }: Alignment,
  few: string | undefined,
): Notice[] {
  const out: Notice[] = [];
  const say = (code: string, message: string) => out.push({ code, message });
  const [x, y] = [one.result, other.result];
  if (matched === "relative-depth")
    say("compare/depth", `${a} has ${x.model.layers} blocks and ${b} ${y.model.layers}: layers are set beside each other by their share of the depth.`);
  if (match.onlyA + match.onlyB > 0)
    say("compare/rows", `${match.onlyA} rows take part in ${a} only and ${match.onlyB} in ${b} only; the ${match.a.length} that both have are compared.`);
  if (!one.rows.group || !other.rows.group)
    say(
      "compare/no-groups",
      "A run was made by a Layerscope that did not store which rows belong together: every row was drawn by itself, so intervals may be too narrow.",
    );
  else if (sameGroups(one.rows, other.rows, match) === false) say("compare/groups", `The runs group the rows differently; ${a}'s groups were drawn.`);
  if (x.model.provider !== y.model.provider)
    say("compare/provider", `${a} ran on ${x.model.provider}, ${b} on ${y.model.provider}: small differences may come from that.`);
  if (few) say("compare/few-groups", `No intervals are given: ${few}.`);
  return out;
}
