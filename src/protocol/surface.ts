import type { Controls, Interval, Maybe } from "./result.js";

/** The baseline that a result is held against, as it is called: words of texts, a glance at the pixels of images. */
export interface Surface {
  /** `words`, `pixels`. */
  readonly name: string;
  /** What lies beyond it: `vocabulary`, `colour and coarse shape`. */
  readonly beyond: string;
  readonly auroc: Maybe;
  readonly ci95: Interval | null;
}

type Surfaces = Pick<Controls, "words" | "wordsCi95" | "pixels" | "pixelsCi95">;

export function surfaceOf(controls: Surfaces, input: "images" | undefined): Surface {
  if (input === "images") return { name: "pixels", beyond: "colour and coarse shape", auroc: controls.pixels ?? null, ci95: controls.pixelsCi95 ?? null };
  return { name: "words", beyond: "vocabulary", auroc: controls.words, ci95: controls.wordsCi95 };
}
