import { el } from "./dom.js";
import type { Images } from "./images.js";
import type { Texts } from "./texts.js";
import type { Tip } from "./views/view.js";

/** Letters of a row shown in the tip; the whole text is one click away. */
const MOST_LETTERS = 600;

/** One tip for all pictures. It follows the pointer, stays inside the window and is silent for screen readers, who have the labels. */
export class Tooltip {
  private readonly box = el("div", { class: "tip", attrs: { "aria-hidden": "true" } });
  private shown: Tip | null = null;

  constructor(
    parent: HTMLElement,
    private readonly textOf: () => { texts: Texts; images?: Images | undefined; id(index: number): number },
  ) {
    this.box.hidden = true;
    parent.append(this.box);
  }

  show(tip: Tip | null): void {
    const same = tip && this.shown && tip.title === this.shown.title && tip.row === this.shown.row && tip.lines.join() === this.shown.lines.join();
    this.shown = tip;
    this.box.hidden = tip === null;
    if (!tip) return;
    if (!same) {
      this.box.replaceChildren(el("div", { class: "tip-title", text: tip.title }), ...tip.lines.map((line) => el("div", { text: line })));
      if (tip.row !== undefined) void this.addText(tip, tip.row);
    }
    this.place(tip);
  }

  private async addText(tip: Tip, row: number): Promise<void> {
    const { texts, id } = this.textOf();
    // A pointer that sweeps over the map asks for no text; one that rests does.
    if (texts.get(id(row)) === undefined) await new Promise((rested) => setTimeout(rested, 90));
    if (this.shown?.row !== row) return;
    const text = await texts.one(id(row));
    if (this.shown?.row !== tip.row || text === undefined || this.box.querySelector(".tip-text")) return;
    void this.addImage(tip, id(row));
    this.box.append(el("div", { class: "tip-text", text: text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text }));
    this.place(this.shown ?? tip);
  }

  /** The picture in larger; its size is known before it is drawn, so that the tip stays inside the window. */
  private async addImage(tip: Tip, id: number): Promise<void> {
    const image = await this.textOf().images?.closer(id);
    if (!image?.url || this.shown?.row !== tip.row || this.box.querySelector(".tip-image")) return;
    const picture = el("img", { class: "tip-image", attrs: { alt: "", src: image.url } });
    await picture.decode().catch(() => {});
    if (this.shown?.row !== tip.row || this.box.querySelector(".tip-image")) return;
    this.box.append(picture, el("div", { class: "tip-size", text: `${image.width} x ${image.height} pixels` }));
    this.place(this.shown ?? tip);
  }

  private place({ x, y }: Tip): void {
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const [right, bottom] = [document.documentElement.clientWidth, document.documentElement.clientHeight];
    this.box.style.left = `${Math.max(4, Math.min(x + 14, right - width - 6))}px`;
    this.box.style.top = `${y + 18 + height > bottom ? Math.max(4, y - height - 10) : y + 18}px`;
  }
}
