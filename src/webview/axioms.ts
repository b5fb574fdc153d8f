import { type AxiomResult, axiomRemark } from "../protocol/index.js";
import { el } from "./dom.js";
import { digits, interval } from "./format.js";
import type { Host } from "./host.js";
import type { Kit } from "./kit.js";
import type { Sections } from "./sections.js";
import type { Scene } from "./views/view.js";

/** Height of a line and of the whole table before it scrolls, px; the style sheet has them too. */
const LINE = 25;
/** In one column a remark stands under its name; place for one. */
const REMARK = 18;
const MOST = 300;

/** Each category's own part in the index, weakest first: how far apart, how much of the whole, in which direction, and its worst rows. */
export class AxiomTable {
  readonly root: HTMLElement;
  private readonly table = el("div", { class: "table", attrs: { tabindex: 0, role: "region", "aria-label": "Axioms, table" } });
  private drawn: readonly AxiomResult[] | undefined;

  constructor(
    kit: Kit,
    host: Host,
    private readonly list: (rows: readonly number[], are: string) => void,
  ) {
    const about =
      host.actions && kit.button({ text: "About", look: "quiet", label: "About the axioms", press: () => host.actions?.about("alignment-quality") });
    this.root = el(
      "section",
      { class: "axioms", attrs: { "aria-labelledby": "axioms" } },
      el("div", { class: "section-head" }, el("h2", { text: "Axioms", attrs: { id: "axioms" } }), el("div", { class: "section-buttons" }, about)),
      el(
        "div",
        { class: "note" },
        el("span", {
          class: "note-text",
          text: "Each category's part in the AQI, weakest first. Direction: cosine with the other categories; 1 the same, 0 its own or few rows, below 0 the other way.",
        }),
      ),
      this.table,
    );
  }

  /** Stands above the list; absent where the index has one axiom, none, or is not there yet. */
  draw({ view: { result }, rows: rowTable, axis }: Scene, { lane, rows }: Sections): void {
    const { length } = rowTable.categories;
    const comes = !result.final && result.dataset.kind === "safety" && length > 1;
    const axioms = result.final ? result.aqi.axioms : undefined;
    if (!comes && (axioms?.length ?? 0) < 2) {
      this.root.remove();
      return;
    }
    if (this.root.parentElement !== lane || this.root.nextElementSibling !== (rows?.root ?? null)) lane.insertBefore(this.root, rows?.root ?? null);
    this.root.classList.toggle("coming", comes);
    // A head and a line an axiom, so that nothing below moves when they come.
    this.table.style.height = comes ? `${Math.min(MOST, LINE * (length + 1) + (axis.narrow ? REMARK : 0) + 2)}px` : "";
    if (!axioms) this.table.replaceChildren();
    if (!axioms || axioms === this.drawn) return;
    this.drawn = axioms;
    const head = ["axiom", "rows", "separation (95%)", "share", "direction", "wrong side"];
    this.table.replaceChildren(
      el(
        "table",
        {},
        el("caption", { class: "row-said", text: "Separation: 100 times the chance-corrected share of variance between the classes, of held-out scores." }),
        el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { text, attrs: { scope: "col" } })))),
        el("tbody", {}, ...[...axioms].sort((a, b) => a.separation - b.separation).map((axiom) => this.line(axiom))),
      ),
    );
  }

  private line(axiom: AxiomResult): HTMLElement {
    const { name, n, separation, ci95, share, cosine, worst } = axiom;
    const remark = axiomRemark(axiom);
    const rows = `${worst.length === 10 ? "worst 10" : worst.length} ${worst.length === 1 ? "row" : "rows"}`;
    const wrong =
      worst.length === 0
        ? "none"
        : el("button", {
            class: "link",
            text: rows,
            attrs: { type: "button", "aria-label": `List the ${rows} of ${name} farthest on the wrong side` },
            on: { click: () => this.list(worst, `${name}: farthest on the wrong side`) },
          });
    return el(
      "tr",
      { class: remark ? "remarked" : "" },
      el("th", { attrs: { scope: "row" } }, name, remark && el("span", { class: "remark", text: remark })),
      el("td", { text: `${n[0]} + ${n[1]}` }),
      el("td", { text: `${digits(separation)}${ci95 ? ` (${interval(ci95)})` : ""}` }),
      el("td", { text: `${Math.round(100 * share)}%` }),
      el("td", { text: cosine === null ? "–" : cosine.toFixed(2).replace("-", "−") }),
      el("td", {}, wrong),
    );
  }
}
