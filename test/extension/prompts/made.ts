import { hashOf } from "../../../src/extension/prompts/hash.js";
import type { PromptRole } from "../../../src/protocol/index.js";
import { withEntries } from "../../../src/protocol/index.js";

/** A baseline that knows one prompt. */
export const baselineKeyed = (role: PromptRole, text: string): string => withEntries(undefined, [{ sha256: hashOf(role, text), file: "src/b.py" }]);

/** What the engine says of a profile. */
export const answered = (path: string) => ({
  path,
  sha256: path,
  model: { name: "made", sha256: "0", path: "model" },
  layer: 1,
  layers: 3,
  pooling: "mean",
  maxTokens: 512,
  threshold: 0.5,
  thresholds: { clear: 0.2, report: 0.5, error: 0.9 },
  calibration: { rows: 10, ece: 0.05 },
  dataset: { path: "rows.jsonl", sha256: "0", rows: 10, linked: false, options: {} },
  auroc: 0.9,
  createdAt: "2026-01-01T00:00:00.000Z",
  notices: [],
});
