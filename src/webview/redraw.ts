import { el, setText } from "./dom.js";
import { readTheme, type Theme, watchTheme } from "./theme.js";

/** How long a sentence is left to be heard. */
const SAID_MS = 6_000;

/** Draws a page at most once a frame, and again when its theme or its size changes. */
export class Redraw {
  theme: Theme = readTheme();
  private frame = 0;

  constructor(
    root: HTMLElement,
    private readonly draw: () => void,
  ) {
    watchTheme((theme) => {
      this.theme = theme;
      this.soon();
    });
    new ResizeObserver(() => this.soon()).observe(root);
    // Keys that come faster than frames each start from where the last one led.
    document.addEventListener("keydown", () => this.now(), true);
    this.soon();
  }

  readonly soon = (): void => {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  };

  /** Draws now what waits for the next frame. */
  private now(): void {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.draw();
  }
}

/** Says a sentence once, where screen readers hear it and eyes see it. */
export class Live {
  readonly root = el("div", { class: "live", attrs: { role: "status" } });

  say(sentence: string): void {
    setText(this.root, sentence);
    setTimeout(() => this.root.textContent === sentence && setText(this.root, ""), SAID_MS);
  }
}
