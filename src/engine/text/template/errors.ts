import { basename } from "node:path";
import { problem } from "../../errors.js";

const HINT = "Read the rows as plain text with --chat-template off (setting layerscope.chatTemplate), or mend the template.";

/** A template that cannot be used at all. @param reason a clause without row text */
export const badTemplate = (file: string, reason: string, details?: string) =>
  problem("template/bad", `The chat template in ${basename(file)} cannot be used: ${reason}.`, { hint: HINT, where: { file }, details });

export const noTemplate = (folder: string) =>
  problem("template/missing", `${basename(folder)} has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json).`, {
    hint: "Leave --chat-template out (setting layerscope.chatTemplate: auto), or put the template of the model's page beside its tokenizer.json.",
    where: { file: folder },
  });
