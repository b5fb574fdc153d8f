import type { CompareView } from "../../protocol/index.js";
import { el } from "../dom.js";
import { digits, interval } from "../format.js";
import type { Kit } from "../kit.js";
import type { CompareHost } from "./host.js";

/** The runs by name, with what each gives by itself; the pair that is shown is marked, another one can be chosen. */
export class Runs {
  readonly root = el("div", { class: "table runs-table", attrs: { tabindex: 0, role: "region", "aria-label": "Runs" } });
  private drawn: unknown;

  constructor(
    private readonly kit: Kit,
    private readonly host: CompareHost,
  ) {}

  draw(view: CompareView): void {
    if (this.drawn === view) return;
    this.drawn = view;
    const { runs, pairs } = view.result;
    const head = ["", "model", "precision", "AQI (95%)", "AUROC", "best layer", "rows", ""];
    const several = pairs.length > 1;
    const rows = runs.map((run, i) => {
      const chosen = i === 0 || i === view.shown + 1;
      const actions = this.host.actions;
      const buttons = actions
        ? [
            this.kit.button({ text: "Open", look: "quiet", label: `Open run ${run.mark}`, press: () => actions.openRun(i) }),
            ...(several && i > 0 && !chosen
              ? [this.kit.button({ text: "Show", look: "quiet", label: `Show ${run.mark} against ${runs[0].mark}`, press: () => actions.showPair(i - 1) })]
              : []),
          ]
        : [];
      const cells = [
        run.name,
        run.model.precision,
        `${digits(run.aqi)}${run.aqiCi95 ? ` (${interval(run.aqiCi95)})` : ""}`,
        digits(run.auroc),
        `${run.bestLayer ?? "–"} of ${run.model.layers}`,
        String(run.rows),
      ];
      return el(
        "tr",
        { class: chosen ? "chosen-run" : "" },
        el("th", { text: `${run.mark}${i === 0 ? " (base)" : ""}`, attrs: { scope: "row", "aria-current": several && chosen ? "true" : undefined } }),
        ...cells.map((text) => el("td", { text })),
        el("td", {}, ...buttons),
      );
    });
    this.root.replaceChildren(
      el(
        "table",
        {},
        el("caption", { class: "row-said", text: "The runs that are compared" }),
        el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { text, attrs: { scope: "col" } })))),
        el("tbody", {}, ...rows),
      ),
    );
  }
}
