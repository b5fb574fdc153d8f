import { VERSION } from "../engine/version.js";
import { type ProfileCard, profileOf } from "../protocol/index.js";
import type { CheckCounts } from "./checkCounts.js";
import { type Finding, sentenceOf } from "./checkFindings.js";

/** Every prompt with its numbers; no text of any. */
export function jsonReport(findings: readonly Finding[], card: ProfileCard, counts: CheckCounts): string {
  const report = {
    schemaVersion: 1,
    layerscope: VERSION,
    profile: profileOf(card),
    counts,
    prompts: findings.map((finding) => {
      const { path, region, prompt, score, level, rule, fingerprint, key, accepted } = finding;
      const { key: _, ...numbers } = score;
      return {
        path,
        ...region,
        shape: prompt.shape,
        rank: prompt.rank,
        role: prompt.role,
        ...(prompt.name === undefined ? {} : { name: prompt.name }),
        level,
        ...(rule === undefined ? {} : { rule, message: sentenceOf(finding, card) }),
        accepted,
        fingerprint,
        sha256: key,
        ...numbers,
      };
    }),
  };
  return `${JSON.stringify(report, null, 1)}\n`;
}
