import { type FoundPrompt, type ProfileCard, type PromptScore, profileOf } from "../../protocol/index.js";
import { percent, rowName, verdictOf } from "./sentences.js";
import { CODES, type Severity } from "./severity.js";

/** Where a prompt stands, for people and machines: no text of it. Lines and columns from 1, columns in UTF-16 units. */
export interface Standpoint {
  readonly path?: string;
  readonly startLine?: number;
  readonly startColumn?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  readonly found: Pick<FoundPrompt, "role"> & Partial<Pick<FoundPrompt, "shape" | "rank" | "name">>;
  readonly sha256: string;
  readonly accepted: boolean;
}

/** As the command line's: what VS Code calls information is a note there. */
const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", information: "note", none: "none" };

/** One prompt of the answer, with the fields of `layerscope check --format json`. */
export function evidenceOf({ found, sha256, accepted, ...at }: Standpoint, score: PromptScore, card: ProfileCard, severity: Severity): Record<string, unknown> {
  const { key: _key, ...numbers } = score;
  const rule = score.fault ? CODES.failed : score.side === "outside" ? CODES.outside : severity === "none" ? undefined : CODES.unsafe;
  return {
    ...at,
    ...(found.shape && { shape: found.shape, rank: found.rank }),
    role: found.role,
    ...(found.name && { name: found.name }),
    level: score.fault ? "note" : LEVELS[severity],
    ...(rule && { rule: `layerscope/${rule}` }),
    message: verdictOf(score, card),
    accepted,
    sha256,
    ...numbers,
  };
}

/** An answer whole, as `layerscope check --format json` prints one. */
export const answerOf = (card: ProfileCard, prompts: readonly Record<string, unknown>[]): Record<string, unknown> => ({
  schemaVersion: 1,
  profile: profileOf(card),
  prompts,
});

export function evidenceMarkdown({ path, startLine, found, sha256 }: Standpoint, score: PromptScore, card: ProfileCard): string {
  const cell = (p: number | null) => (p === null ? "–" : `${Math.round(p * 100)} %`);
  const near = score.nearest.slice(0, 5).map((row) => `- ${rowName(row)} (${row.unsafe ? "unsafe" : "safe"}), distance ${row.distance.toPrecision(3)}`);
  const { ece, rows } = card.calibration;
  return [
    `### ${path ?? "prompt"}${startLine === undefined ? "" : `:${startLine}`}${found.name ? ` \`${found.name}\`` : ""}`,
    "",
    verdictOf(score, card),
    "",
    "| layer | unsafe side |",
    "|---|---|",
    ...score.curve.map((p, layer) => `| ${layer} | ${cell(p)} |`),
    "",
    ...(near.length > 0 ? ["Nearest rows of the dataset:", "", ...near, ""] : []),
    `Farther from the dataset than ${percent(score.domain.quantile)} of held-out rows. ${score.tokens} tokens${score.truncated ? ", cut" : ""}. Role ${found.role}, prompt SHA-256 \`${sha256.slice(0, 16)}\`.`,
    "",
    `Model ${card.model.name} (\`${card.model.sha256.slice(0, 16)}\`), layer ${card.layer}, ${card.pooling}; profile \`${card.sha256.slice(0, 16)}\`, reported from ${percent(card.threshold)}, calibration error ${ece === null ? "unknown" : ece.toFixed(3)} on ${rows} held-out rows. Evidence about geometry, no proof of safety.`,
    "",
  ].join("\n");
}
