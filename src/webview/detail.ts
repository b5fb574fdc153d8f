import { el } from "./dom.js";
import { probability } from "./format.js";
import type { Host } from "./host.js";
import { showIn } from "./images.js";
import type { Kit } from "./kit.js";
import { isOtherSide, NO_CATEGORY, risk } from "./order.js";
import { sideName } from "./views/row.js";
import type { Scene } from "./views/view.js";

/** The chosen row in full: its text, its place, what the layers say. */
export class Detail {
  readonly root = el("section", { class: "detail", attrs: { "aria-label": "Chosen row" } });
  private key = "";

  constructor(
    private readonly kit: Kit,
    private readonly host: Host,
  ) {}

  draw(scene: Scene): void {
    const { view, row, layer, classNames, texts } = scene;
    const { rows } = view;
    const id = row < 0 ? -1 : rows.id[row];
    const text = id < 0 ? undefined : texts.get(id);
    if (id >= 0 && text === undefined) texts.want([id]);
    const p = row < 0 ? Number.NaN : risk(rows, row);
    const score = row < 0 ? Number.NaN : rows.score[row * rows.columns + layer];
    const near = scene.prompts.length > 0 ? this.host.actions?.nearPrompts : undefined;
    const key = [id, layer, p, score, near !== undefined, text === undefined, texts.trouble, ...classNames].join();
    if (key === this.key) return;
    this.key = key;
    if (id < 0) {
      this.root.replaceChildren(
        el("p", {
          class: "quiet",
          text: `Choose a row in the list or on the map: its text and its numbers stand here${this.host.actions ? ", and the editor shows its place" : ""}.`,
        }),
      );
      return;
    }
    const facts: [string, string][] = [
      ["label", classNames[rows.label[row]]],
      ...(rows.category[row] === NO_CATEGORY ? [] : ([["category", rows.categories[rows.category[row]] ?? ""]] as [string, string][])),
      [`probability of ${classNames[1]}`, Number.isNaN(p) ? "comes at the end" : `${probability(p)} (layer ${rows.probabilityLayer})`],
      [`score at layer ${layer}`, sideName(score, scene)],
      ["tokens", String(rows.tokens[row])],
      ...(rows.place[row * 5 + 1] < 0 ? [] : ([["line", String(rows.place[row * 5 + 1] + 1)]] as [string, string][])),
    ];
    const picture = el("img", { class: "row-picture", attrs: { alt: "", hidden: true } });
    if (scene.images) void scene.images.closer(id).then((image) => showIn(picture, image));
    const openImage = scene.images && this.host.actions?.openImage;
    const open = this.host.actions && this.kit.button({ text: "Open in the editor", look: "secondary", press: () => this.host.actions?.open(id, false) });
    this.root.replaceChildren(
      el("h2", { text: `Row ${id + 1}` }),
      ...(scene.images ? [picture] : []),
      el("p", { class: "row-whole", text: text ?? texts.trouble ?? "…" }),
      ...(isOtherSide(rows, row)
        ? [
            el("p", {
              class: "remark",
              text: `Its held-out score lies on the ${classNames[p > 0.5 ? 1 : 0]} side, its label says ${classNames[rows.label[row]]}.`,
            }),
          ]
        : []),
      el("dl", { class: "stats" }, ...facts.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value })))),
      open ?? "",
      ...(near ? [this.kit.button({ text: "Nearest prompts in code", look: "secondary", press: () => near(id) })] : []),
      ...(openImage ? [this.kit.button({ text: "Open the image", look: "secondary", press: () => openImage(id) })] : []),
    );
  }
}
