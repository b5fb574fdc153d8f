import { createHash } from "node:crypto";
import type { PromptRole } from "../../protocol/index.js";

/** What tells two prompts apart: role and text. */
export const hashOf = (role: PromptRole, text: string): string => createHash("sha256").update(`${role}\n${text}`).digest("hex");
