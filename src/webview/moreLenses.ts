import type { AuditView, LensCard } from "../protocol/index.js";
import { el } from "./dom.js";
import type { Host } from "./host.js";
import type { Kit } from "./kit.js";

/** Under the map: the lenses on demand. Those of this run with what they say, the others with their question and the button that runs them. */
export class MoreLenses {
  readonly root = el("section", { class: "more-lenses", attrs: { "aria-labelledby": "more-lenses" } });
  private drawn: unknown;

  constructor(
    private readonly kit: Kit,
    private readonly host: Host,
  ) {}

  /** @param running the buttons wait for the run that is going on */
  draw(view: AuditView, running: boolean): void {
    const drawn = new Set(view.pictures.filter((p) => p.slot === "extra").map((p) => p.lens));
    // What ran and drew something stands above, folded, with what it says.
    const cards = (view.lenses ?? []).filter((card) => !card.core && (card.state === "ran" ? card.says && !drawn.has(card.id) : true));
    const open = cards.some((card) => card.state === "open");
    this.root.hidden = cards.length === 0;
    const key = JSON.stringify([cards, running]);
    if (this.root.hidden || key === this.drawn) return;
    this.drawn = key;
    this.root.replaceChildren(
      el("div", { class: "section-head" }, el("h2", { text: "More lenses", attrs: { id: "more-lenses" } })),
      el(
        "div",
        { class: "note" },
        el("span", {
          class: "note-text",
          text: open && this.host.actions ? "Each runs the audit again with one question more; what is chosen stays chosen." : "",
        }),
      ),
      el("ul", {}, ...cards.map((card) => this.line(card, running))),
    );
  }

  private line(card: LensCard, running: boolean): HTMLElement {
    const { actions } = this.host;
    const run =
      card.state !== "ran" && actions && this.kit.button({ text: "Run", look: "secondary", label: `Run ${card.title}`, press: () => actions.lens(card.id) });
    const about = actions && this.kit.button({ text: "About", look: "quiet", label: `About ${card.title}`, press: () => actions.about(card.id) });
    if (run && (running || card.state === "no")) run.setAttribute("disabled", "");
    return el(
      "li",
      {},
      el(
        "div",
        { class: "lens-words" },
        el("strong", { text: card.title }),
        el("span", { class: "lens-question", text: card.says ?? card.question }),
        ...(card.why
          ? [el("span", { class: "quiet", text: `Not here: ${card.why}.` })]
          : card.needs
            ? [el("span", { class: "quiet", text: `Needs ${card.needs}.` })]
            : []),
      ),
      el("div", { class: "section-buttons" }, run, about),
    );
  }
}
