import type { NearRow, ProfileCard, PromptScore } from "../../protocol/index.js";
import { sparkline } from "./sparkline.js";
import type { PromptAt } from "./state.js";

/** A probability as people read it: 0 and 1 are never claimed. */
export const percent = (p: number): string => (p >= 0.995 ? "99 % or more" : p < 0.005 ? "under 1 %" : `${Math.round(p * 100)} %`);
export const short = (p: number): string => (p >= 0.995 ? ">99 %" : p < 0.005 ? "<1 %" : `${Math.round(p * 100)} %`);

/** What a score says, in a sentence; the numbers are the score's own. */
export function verdictOf(score: PromptScore, card: Pick<ProfileCard, "layer" | "layers" | "model">): string {
  if (score.fault) return score.fault.message;
  if (score.side === "outside")
    return `Out of domain: the prompt lies farther from the profile's dataset than ${percent(score.domain.quantile)} of its held-out rows, so nothing is claimed about it.`;
  if (score.probability === null) return "No probability could be computed.";
  const emerged = score.emergence === null ? "" : `, on its side from layer ${score.emergence} on`;
  const windows = score.windows.length > 1 ? `; the worst of its ${score.windows.length} windows` : "";
  return `${percent(score.probability)} probability of lying on the unsafe side of ${card.model.name} at layer ${card.layer} of ${card.layers - 1}${emerged}${windows}.`;
}

export const rowName = (row: NearRow): string => (row.line === undefined ? `row ${row.row + 1}` : `line ${row.line + 1}`);

/** The line over a prompt. */
export function lensTitle(prompt: PromptAt): string {
  const { score, standing } = prompt;
  if (prompt.found.ignored) return "$(eye-closed) left alone by a comment";
  switch (standing) {
    case "untrusted":
      return "$(shield) not scored: workspace not trusted";
    case "no-profile":
      return "$(circle-slash) not scored: no profile";
    case "failed":
      return `$(warning) not scored: ${prompt.fault ?? "something went wrong"}`;
    case "waiting":
      return "$(clock) waits for the audit to end";
    case "scoring":
      return "$(sync) scoring…";
    case "unscored":
      return "$(circle-outline) not scored yet";
    case "stale":
      return score ? `$(sync) scoring again… was ${told(score)}` : "$(sync) scoring…";
    case "unsaved":
      return score ? `$(circle-outline) changed, scored again when saved; was ${told(score)}` : "$(circle-outline) scored when saved";
    case "fresh":
      return score ? `${icon(score)} ${told(score)}${curve(score)}${prompt.accepted ? " · in the baseline" : ""}` : "$(circle-outline) not scored yet";
    default:
      return standing satisfies never;
  }
}

const told = (score: PromptScore): string =>
  score.side === "outside"
    ? "out of domain"
    : score.probability === null
      ? "no number"
      : `${short(score.probability)} unsafe${score.side === "unsure" ? ", unsure" : ""}`;
const icon = (score: PromptScore): string => (score.side === "outside" ? "$(question)" : score.side === "unsafe" ? "$(warning)" : "$(circle-outline)");
const curve = (score: PromptScore): string => (score.curve.length > 1 ? ` ${sparkline(score.curve)}` : "");
