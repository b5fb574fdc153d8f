import { ProblemError } from "../../protocol/index.js";
import type { TextRange } from "../text/align.js";
import { type Shown, showRows } from "../text/shown.js";
import { findTemplate } from "../text/template/find.js";
import { otherTemplate } from "./errors.js";
import type { Profile } from "./profile.js";

/** A text as the model reads it, and where the text itself stands in it. */
export interface ShownText extends Shown {
  readonly own: TextRange;
}

/** Shows texts to the model as the rows of the profile were shown. undefined: the template refuses the text. */
export type Show = (texts: readonly string[], signal?: AbortSignal) => Promise<readonly (ShownText | undefined)[]>;

/** Texts that show whether a template writes all texts alike. */
const SAMPLES = ["Layerscope sample one", "two\nlines, and a second", "  Ünïcode 😀 at the ends  "] as const;

/**
 * @param folder of the model, with its template
 * @throws Problem `profile/other-template`
 */
export async function openShow(file: string, profile: Profile, folder: string, signal?: AbortSignal): Promise<Show> {
  const { chatTemplate, tokenSet } = profile.settings;
  const answers = tokenSet === "completion";
  if (chatTemplate === "none")
    return async (texts) => texts.map((text) => ({ text, special: true, own: [0, text.length], ...(answers ? { pooled: [0, text.length] as const } : {}) }));
  const template = await findTemplate(folder);
  if (!template || template.sha256 !== chatTemplate) throw otherTemplate(file, folder);
  const render: Show = async (texts, stop) => {
    const rows = texts.map((text) => ({ text, ...(answers ? { completion: [0, text.length] as const } : {}) }));
    try {
      const shown = await showRows(rows, folder, { chat: "on", tokens: tokenSet }, stop);
      return texts.map((text, i) => {
        const one = shown.of(i);
        return one && { ...one, own: one.words ?? placeOf(one.text, text) };
      });
    } catch (error) {
      // One text that is refused is a tenth of a few, which ends the run of a dataset; here the others are still wanted.
      if (!(error instanceof ProblemError) || error.problem.code !== "template/bad") throw error;
      if (texts.length === 1) return [undefined];
      const alone: (ShownText | undefined)[] = [];
      for (const text of texts) alone.push(...(await render([text], stop)));
      return alone;
    }
  };
  return spliced(await render(SAMPLES, signal)) ?? render;
}

/** Most templates write the same before and behind every text: then a process need not be started for each. */
function spliced(samples: readonly (ShownText | undefined)[]): Show | undefined {
  const [first, ...others] = samples;
  if (!first) return undefined;
  const before = first.text.slice(0, first.own[0]);
  const after = first.text.slice(first.own[1]);
  const write = (text: string): ShownText => {
    const own: TextRange = [before.length, before.length + text.length];
    return { text: before + text + after, special: first.special, own, words: own, ...(first.pooled ? { pooled: own } : {}) };
  };
  const same = SAMPLES.every((text, i) => {
    const one = samples[i];
    return one && [text, text.trim()].some((said) => write(said).text === one.text);
  });
  // Prompts are trimmed before they are shown, so it does not matter whether a template trims.
  return same && others.length > 0 ? async (texts) => texts.map(write) : undefined;
}

function placeOf(shown: string, text: string): TextRange {
  const at = shown.indexOf(text.trim());
  return at < 0 ? [0, shown.length] : [at, at + text.trim().length];
}
