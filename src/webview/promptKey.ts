import type { PromptPoint } from "../protocol/index.js";
import { el, setText } from "./dom.js";
import { plural } from "./format.js";
import { promptLines } from "./views/overlay.js";
import type { Scene } from "./views/view.js";

/** Prompts named under the map; all of them are drawn. */
const MOST_NAMED = 20;

/** The prompts in code that the map shows, by name: the way to them without a pointer. */
export class PromptKey {
  readonly root = el("div", { class: "prompt-key", attrs: { hidden: true, role: "group", "aria-label": "Prompts in code" } });
  private drawn: readonly [readonly PromptPoint[], number] | undefined;

  constructor(private readonly on: { open(key: string): void; layer(layer: number): void }) {}

  draw(scene: Scene): void {
    const { prompts, layer } = scene;
    this.root.hidden = prompts.length === 0;
    if (this.drawn?.[0] === prompts && this.drawn[1] === layer) return;
    this.drawn = [prompts, layer];
    const others = [...new Set(prompts.filter((prompt) => prompt.layer !== layer).map((prompt) => prompt.layer))];
    const link = (text: string, label: string, press: () => void) => {
      const button = el("button", { class: "link", attrs: { type: "button", "aria-label": label }, on: { click: press } });
      setText(button, text);
      return button;
    };
    this.root.replaceChildren(
      el("span", { class: "quiet", text: `◆ ${plural(prompts.length, "prompt")} in code` }),
      ...prompts
        .slice(0, MOST_NAMED)
        .map((prompt) => link(prompt.label, [prompt.label, ...promptLines(prompt, scene)].join(", "), () => this.on.open(prompt.key))),
      ...(prompts.length > MOST_NAMED ? [el("span", { class: "quiet", text: `and ${prompts.length - MOST_NAMED} more` })] : []),
      ...others.map((other) => link(`shown at layer ${other}`, `Prompts are shown at layer ${other}: go there`, () => this.on.layer(other))),
    );
  }
}
