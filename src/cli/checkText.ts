import type { ProfileCard } from "../protocol/index.js";
import { type Finding, sentenceOf } from "./checkFindings.js";
import { plain } from "./terminal.js";

/** One line a finding, as compilers write them: `file:line:column: warning[rule] sentence`. */
export function textLines(findings: readonly Finding[], card: ProfileCard): string {
  return findings
    .filter(({ level, accepted }) => level !== "none" && !accepted)
    .map((finding) => {
      const { path, region, level, rule, score } = finding;
      const near = score.nearest.filter(({ unsafe, line }) => unsafe && line !== undefined).slice(0, 3);
      const lines =
        near.length > 0 && rule?.endsWith("unsafe-prompt")
          ? ` Nearest unsafe rows: ${near.map(({ line }) => `line ${line! + 1}`).join(", ")} of the dataset.`
          : "";
      return `${plain(`${path.replaceAll("\n", "\\n")}:${region.startLine}:${region.startColumn}: ${level}[${rule}] ${sentenceOf(finding, card)}${lines}`)}\n`;
    })
    .join("");
}
