import type { CompareResult, CompareState, Interval, Maybe, PairComparison } from "../../protocol/index.js";
import { el, setText } from "../dom.js";
import { exportMenu } from "../exportMenu.js";
import { baseName, interval, plural, signed } from "../format.js";
import type { Kit } from "../kit.js";
import type { Theme } from "../theme.js";
import { drawRule } from "../views/rule.js";
import type { CompareHost } from "./host.js";
import { Runs } from "./runs.js";

/** The first section: the difference on its rule, the sentence, which runs, what can be done. */
export class CompareHead {
  readonly root: HTMLElement;
  private readonly title = el("h1", {});
  private readonly figure = el("div", { class: "figure" });
  private readonly rule = el("div", { class: "rule" });
  private readonly headline = el("div", { class: "headline" }, this.figure, this.rule);
  private readonly problem = el("div", { class: "problem", attrs: { role: "alert" } });
  private readonly sentence = el("p", { class: "sentence" });
  private readonly facts = el("p", { class: "facts" });
  private readonly bar = el("div", { class: "bar" });
  private readonly notices = el("details", { class: "notices" });
  private readonly runs: Runs;
  private drawn = "";

  constructor(
    private readonly kit: Kit,
    private readonly host: CompareHost,
    private readonly save: (format: "json" | "html" | "svg", withText: boolean) => void,
  ) {
    this.runs = new Runs(kit, host);
    this.root = el(
      "section",
      { class: "verdict compare-head", attrs: { "aria-label": "Verdict" } },
      this.title,
      this.headline,
      this.problem,
      this.sentence,
      this.runs.root,
      this.facts,
      this.bar,
      this.notices,
    );
  }

  draw(state: CompareState, width: number, theme: Theme): void {
    const { view, phase, names } = state;
    const pair = view?.result.pairs[view.shown];
    const shown = pair && phase !== "failed";
    setText(this.title, view ? `${baseName(view.result.dataset.path)} · ${pair?.a} against ${pair?.b}` : names.join(" against ") || "Compare runs");
    this.root.dataset["phase"] = phase;
    this.headline.hidden = !shown;
    this.problem.hidden = phase !== "failed";
    this.facts.hidden = !shown;
    this.notices.hidden = !shown;
    this.sentence.hidden = phase === "failed";
    this.runs.root.hidden = !view || phase === "failed";
    if (phase === "failed") this.drawProblem(state);
    else setText(this.sentence, pair?.verdict ?? "The runs are read and resampled together.");
    if (view && shown) {
      this.drawFigure(pair, width, theme);
      this.runs.draw(view);
      this.drawFacts(view.result, pair);
    }
    this.drawBar(state);
  }

  private drawProblem({ problem }: CompareState): void {
    const { message, hint } = problem ?? { message: "The runs could not be compared.", hint: undefined };
    if (this.problem.dataset["key"] === message + (hint ?? "")) return;
    this.problem.dataset["key"] = message + (hint ?? "");
    this.problem.replaceChildren(el("p", { class: "problem-message", text: message }), ...(hint ? [el("p", { text: hint })] : []));
  }

  /** The difference of the index where there is one, else of the AUROC where both runs are best. */
  private drawFigure(pair: PairComparison, width: number, theme: Theme): void {
    const best = pair.column === null ? undefined : pair.layers[pair.column];
    const index = pair.aqi.value !== null;
    const value: Maybe = index ? pair.aqi.value : (best?.auroc.value ?? null);
    const bounds: Interval | null = index ? pair.aqi.ci95 : (best?.auroc.ci95 ?? null);
    const unit = index ? `AQI, ${pair.b} less ${pair.a}` : `AUROC, ${pair.b} less ${pair.a}, layer ${best?.layerB ?? "–"}`;
    const said = bounds ? `${interval(bounds, signed)} (95%, paired)` : "no interval";
    const number = el("span", { class: value === null ? "number none" : "number", text: signed(value) });
    this.figure.replaceChildren(number, el("span", { class: "number-unit", text: unit }), el("span", { class: "number-interval", text: said }));
    if (!bounds && pair.aqi.why && index) this.figure.lastElementChild!.setAttribute("title", pair.aqi.why);
    const reach = Math.max(index ? 10 : 0.1, ...[value ?? 0, ...(bounds ?? [])].map((x) => Math.abs(x) * 1.1));
    const name = `${unit}: ${signed(value)}, ${said}`;
    const marks = [{ value: 0, name: "no difference" }];
    const ends: [string, string] = [`◂ ${pair.a} ahead`, `${pair.b} ahead ▸`];
    drawRule(
      this.rule,
      { range: [-reach, reach], value, interval: bounds, marks, ends, name },
      Math.max(200, Math.min(640, width < 640 ? width : width - 300)),
      theme,
    );
  }

  private drawFacts({ dataset, settings, notices }: CompareResult, pair: PairComparison): void {
    const { rows } = pair;
    setText(
      this.facts,
      [
        baseName(dataset.path) + (dataset.contrastPath ? ` against ${baseName(dataset.contrastPath)}` : ""),
        `${plural(rows.common, "row")} in both`,
        ...(rows.onlyA + rows.onlyB > 0 ? [`${rows.onlyA + rows.onlyB} in one only`] : []),
        `${plural(rows.groups, "group")} drawn`,
        `pooling ${settings.pooling}`,
        pair.matched === "layer" ? "layer by layer" : "by share of the depth",
      ].join(" · "),
    );
    const all = [...pair.notices, ...notices];
    const key = JSON.stringify(all);
    if (this.notices.dataset["key"] === key) return;
    this.notices.dataset["key"] = key;
    this.notices.classList.toggle("none", all.length === 0);
    this.notices.replaceChildren(
      el("summary", { text: all.length === 0 ? "No notices" : plural(all.length, "notice") }),
      el("ul", {}, ...all.map(({ message }) => el("li", { text: message }))),
    );
  }

  private drawBar({ phase, view }: CompareState): void {
    const { host, kit } = this;
    const key = `${phase}:${Boolean(view)}:${view?.result.pairs.length ?? 0}`;
    if (this.drawn === key) return;
    this.drawn = key;
    this.bar.replaceChildren();
    const { actions } = host;
    this.bar.hidden = !actions;
    if (!actions) return;
    if (phase === "working") this.bar.append(kit.ring("Comparing"), el("span", { class: "quiet", text: "Comparing" }));
    else if (phase === "failed") this.bar.append(kit.button({ text: "Compare again", look: "primary", press: actions.again }));
    else
      this.bar.append(
        exportMenu(kit, (format, withText) => format !== "csv" && this.save(format, withText), ["json", "svg", "html"]),
        kit.button({ text: "Swap", look: "secondary", label: "Swap: the last run becomes the base", press: actions.swap }),
        kit.button({ text: "About this comparison", look: "secondary", press: () => actions.about("compare") }),
      );
  }
}
