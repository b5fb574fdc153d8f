import { el, setAttr } from "./dom.js";
import { count } from "./format.js";
import type { Theme } from "./theme.js";
import { glyph } from "./views/glyph.js";

const STEPS = 32;

/** What a scale's colours mean: words at both ends of a strip of them. */
export class ScaleKey {
  readonly root: HTMLElement;
  private readonly from = el("span");
  private readonly to = el("span");
  private readonly strip = el("canvas", { class: "key-strip", attrs: { width: STEPS, height: 1, "aria-hidden": "true" } });
  private theme: Theme | undefined;

  constructor() {
    this.root = el("div", { class: "key" }, this.from, this.strip, this.to);
  }

  draw(theme: Theme, scale: "amount" | "signed" | "side", from: string, to: string): void {
    this.from.textContent = from;
    this.to.textContent = to;
    if (this.theme === theme) return;
    this.theme = theme;
    const context = this.strip.getContext("2d");
    if (!context) return;
    for (let i = 0; i < STEPS; i++) {
      const t = i / (STEPS - 1);
      context.fillStyle = scale === "amount" ? theme.amount(t) : theme[scale](2 * t - 1);
      context.fillRect(i, 0, 1, 1);
    }
  }
}

/** `● safe 120  ▲ unsafe 118`. */
export class ClassKey {
  readonly root = el("div", { class: "key class-key" });
  private drawn = "";

  draw(theme: Theme, names: readonly [string, string], counts: readonly [number, number]): void {
    const key = [theme.kind, theme.fore, ...names, ...counts].join();
    if (key === this.drawn) return;
    this.drawn = key;
    this.root.replaceChildren(...names.map((name, label) => el("span", { class: "key-class" }, glyph(label, theme), `${name} ${count(counts[label])}`)));
    setAttr(this.root, "aria-label", `${names[0]}: circle, ${names[1]}: triangle`);
  }
}
