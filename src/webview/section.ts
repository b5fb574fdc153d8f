import type { Picture, Slot } from "../protocol/index.js";
import { el, setText } from "./dom.js";
import { drawnOf, isTable } from "./drawn.js";
import { ScaleKey } from "./key.js";
import type { Kit } from "./kit.js";
import { Legend } from "./legend.js";
import type { Stand } from "./stands.js";
import { pictureTable } from "./table.js";
import { drawPicture, mapHeight, pictureHeight } from "./views/index.js";
import { matrixHeight } from "./views/matrix.js";
import type { Clicks, Scene, Stage } from "./views/view.js";

let numbered = 0;

/** A titled part of the panel: a picture, what its colours and lines mean, its table, its page about the numbers. */
export class Section {
  readonly root: HTMLElement;
  readonly frame: HTMLElement;
  /** Between heading and picture: filters, sliders. */
  readonly tools = el("div", { class: "tools" });
  private readonly heading = el("h2", { attrs: { id: `section-${++numbered}` } });
  private readonly note = el("span", { class: "note-text" });
  private readonly key = new ScaleKey();
  private readonly legend = new Legend();
  private readonly table = el("div", { class: "table-place" });
  private readonly tableButton: HTMLElement;
  private tabled: unknown[] = [];

  private page = "";

  constructor(
    kit: Kit,
    readonly shape: Picture["shape"],
    slot: Slot,
    wishes: { table(): void; about?: (page: string) => void },
  ) {
    this.frame = el("div", { class: `frame ${shape}` });
    this.tableButton = kit.button({ text: "Table", look: "quiet", label: "Show as table", press: wishes.table });
    const about = wishes.about && kit.button({ text: "About", look: "quiet", label: "About these numbers", press: () => wishes.about?.(this.page) });
    const head = el("div", { class: "section-head" }, this.heading, el("div", { class: "section-buttons" }, this.tableButton, about));
    const note = el("div", { class: "note" }, this.note, this.key.root);
    this.root = el(
      "section",
      { class: `section ${shape}-section ${slot}-slot`, attrs: { "aria-labelledby": this.heading.id } },
      head,
      note,
      this.tools,
      this.frame,
      this.table,
    );
    if (shape === "curve") this.tools.append(this.legend.root);
  }

  draw(whole: Picture, scene: Stage, wished: boolean, on: Clicks): void {
    const picture = drawnOf(whole);
    const asTable = wished || isTable(picture);
    this.tableButton.hidden = isTable(picture);
    this.page = picture.about;
    setText(this.heading, picture.title);
    this.say(picture.note ?? "");
    this.frame.classList.remove("free");
    this.frame.hidden = asTable;
    this.table.hidden = !asTable;
    this.tableButton.setAttribute("aria-pressed", String(asTable));
    this.drawKeys(picture, scene, asTable);
    if (asTable) {
      // The pointer does not touch a table: it is made anew only when its numbers are.
      const byRow = picture.shape === "strips" || picture.shape === "points" || picture.shape === "ranking";
      const made = [whole, scene.rows, (scene as Partial<Scene>).order, byRow ? scene.layer : 0, byRow ? scene.filled : 0];
      if (made.some((part, i) => part !== this.tabled[i])) this.table.replaceChildren(pictureTable(whole, scene));
      this.tabled = made;
      return;
    }
    const width = picture.shape === "points" ? this.root.clientWidth : scene.axis.width;
    const size = { width, height: pictureHeight(picture, scene, width) };
    this.frame.style.height = `${size.height}px`;
    drawPicture(this.frame, picture, size, scene, on);
  }

  /** The picture's place before it has come. */
  keepFree({ title }: Stand, { axis, view }: Scene): void {
    setText(this.heading, title);
    this.say("Comes with the final numbers.");
    this.key.root.hidden = this.shape === "points";
    this.key.root.classList.add("empty");
    this.frame.classList.add("free");
    const rows = view.rows.categories.length;
    this.frame.style.height = `${this.shape === "matrix" ? matrixHeight(rows) : this.shape === "points" ? mapHeight(this.root.clientWidth) : axis.narrow ? 200 : 230}px`;
  }

  private say(note: string): void {
    setText(this.note, note);
  }

  private drawKeys(picture: Picture, scene: Stage, asTable: boolean): void {
    const { theme, classNames, axis } = scene;
    this.key.root.classList.remove("empty");
    this.key.root.hidden =
      isTable(picture) || picture.shape === "curve" || picture.shape === "points" || picture.shape === "bars" || (picture.shape === "ranking" && !picture.from);
    if (picture.shape === "matrix") {
      if (picture.scale === "amount") this.key.draw(theme, "amount", ...(picture.ends ?? (["chance", "best"] as const)));
      else this.key.draw(theme, "signed", ...(picture.ends ?? (["below chance", "above"] as const)));
    }
    if (picture.shape === "strips" || picture.shape === "ranking") this.key.draw(theme, "side", `${classNames[0]} side`, `${classNames[1]} side`);
    if (picture.shape !== "curve") return;
    this.legend.draw(picture, scene);
    const inGutter = axis.left >= 270 && !asTable;
    this.legend.root.classList.toggle("in-gutter", inGutter);
    const home = inGutter ? this.frame : this.tools;
    if (this.legend.root.parentElement !== home) home.append(this.legend.root);
    this.legend.root.style.width = inGutter ? `${axis.left - 52}px` : "";
  }
}
