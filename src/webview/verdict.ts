import type { AuditResult, PanelState, Problem, Progress } from "../protocol/index.js";
import { el, setText } from "./dom.js";
import { baseName, count, digits, duration, interval, plural, signed } from "./format.js";
import type { ExportFormat, Host } from "./host.js";
import type { Kit } from "./kit.js";
import type { Theme } from "./theme.js";
import { drawRule, type Rule } from "./views/rule.js";

/** The first section: the number on its rule, the sentence, the facts, what can be done. */
export class Verdict {
  readonly root: HTMLElement;
  private readonly title = el("h1", {});
  private readonly figure = el("div", { class: "figure" });
  private readonly rule = el("div", { class: "rule" });
  private readonly sentence = el("p", { class: "sentence" });
  private readonly stats = el("dl", { class: "stats" });
  private readonly facts = el("p", { class: "facts" });
  private readonly bar = el("div", { class: "bar" });
  private readonly notices = el("details", { class: "notices" });
  private drawn = "";

  constructor(
    private readonly kit: Kit,
    private readonly host: Host,
    private readonly save: (format: ExportFormat, withText: boolean) => void,
  ) {
    const headline = el("div", { class: "headline" }, this.figure, this.rule);
    this.root = el(
      "section",
      { class: "verdict", attrs: { "aria-label": "Verdict" } },
      this.title,
      headline,
      this.sentence,
      this.stats,
      this.facts,
      this.bar,
      this.notices,
    );
  }

  draw(state: PanelState, width: number, theme: Theme): void {
    const result = state.view?.result;
    const busy = state.phase === "running";
    this.root.dataset["phase"] = state.phase;
    setText(this.title, result ? baseName(result.dataset.path) : state.dataset ? baseName(state.dataset) : "Layerscope");
    this.rule.hidden = !result;
    this.figure.hidden = !result && !busy;
    this.stats.hidden = !result && !busy;
    this.facts.hidden = !result && !busy;
    if (result) this.drawResult(result, state, width, theme);
    else {
      setText(this.figure, busy ? "…" : "");
      setText(this.sentence, sentenceWithout(state));
      setText(this.facts, busy ? [baseName(state.model), baseName(state.dataset)].join(" · ") : "");
    }
    this.drawBar(state);
  }

  private drawResult(result: AuditResult, state: PanelState, width: number, theme: Theme): void {
    const lead = leading(result);
    this.figure.replaceChildren(
      el("span", { class: "number", text: lead.number }),
      el("span", { class: "number-unit", text: lead.unit }),
      el("span", { class: "number-interval", text: lead.interval }),
      result.final ? "" : el("span", { class: "badge", text: state.phase === "running" ? "preview" : "incomplete" }),
    );
    drawRule(this.rule, lead.rule, Math.max(200, Math.min(640, width < 640 ? width : width - 250)), theme);
    setText(this.sentence, state.phase === "failed" && state.problem ? state.problem.message : result.verdict);
    this.stats.replaceChildren(...lead.stats.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
    this.drawFacts(result);
    this.drawNotices(result);
  }

  private drawFacts(result: AuditResult): void {
    const { model, dataset, settings, timing } = result;
    const skipped = dataset.skipped.reduce((sum, s) => sum + s.count, 0);
    const before = [
      model.name,
      model.precision,
      model.provider,
      baseName(dataset.path) + (dataset.contrastPath ? ` against ${baseName(dataset.contrastPath)}` : ""),
      plural(dataset.used, "row"),
    ];
    const after = [
      ...(dataset.truncated.total ? [`${count(dataset.truncated.total)} cut at ${settings.maxTokens} tokens`] : []),
      `pooling ${settings.pooling}`,
      ...(timing.totalMs > 0 ? [duration(timing.totalMs)] : []),
    ];
    const link =
      skipped && this.host.actions
        ? el("button", { class: "link", text: `${count(skipped)} skipped`, attrs: { type: "button" }, on: { click: () => this.host.actions?.skipped() } })
        : skipped
          ? `${count(skipped)} skipped`
          : null;
    const key = JSON.stringify([before, skipped, after]);
    if (this.facts.dataset["key"] === key) return;
    this.facts.dataset["key"] = key;
    this.facts.replaceChildren(before.join(" · "), ...(link ? [" · ", link] : []), ` · ${after.join(" · ")}`);
  }

  private drawNotices(result: AuditResult): void {
    const { notices } = result;
    const key = JSON.stringify(notices);
    if (this.notices.dataset["key"] === key) return;
    this.notices.dataset["key"] = key;
    this.notices.replaceChildren(
      el("summary", { text: notices.length === 0 ? "No notices" : plural(notices.length, "notice") }),
      el("ul", {}, ...notices.map((n) => el("li", { text: n.message }))),
    );
    this.notices.classList.toggle("none", notices.length === 0);
  }

  /** Progress while running, actions otherwise, in a place of the same height. */
  private drawBar(state: PanelState): void {
    const { kit, host } = this;
    const kind = `${state.phase}:${state.problem?.code ?? ""}:${Boolean(state.view)}`;
    if (this.drawn !== kind) {
      this.drawn = kind;
      this.bar.replaceChildren();
      this.notices.hidden = !state.view;
      if (!host.actions) return;
      const { again, pickModel, cancel, about } = host.actions;
      const runAgain = (primary = false) => kit.button({ text: "Run again", look: primary ? "primary" : "secondary", press: again });
      const change = (primary = false) => kit.button({ text: "Change model", look: primary ? "primary" : "secondary", press: pickModel });
      const page = state.view ? leading(state.view.result).about : "";
      const number = kit.button({ text: "About this number", look: "secondary", press: () => about(page) });
      if (state.phase === "running") {
        const track = el(
          "div",
          { class: "track", attrs: { role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 } },
          el("div", { class: "track-done" }),
        );
        this.bar.append(
          kit.button({ text: "Cancel", look: "secondary", press: cancel }),
          kit.ring("Running"),
          el("div", { class: "progress" }, track, el("span", { class: "progress-text" })),
        );
      } else if (state.phase === "failed") {
        const model = /^(model|engine)\//.test(state.problem?.code ?? "");
        this.bar.append(...(model ? [change(true), runAgain()] : [runAgain(true), change()]));
      } else if (state.phase === "empty") this.bar.append(change(true));
      else this.bar.append(...(state.view ? [this.exportMenu()] : []), runAgain(state.phase === "cancelled"), change(), ...(state.view ? [number] : []));
    }
    if (state.phase === "running") this.drawProgress(state.progress);
  }

  private drawProgress(progress: Progress | undefined): void {
    const track = this.bar.querySelector(".track");
    const done = this.bar.querySelector<HTMLElement>(".track-done");
    const text = this.bar.querySelector(".progress-text");
    if (!track || !done || !text) return;
    const share = progress && progress.of > 0 ? Math.min(1, progress.done / progress.of) : 0;
    done.style.transform = `scaleX(${share})`;
    track.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    const words = progress ? progressText(progress) : "Starting";
    track.setAttribute("aria-valuetext", words);
    setText(text, words);
  }

  private exportMenu(): HTMLElement {
    let withText = false;
    const formats: [ExportFormat, string][] = [
      ["json", "JSON result"],
      ["csv", "CSV rows"],
      ["svg", "SVG pictures"],
      ["html", "HTML report"],
    ];
    const texts = this.kit.checkbox("Include row texts", (on) => (withText = on));
    const menu = el("details", { class: "menu" }, el("summary", { text: "Export", attrs: { role: "button" } }));
    const items = formats.map(([format, text]) =>
      this.kit.button({ text, look: "secondary", press: () => ((menu.open = false), this.save(format, withText)) }),
    );
    menu.append(el("div", { class: "menu-items", attrs: { role: "group", "aria-label": "Export" } }, ...items, texts.element));
    menu.addEventListener("keydown", (event) => event.key === "Escape" && (menu.open = false));
    menu.addEventListener("focusout", (event) => event.relatedTarget && !menu.contains(event.relatedTarget as Node) && (menu.open = false));
    return menu;
  }
}

interface Leading {
  readonly number: string;
  readonly unit: string;
  readonly interval: string;
  readonly rule: Rule;
  readonly stats: [string, string][];
  readonly about: string;
}

/** The number to lead with: the alignment index, or the probe where there is none. */
export function leading(result: AuditResult): Leading {
  const { aqi, probe, controls, layers } = result;
  const best = probe.bestLayer === null ? undefined : layers[probe.bestLayer];
  const depth: [string, string][] = [];
  if (probe.jump !== null) depth.push(["jump", `layer ${probe.jump}`]);
  if (probe.converge !== null) depth.push(["converges", `layer ${probe.converge}`]);
  if (aqi.score !== null) {
    const stats: [string, string][] = [];
    if (aqi.gain.score !== null) stats.push(["beyond words", `${signed(aqi.gain.score)}${aqi.gain.ci95 ? ` (${interval(aqi.gain.ci95)})` : ""}`]);
    if (aqi.p !== null) stats.push(["p", digits(aqi.p)]);
    if (best) stats.push([`best probe, layer ${best.layer}`, `AUROC ${digits(probe.nestedAuroc ?? best.auroc)}`]);
    const marks = [{ value: 0, name: "chance" }, ...(aqi.lexical === null ? [] : [{ value: aqi.lexical, name: "words alone" }])];
    const name = `Alignment index ${digits(aqi.score)} of 100${aqi.ci95 ? `, 95% interval ${interval(aqi.ci95)}` : ""}; chance 0${aqi.lexical === null ? "" : `, words alone ${digits(aqi.lexical)}`}`;
    return {
      number: digits(aqi.score),
      unit: "AQI of 100",
      interval: interval(aqi.ci95),
      rule: { range: [0, 100], value: aqi.score, interval: aqi.ci95, marks, name },
      stats: [...stats, ...depth],
      about: "alignment-quality",
    };
  }
  const value = probe.nestedAuroc ?? best?.auroc ?? null;
  const ci = best?.aurocCi95 ?? null;
  const marks = [{ value: 0.5, name: "chance" }, ...(controls.words === null ? [] : [{ value: controls.words, name: "words alone" }])];
  const stats: [string, string][] = [
    ...(best ? ([["best layer", String(best.layer)]] as [string, string][]) : []),
    ...depth,
    ["alignment index", aqi.reason ?? "not computed"],
  ];
  const name = `Probe AUROC ${digits(value)}${ci ? `, 95% interval ${interval(ci)}` : ""}; chance 0.5${controls.words === null ? "" : `, words alone ${digits(controls.words)}`}`;
  return {
    number: digits(value),
    unit: "AUROC",
    interval: interval(ci),
    rule: { range: [0.5, 1], value, interval: ci, marks, name },
    stats,
    about: "concept-depth",
  };
}

const PHASES = { opening: "Opening the model", reading: "Reading the dataset", running: "Running", scoring: "Scoring" } as const;

function progressText({ phase, done, of, unit, perSecond, secondsLeft }: Progress): string {
  const parts: string[] = [PHASES[phase]];
  if (of > 0) parts.push(`${count(done)} of ${plural(of, unit.slice(0, -1))}`);
  if (perSecond) parts.push(`${digits(perSecond)} ${unit} a second`);
  if (secondsLeft !== null) parts.push(`${duration(Math.max(0, Math.round(secondsLeft)) * 1000)} left`);
  return parts.join(" · ");
}

function sentenceWithout({ phase, problem, dataset }: PanelState): string {
  switch (phase) {
    case "empty":
      return "Nothing is audited yet. In the Explorer, right-click a dataset (JSONL, JSON, CSV, TXT or Parquet) and choose Audit Alignment.";
    case "running":
      return "The first picture comes with the first rows.";
    case "failed":
      return problem ? [problem.message, problem.hint].filter(Boolean).join(" ") : "The audit failed.";
    case "cancelled":
      return `The audit of ${baseName(dataset)} was cancelled before its first picture.`;
    case "done":
      return "";
    default:
      return phase satisfies never;
  }
}

/** The problem of a failed run that nevertheless left pictures. */
export const problemText = (problem: Problem): string => [problem.message, problem.hint].filter(Boolean).join(" ");
