import { el, setText } from "./dom.js";
import type { Finder } from "./finder.js";
import { count, plural } from "./format.js";
import type { Control, Kit } from "./kit.js";
import { isOtherSide, SORTS, type Sort } from "./order.js";
import type { ViewState } from "./state.js";
import type { Scene } from "./views/view.js";

/** Above the list: order, filter, what is listed and how much of it disagrees. */
export class ListTools {
  readonly root: HTMLElement;
  private readonly sort: Control<string>;
  private readonly filter: Control<string>;
  private readonly counts = el("span", { class: "counts", attrs: { role: "status" } });
  private readonly release: HTMLElement;
  private counted: { order: unknown; wrong: number } = { order: null, wrong: 0 };

  constructor(kit: Kit, on: { sort(sort: Sort): void; filter(text: string): void; letGo(): void }) {
    this.sort = kit.dropdown("Sort rows by", SORTS, (id) => on.sort(id as Sort));
    this.filter = kit.textField("Filter rows", "Filter  ( / )", on.filter);
    this.filter.element.title = "Words that must all match: a class, a part of a category, #12 for a row, wrong for the other side, or a part of the text";
    this.release = kit.button({ text: "Clear lasso", look: "secondary", press: on.letGo });
    this.root = el("div", { class: "list-tools" }, this.sort.element, this.filter.element, this.counts, this.release);
  }

  draw({ view, order, texts }: Scene, { sort, filter, lasso, listed: are }: ViewState, finder: Pick<Finder, "busy" | "searchesAll">): void {
    const { rows, result } = view;
    this.sort.set(sort);
    this.filter.set(filter);
    this.release.hidden = lasso === null;
    const way = are === null ? "Clear lasso" : "Show all rows";
    setText(this.release, way);
    this.release.setAttribute("aria-label", way);
    this.root.classList.toggle("lassoed", lasso !== null);
    if (this.counted.order !== order) {
      let wrong = 0;
      for (const i of order) if (isOtherSide(rows, i)) wrong++;
      this.counted = { order, wrong };
    }
    const listed = order.length === rows.count ? plural(rows.count, "row") : `${count(order.length)} of ${plural(rows.count, "row")}`;
    // Where the engine cannot be asked, only texts at hand are searched.
    const here = finder.searchesAll ? (finder.busy ? " · searching the texts…" : "") : ` · texts searched in the ${plural(texts.size, "row")} read so far`;
    const read = filter.trim() ? here : "";
    setText(
      this.counts,
      result.final
        ? `${listed}${are === null ? "" : ` (${are})`} · ${count(this.counted.wrong)} on the other side of their label${read}`
        : `${listed} · as they arrive, sorted at the end`,
    );
  }

  focus(): void {
    this.filter.element.focus();
  }
}
