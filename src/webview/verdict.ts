import { type AuditResult, besideIndex, type PanelState, type Problem, type Progress } from "../protocol/index.js";
import { el, setText } from "./dom.js";
import { exportMenu } from "./exportMenu.js";
import { baseName, count, digits, duration, interval, plural } from "./format.js";
import { leading } from "./headline.js";
import type { ExportFormat, Host } from "./host.js";
import type { Kit } from "./kit.js";
import { MoreNumber } from "./moreNumber.js";
import type { Theme } from "./theme.js";
import { drawRule } from "./views/rule.js";

/** The first section: the number on its rule, the sentence, the facts, what can be done. */
export class Verdict {
  readonly root: HTMLElement;
  private readonly title = el("h1", {});
  private readonly figure = el("div", { class: "figure" });
  private readonly rule = el("div", { class: "rule" });
  private readonly sentence = el("p", { class: "sentence" });
  private readonly stats = el("dl", { class: "stats" });
  private readonly beside = el("p", { class: "facts beside-index" });
  private readonly facts = el("p", { class: "facts" });
  private readonly reading = el("p", { class: "facts reading" });
  private readonly bar = el("div", { class: "bar" });
  private readonly notices = el("details", { class: "notices" });
  private readonly more: MoreNumber;
  private readonly headline = el("div", { class: "headline" }, this.figure, this.rule);
  private readonly problem = el("div", { class: "problem", attrs: { role: "alert" } });
  private readonly reason = el("p", { class: "reason" });
  private drawn = "";
  /** What the figure and the rule show, so that a moving pointer does not make them anew under a selection. */
  private led = "";
  private ruled: unknown[] = [];

  constructor(
    private readonly kit: Kit,
    private readonly host: Host,
    private readonly save: (format: ExportFormat, withText: boolean) => void,
  ) {
    this.more = new MoreNumber(kit, host);
    this.root = el(
      "section",
      { class: "verdict", attrs: { "aria-label": "Verdict" } },
      this.title,
      this.headline,
      this.problem,
      this.sentence,
      this.reason,
      this.stats,
      this.beside,
      this.facts,
      this.reading,
      this.bar,
      this.more.root,
      this.notices,
    );
  }

  draw(state: PanelState, width: number, theme: Theme): void {
    const result = state.view?.result;
    const busy = state.phase === "running";
    this.root.dataset["phase"] = state.phase;
    setText(
      this.title,
      [baseName(result?.dataset.path ?? state.dataset), result?.model.name ?? baseName(state.model)].filter(Boolean).join(" · ") || "Layerscope",
    );
    this.headline.hidden = !result && !busy;
    this.stats.hidden = !result && !busy;
    this.facts.hidden = !result && !busy;
    this.reading.hidden = !result && !busy;
    if (result) this.drawResult(result, state, width, theme);
    else {
      this.led = "";
      this.ruled = [];
      this.more.root.hidden = true;
      setText(this.beside, "");
      this.figure.replaceChildren(el("span", { class: "number none", text: "–" }));
      if (busy) drawRule(this.rule, { range: [0, 100], value: null, interval: null, marks: [], name: "No number yet" }, ruleWidth(width), theme);
      this.stats.replaceChildren(el("div", {}, el("dt", { text: "\u00a0" })));
      setText(this.sentence, sentenceWithout(state));
      setText(this.reason, "");
      this.reading.dataset["key"] = "";
      setText(this.reading, "\u00a0");
      setText(this.facts, busy ? [baseName(state.model), baseName(state.dataset)].join(" · ") : "");
    }
    this.drawProblem(state);
    this.drawBar(state);
  }

  private drawProblem({ phase, problem }: PanelState): void {
    this.problem.hidden = phase !== "failed";
    this.sentence.hidden = phase === "failed";
    if (phase !== "failed") return;
    const { message, hint, where, question }: Problem = problem ?? { code: "internal", message: "The audit failed." };
    const place = where?.file ? `${baseName(where.file)}${where.line === undefined ? "" : `, line ${where.line + 1}`}` : "";
    const key = JSON.stringify([message, hint, place, question]);
    if (this.problem.dataset["key"] === key) return;
    this.problem.dataset["key"] = key;
    this.problem.replaceChildren(
      el("p", { class: "problem-message", text: message }),
      ...(hint ? [el("p", { text: hint })] : []),
      ...(place ? [el("p", { class: "quiet", text: place })] : []),
      ...(question ? [el("ul", {}, ...question.choices.map((c) => el("li", { text: [c.label, c.detail].filter(Boolean).join(": ") })))] : []),
    );
  }

  private drawResult(result: AuditResult, state: PanelState, width: number, theme: Theme): void {
    const lead = leading(result);
    const key = JSON.stringify([lead, result.final, state.phase]);
    if (key !== this.led) {
      this.led = key;
      this.figure.replaceChildren(
        el("span", { class: lead.rule.value === null ? "number none" : "number", text: lead.number }),
        el("span", { class: "number-unit", text: lead.unit }),
        el("span", { class: "number-interval", text: lead.interval }),
        result.final ? "" : el("span", { class: "badge", text: BADGES[state.phase] ?? "incomplete" }),
      );
      this.stats.replaceChildren(...lead.stats.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
    }
    const ruled = [key, width, theme];
    if (ruled.some((part, i) => part !== this.ruled[i])) drawRule(this.rule, lead.rule, ruleWidth(width), theme);
    this.ruled = ruled;
    setText(this.sentence, result.verdict);
    const missing = result.final && result.aqi.score === null ? `No alignment index: ${result.aqi.reason ?? "not computed"}.` : "";
    setText(this.reason, state.phase === "interrupted" ? interruptedText(state) : missing);
    const said = result.final && result.aqi.score !== null ? besideIndex(result.aqi, result.dataset.input, digits, interval) : [];
    setText(this.beside, result.final || result.dataset.kind !== "safety" ? said.join(" · ") : "\u00a0");
    this.more.draw(result);
    this.drawFacts(result);
    this.drawReading(result);
    this.drawNotices(result);
  }

  private drawFacts(result: AuditResult): void {
    const { model, dataset, settings, timing } = result;
    const skipped = dataset.skipped.reduce((sum, s) => sum + s.count, 0);
    const before = [
      model.precision,
      model.provider,
      baseName(dataset.path) + (dataset.contrastPath ? ` against ${baseName(dataset.contrastPath)}` : ""),
      plural(dataset.used, "row"),
    ];
    const after = [
      ...(dataset.truncated.total ? [`${count(dataset.truncated.total)} cut at ${settings.maxTokens} tokens`] : []),
      `pooling ${settings.pooling}${settings.tokenSet === "completion" ? " of the answers" : ""}`,
      ...((settings.chatTemplate ?? "none") === "none" ? [] : ["chat template"]),
      ...(timing.totalMs > 0 ? [duration(timing.totalMs)] : []),
    ];
    const link =
      skipped && this.host.actions
        ? el("button", { class: "link", text: `${count(skipped)} skipped`, attrs: { type: "button" }, on: { click: () => this.host.actions?.skipped() } })
        : skipped
          ? `${count(skipped)} skipped`
          : null;
    const tower = model.tower && `${model.tower} tower`;
    const key = JSON.stringify([model.name, tower, before, skipped, after]);
    if (this.facts.dataset["key"] === key) return;
    this.facts.dataset["key"] = key;
    const pick = this.host.actions?.pickTower;
    const choose =
      tower && pick
        ? el("button", { class: "link", text: tower, attrs: { type: "button", "aria-label": `${tower}: choose another` }, on: { click: pick } })
        : tower;
    this.facts.replaceChildren(
      model.name,
      ...(choose ? [", ", choose] : []),
      " · ",
      before.join(" · "),
      ...(link ? [" · ", link] : []),
      ` · ${after.join(" · ")}`,
    );
  }

  /** Which columns were read as what, with the way to change it. */
  private drawReading({ dataset: { columns, classes, input } }: AuditResult): void {
    const values = classes.map(({ name, values }) => (values.length && values.join() !== name ? `${name} = ${values.join(", ")}` : name)).join(", ");
    const from = (role: string, column: string) => (column === role ? role : `${role} from ${column}`);
    const parts = [
      from(input === "images" ? "image" : "text", columns.text),
      columns.label === undefined ? values : `${from("label", columns.label)} (${values})`,
      ...(columns.category === undefined ? [] : [from("category", columns.category)]),
      ...(columns.group === undefined ? [] : [`kept together by ${columns.group}`]),
    ];
    const key = `read as: ${parts.join(" · ")}`;
    if (this.reading.dataset["key"] === key) return;
    this.reading.dataset["key"] = key;
    const change = this.host.actions?.changeColumns;
    this.reading.replaceChildren(
      key,
      ...(change
        ? [" · ", el("button", { class: "link", text: "change", attrs: { type: "button", "aria-label": "change columns" }, on: { click: change } })]
        : []),
    );
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
      this.bar.hidden = !host.actions;
      if (!host.actions) return;
      const { again, resume, pickModel, cancel, about } = host.actions;
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
      } else if (state.phase === "interrupted") this.bar.append(kit.button({ text: "Resume", look: "primary", press: resume }), runAgain(), change());
      else if (state.phase === "empty") this.bar.append(kit.button({ text: "Choose a model", look: "primary", press: pickModel }));
      else
        this.bar.append(
          ...(state.view ? [exportMenu(this.kit, this.save)] : []),
          runAgain(state.phase === "cancelled"),
          change(),
          ...(state.view ? [number] : []),
        );
    }
    if (state.phase === "running") this.drawProgress(state.progress);
  }

  private drawProgress(progress: Progress | undefined): void {
    const track = this.bar.querySelector(".track");
    const done = this.bar.querySelector<HTMLElement>(".track-done");
    const text = this.bar.querySelector(".progress-text");
    if (!track || !done || !text) return;
    const ring = this.bar.querySelector<HTMLElement>("vscode-progress-ring, .ring");
    if (ring) ring.hidden = Boolean(progress && progress.of > 0);
    const share = progress && progress.of > 0 ? Math.min(1, progress.done / progress.of) : 0;
    done.style.transform = `scaleX(${share})`;
    track.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    const words = progress ? progressText(progress) : "Starting";
    track.setAttribute("aria-valuetext", words);
    setText(text, words);
  }
}

const ruleWidth = (width: number): number => Math.max(200, Math.min(640, width < 640 ? width : width - 250));

/** What is shown beside a number that is not final. */
const BADGES: Partial<Record<PanelState["phase"], string>> = { running: "preview", cancelled: "cancelled", interrupted: "interrupted" };

const PHASES = { opening: "Opening the model", reading: "Reading the dataset", running: "Running", scoring: "Scoring" } as const;

function progressText({ phase, done, of, unit, perSecond, secondsLeft, pass }: Progress): string {
  const parts: string[] = [PHASES[phase]];
  if (of > 0) parts.push(`${count(done)} of ${plural(of, unit.slice(0, -1))}`);
  if (pass) parts.push(`pass ${pass.at} of ${pass.of}`);
  if (perSecond) parts.push(`${digits(perSecond)} ${unit} a second`);
  if (secondsLeft !== null) parts.push(`${duration(Math.max(0, Math.round(secondsLeft)) * 1000)} left`);
  return parts.join(" · ");
}

/** What is kept of a run that did not end, and why it did not. */
export function interruptedText({ interrupted, problem }: PanelState): string {
  const at = interrupted ? `Interrupted at row ${count(interrupted.row)} of ${count(interrupted.of)}` : "Interrupted";
  return `${at}. What was computed is kept: Resume goes on from there, to the same result.${problem ? ` ${problem.message}` : ""}`;
}

function sentenceWithout(state: PanelState): string {
  const { phase, dataset } = state;
  switch (phase) {
    case "empty":
      return "Nothing is audited yet. In the Explorer, right-click a dataset (JSONL, JSON, CSV, TXT, Parquet, or a folder of images) and choose Audit Alignment.";
    case "running":
      return "The first picture comes with the first rows.";
    case "failed":
      return "";
    case "cancelled":
      return `The audit of ${baseName(dataset)} was cancelled before its first picture.`;
    case "interrupted":
      return interruptedText(state);
    case "done":
      return "";
    default:
      return phase satisfies never;
  }
}
