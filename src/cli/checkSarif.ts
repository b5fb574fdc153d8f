import { pathToFileURL } from "node:url";
import { VERSION } from "../engine/version.js";
import { PROMPT_RULES, type ProfileCard, ruleOf } from "../protocol/index.js";
import type { CheckCounts } from "./checkCounts.js";
import { type Finding, pathFrom, sentenceOf } from "./checkFindings.js";
import type { Links } from "./links.js";

/** The folder that paths are relative to; code hosts know it by this name. */
const ROOT = "%SRCROOT%";

/** SARIF 2.1.0 (OASIS). No text of a prompt in it. @param folder that paths are relative to */
export const sarifReport = (...of: Parameters<typeof sarifLog>): string => `${JSON.stringify(sarifLog(...of), null, 1)}\n`;

export function sarifLog(findings: readonly Finding[], card: ProfileCard, counts: CheckCounts, folder: string, links?: Links) {
  const rules = PROMPT_RULES.map(({ code, name, short, full, level }) => ({
    id: ruleOf(code),
    name,
    shortDescription: { text: short },
    fullDescription: { text: full },
    help: { text: `${short} ${full}`, markdown: `**${short}**\n\n${full}` },
    ...(links?.docs === undefined ? {} : { helpUri: `${links.docs}#${code}` }),
    defaultConfiguration: { level },
    properties: { tags: ["security", "prompt"], precision: "medium" },
  }));
  const told = findings.filter(({ level }) => level !== "none");
  const notices = [...card.notices, ...counts.notices];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0" as const,
    runs: [
      {
        tool: {
          driver: {
            name: "Layerscope",
            organization: "Layerscope",
            semanticVersion: VERSION,
            version: VERSION,
            ...(links?.home === undefined ? {} : { informationUri: links.home }),
            rules,
          },
          extensions: [
            { name: `model ${card.model.name}`, version: card.model.sha256 },
            {
              name: "profile",
              version: card.sha256,
              properties: { layer: card.layer, layers: card.layers, thresholds: card.thresholds, calibration: card.calibration },
            },
          ],
        },
        automationDetails: { id: "layerscope/check/" },
        columnKind: "utf16CodeUnits" as const,
        originalUriBaseIds: { [ROOT]: { description: { text: "The folder that layerscope check was run in." } } },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: [
              ...notices.map(({ code, message }) => ({ level: "note" as const, descriptor: { id: code }, message: { text: message } })),
              ...(counts.passedBy ? [{ level: "note" as const, descriptor: { id: "layerscope/passed-by" }, message: { text: counts.passedBy } }] : []),
            ],
          },
        ],
        results: told.map((finding) => resultOf(finding, card, folder)),
        properties: {
          prompts: counts.prompts,
          files: counts.files,
          ignored: counts.ignored,
          outside: counts.outside,
          failed: counts.failed,
          sides: counts.sides,
        },
      },
    ],
  };
}

function resultOf(finding: Finding, card: ProfileCard, folder: string) {
  const { path, region, score, rule, level, fingerprint, accepted, worst, prompt } = finding;
  const near = score.nearest.filter(({ line }) => line !== undefined);
  const related = [
    ...(worst
      ? [{ physicalLocation: { artifactLocation: artifact(path), region: worst }, message: { text: "The window with the highest probability." } }]
      : []),
    ...near.map(({ line, unsafe, distance }) => ({
      physicalLocation: { artifactLocation: artifact(pathFrom(folder, card.dataset.path)), region: { startLine: line! + 1 } },
      message: { text: `Near ${unsafe ? "unsafe" : "safe"} row of the dataset, distance ${distance.toFixed(1)}.` },
    })),
  ];
  return {
    ruleId: rule!,
    ruleIndex: PROMPT_RULES.findIndex(({ code }) => ruleOf(code) === rule),
    level,
    message: { text: sentenceOf(finding, card) },
    locations: [{ physicalLocation: { artifactLocation: artifact(path), region } }],
    partialFingerprints: { "layerscopePrompt/v1": fingerprint },
    ...(related.length > 0 ? { relatedLocations: related.map((one, id) => ({ id, ...one })) } : {}),
    ...(score.probability === null ? {} : { rank: Math.round(1000 * score.probability) / 10 }),
    ...(accepted ? { suppressions: [{ kind: "external" as const, justification: "In the baseline file." }] } : {}),
    properties: {
      side: score.side,
      probability: score.probability,
      decision: score.decision,
      domain: score.domain,
      emergence: score.emergence,
      curve: score.curve,
      shape: prompt.shape,
      role: prompt.role,
      rank: prompt.rank,
    },
  };
}

function artifact(path: string) {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)
    ? { uri: pathToFileURL(path).href }
    : { uri: path.split("/").map(encodeURIComponent).join("/"), uriBaseId: ROOT };
}
