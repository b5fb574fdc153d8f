import { el, setText } from "./dom.js";
import { ClassKey } from "./key.js";
import type { Kit } from "./kit.js";
import { PromptKey } from "./promptKey.js";
import type { Scene } from "./views/view.js";

const STEP_MS = 700;

/** Above the map: the layer slider, play, the way back from a zoom. */
export class MapTools {
  readonly root: HTMLElement;
  private readonly classes = new ClassKey();
  private readonly prompts: PromptKey;
  private readonly slider: HTMLInputElement;
  private readonly out = el("output", { class: "layer-number" });
  private readonly play: HTMLElement;
  private timer: ReturnType<typeof setInterval> | undefined;
  private scene: Scene | undefined;

  constructor(
    kit: Kit,
    private readonly on: { layer(layer: number): void; resetZoom(): void; prompt(key: string): void },
  ) {
    this.slider = el("input", { attrs: { type: "range", min: 0, step: 1, "aria-label": "Layer" }, on: { input: () => on.layer(Number(this.slider.value)) } });
    this.play = kit.button({ text: "Play", look: "secondary", press: () => (this.timer ? this.stop() : this.start()) });
    const whole = kit.button({ text: "Reset zoom", look: "quiet", label: "Reset zoom of the map", press: on.resetZoom });
    const hint = el("span", { class: "quiet", text: "A drag is a lasso, Shift+drag pans, Ctrl+wheel zooms." });
    this.prompts = new PromptKey({ open: on.prompt, layer: on.layer });
    this.root = el(
      "div",
      {},
      el("div", { class: "map-tools" }, this.play, this.slider, this.out, whole),
      el("div", { class: "map-keys" }, this.classes.root, hint),
      this.prompts.root,
    );
  }

  draw(scene: Scene): void {
    this.scene = scene;
    this.slider.max = String(scene.axis.count - 1);
    this.slider.value = String(scene.layer);
    setText(this.out, `layer ${scene.layer}`);
    const [zero, one] = scene.view.result.dataset.classes;
    this.classes.draw(scene.theme, scene.classNames, [zero.rows, one.rows]);
    this.prompts.draw(scene);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    setText(this.play, "Play");
  }

  /** From the chosen layer to the last; from the first when the last is chosen. */
  private start(): void {
    if (!this.scene) return;
    if (this.scene.layer === this.scene.axis.count - 1) this.on.layer(0);
    setText(this.play, "Stop");
    this.timer = setInterval(() => {
      const { layer, axis } = this.scene!;
      if (layer >= axis.count - 1) this.stop();
      else this.on.layer(layer + 1);
    }, STEP_MS);
  }
}
