import type { ProfileCard, PromptScore } from "../../protocol/index.js";
import { percent, verdictOf } from "./sentences.js";
import { rowName } from "./shown.js";

/** Where a prompt stands, for people: no text of it. */
export interface Standpoint {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly role: string;
  readonly shape: string;
  readonly sha256: string;
  readonly name?: string;
}

/** What an answer rests on; the same fields for a copied evidence and the language model tool. */
export function evidenceOf(at: Partial<Standpoint>, score: PromptScore, card: ProfileCard): Record<string, unknown> {
  const { key: _key, ...told } = score;
  return {
    ...at,
    ...told,
    verdict: verdictOf(score, card),
    profile: {
      sha256: card.sha256,
      model: { name: card.model.name, sha256: card.model.sha256 },
      layer: card.layer,
      layers: card.layers,
      pooling: card.pooling,
      threshold: card.threshold,
      calibration: card.calibration,
      auroc: card.auroc,
      dataset: { sha256: card.dataset.sha256, rows: card.dataset.rows },
      notices: card.notices.map(({ message }) => message),
    },
    note: "Evidence about the geometry of one model's states; no proof that a prompt is safe.",
  };
}

export function evidenceMarkdown(at: Standpoint, score: PromptScore, card: ProfileCard): string {
  const cell = (p: number | null) => (p === null ? "–" : `${Math.round(p * 100)} %`);
  const near = score.nearest.slice(0, 5).map((row) => `- ${rowName(row)} (${row.unsafe ? "unsafe" : "safe"}), distance ${row.distance.toPrecision(3)}`);
  return [
    `### ${at.file}:${at.line}${at.name ? ` \`${at.name}\`` : ""}`,
    "",
    verdictOf(score, card),
    "",
    "| layer | unsafe side |",
    "|---|---|",
    ...score.curve.map((p, layer) => `| ${layer} | ${cell(p)} |`),
    "",
    ...(near.length > 0 ? ["Nearest rows of the dataset:", "", ...near, ""] : []),
    `Distance to the dataset: beyond ${percent(score.domain.quantile)} of held-out rows. ${score.tokens} tokens${score.truncated ? ", cut" : ""}. Role ${at.role}, shape ${at.shape}, prompt SHA-256 \`${at.sha256.slice(0, 16)}\`.`,
    "",
    `Model ${card.model.name} (\`${card.model.sha256.slice(0, 16)}\`), layer ${card.layer}, ${card.pooling}; profile \`${card.sha256.slice(0, 16)}\`, reported from ${percent(card.threshold)}, calibration error ${card.calibration.ece === null ? "unknown" : card.calibration.ece.toFixed(3)} on ${card.calibration.rows} held-out rows. Evidence about geometry, no proof of safety.`,
    "",
  ].join("\n");
}
