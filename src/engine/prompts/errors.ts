import { basename } from "node:path";
import { problem } from "../errors.js";

const MAKE_AGAIN = "Make it again: layerscope audit DATASET --model MODEL --save-profile FILE.";

export const noProfile = (file: string) =>
  problem("profile/missing", `There is no profile ${basename(file)}.`, {
    hint: "layerscope audit DATASET --model MODEL --save-profile FILE makes one.",
    where: { file },
  });

export const brokenProfile = (file: string, what: string, details?: string) =>
  problem("profile/broken", `${basename(file)} cannot be used as a profile: ${what}.`, { hint: MAKE_AGAIN, where: { file }, details });

export const futureProfile = (file: string, version: number, known: number) =>
  problem("profile/future", `${basename(file)} is a profile of version ${version}; this Layerscope reads versions up to ${known}.`, {
    hint: "Update Layerscope, or make the profile again with this version.",
    where: { file },
  });

export const oldProfile = (file: string, version: number) =>
  problem("profile/old", `${basename(file)} is a profile of version ${version}, whose distances are not measured any more.`, {
    hint: MAKE_AGAIN,
    where: { file },
  });

export const tooLarge = (file: string, bytes: number, most: number) =>
  problem("profile/too-large", `${basename(file)} has ${bytes} bytes; a profile has at most ${most}.`, { hint: MAKE_AGAIN, where: { file } });

export const noModelFor = (file: string, name: string) =>
  problem("profile/no-model", `${basename(file)} was made with the model ${name}, which is not where the profile names it.`, {
    hint: "Say where the model lies: --model DIR on the command line, the setting layerscope.model in the editor.",
    where: { file },
  });

export const otherModel = (file: string, model: string, name: string) =>
  problem("profile/other-model", `${basename(file)} was made with another model: the files of ${basename(model)} are not those of ${name}.`, {
    hint: `Name the model that the profile was made with, or make the profile again with this one.`,
    where: { file: model },
  });

export const otherTokenizer = (file: string, model: string) =>
  problem("profile/other-tokenizer", `${basename(file)} was made with another tokenizer than the one beside ${basename(model)}.`, {
    hint: "Put the model's own tokenizer.json back, or make the profile again.",
    where: { file: model },
  });

export const otherTemplate = (file: string, model: string) =>
  problem("profile/other-template", `${basename(file)} was made with another chat template than the one beside ${basename(model)}.`, {
    hint: "Put the model's own template back, or make the profile again.",
    where: { file: model },
  });

/** What an audit must have for a profile. */
export const noProfileOf = (reason: string) =>
  problem("profile/none", `No profile can be made of this audit: ${reason}.`, {
    hint: "A profile needs rows of text labelled safe and unsafe, enough of both for held-out scores.",
  });

export const tooManyPrompts = (most: number) => problem("prompts/too-many", `At most ${most} prompts can be scored at once.`);

export const emptyPrompt = () => problem("prompts/empty", "The prompt holds no words of its own.", { hint: "Placeholders alone cannot be scored." });
export const shortPrompt = () => problem("prompts/too-short", "The prompt is too short to be scored: its first token is left out of the mean.");
export const slowPrompt = () => problem("prompts/too-slow", "The tokenizer takes too long over this prompt.");
export const refusedPrompt = () => problem("prompts/refused", "The model's chat template refuses this prompt.");
export const oddStates = () => problem("prompts/not-finite", "The model's states for this prompt are not finite numbers.");
