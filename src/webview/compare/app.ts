import type { ComparePanelEvents, CompareState, CompareView, Picture, Ranking } from "../../protocol/index.js";
import { el } from "../dom.js";
import { picturesOnPaper } from "../export.js";
import type { Kit } from "../kit.js";
import { type LayerAxis, layerAxis } from "../layers.js";
import { Live, Redraw } from "../redraw.js";
import { rowIndex } from "../rowIndex.js";
import { Section } from "../section.js";
import { Texts } from "../texts.js";
import { Tooltip } from "../tooltip.js";
import type { Clicks, Stage } from "../views/view.js";
import { Beside } from "./beside.js";
import { CompareHead } from "./head.js";
import type { CompareHost } from "./host.js";
import { CompareStore } from "./state.js";

const WIDE = 900;

/** The comparison's panel: one pair of runs in pictures on one layer axis, the series above it on an axis of runs. */
export class CompareApp {
  private state: CompareState = { phase: "working", names: [] };
  private readonly store: CompareStore;
  private readonly texts: Texts;
  private readonly head: CompareHead;
  private readonly beside: Beside;
  private readonly tooltip: Tooltip;
  private readonly sections = new Map<string, Section>();
  private readonly series = el("div", { class: "lane series" });
  private readonly lane = el("div", { class: "lane" });
  private readonly side = el("div", { class: "side" });
  private readonly body = el("div", { class: "body" }, this.lane, this.side);
  private readonly live = new Live();
  private readonly redraw: Redraw;
  private axis: LayerAxis = layerAxis(1, 600);
  private runAxis: LayerAxis = layerAxis(1, 600);
  private hover: number | null = null;
  private runHover: number | null = null;
  private index: { view: CompareView; of(id: number): number } | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly kit: Kit,
    private readonly host: CompareHost,
  ) {
    this.store = new CompareStore(host.keeper, () => this.schedule());
    this.texts = new Texts(
      (rows) => host.texts(rows),
      () => this.schedule(),
      host.known,
    );
    this.head = new CompareHead(kit, host, (format, withText) => {
      const stage = this.stage();
      const pictures = this.state.view?.pictures.filter(({ id }) => !id.startsWith("compare/series")) ?? [];
      host.actions?.save(format, withText, stage && format === "svg" ? picturesOnPaper(pictures, stage) : undefined);
    });
    this.beside = new Beside(kit, host);
    this.side.append(this.beside.root);
    root.replaceChildren(el("main", { attrs: { "aria-label": "Comparison" } }, this.head.root, this.series, this.body), this.live.root);
    this.tooltip = new Tooltip(root, () => ({ texts: this.texts, id: (i) => this.state.view?.rows.id[i] ?? -1 }));
    this.redraw = new Redraw(root, () => this.draw());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.tooltip.show(null);
      this.store.set({ row: null });
    });
  }

  show(state: ComparePanelEvents["compare.state"]): void {
    const runs = state.view?.result.runs.map(({ name }) => name).join();
    if (runs !== this.state.view?.result.runs.map(({ name }) => name).join() && this.state.view) this.store.set({ layer: null, row: null });
    this.texts.trouble = undefined;
    this.state = state;
    if (state.ids) this.store.set({ runs: state.ids, pair: state.view?.shown ?? null });
    this.schedule();
  }

  say(sentence: string): void {
    this.live.say(sentence);
  }

  private readonly clicks: Clicks = {
    layer: (layer) => this.store.set({ layer }),
    hover: (layer) => {
      if (layer === this.hover) return;
      this.hover = layer;
      this.schedule();
    },
    row: (index, how) => {
      const id = this.state.view?.rows.id[index];
      if (id === undefined) return;
      this.store.set({ row: id });
      if (how !== "mark") this.host.actions?.open(id, how === "show");
    },
    lasso: () => {},
    tip: (tip) => this.tooltip.show(tip),
    scrolled: () => {},
  };

  /** On the axis of runs a column is a run: choosing one sets it against the base. */
  private readonly runClicks: Clicks = {
    ...this.clicks,
    layer: (run) => run > 0 && run - 1 !== this.state.view?.shown && this.host.actions?.showPair(run - 1),
    hover: (run) => {
      if (run === this.runHover) return;
      this.runHover = run;
      this.schedule();
    },
  };

  private schedule(): void {
    this.redraw.soon();
  }

  private draw(): void {
    const width = this.root.clientWidth;
    if (width === 0) return;
    this.root.classList.toggle("wide", width >= WIDE);
    this.root.classList.toggle("still", !this.redraw.theme.moves);
    this.head.draw(this.state, this.head.root.clientWidth || width, this.redraw.theme);
    const stage = this.state.phase === "failed" ? undefined : this.stage();
    this.body.hidden = !stage;
    this.series.hidden = !stage;
    const { view } = this.state;
    if (!stage || !view) return;
    this.root.classList.toggle("narrow", stage.axis.narrow);
    const shown = new Set<string>();
    for (const picture of view.pictures) {
      shown.add(picture.id);
      const ofRuns = picture.id.startsWith("compare/series");
      this.drawSection(picture, ofRuns ? this.runStage(stage, view) : stage, ofRuns);
    }
    for (const [id, section] of this.sections) {
      if (shown.has(id)) continue;
      section.root.remove();
      this.sections.delete(id);
    }
    const moved = view.pictures.find((p): p is Ranking => p.shape === "ranking");
    const at = stage.layer * stage.rows.count + stage.row;
    const values = moved?.from && moved.to && stage.row >= 0 ? { a: moved.from[at], b: moved.to[at] } : undefined;
    this.beside.draw(view.result.pairs[view.shown], stage, values);
  }

  private drawSection(picture: Picture, stage: Stage, ofRuns: boolean): void {
    let section = this.sections.get(picture.id);
    if (!section) {
      const about = this.host.actions?.about;
      section = new Section(this.kit, picture.shape, picture.slot, { table: () => this.toggleTable(picture.id), ...(about ? { about } : {}) });
      this.sections.set(picture.id, section);
      (ofRuns ? this.series : this.lane).append(section.root);
    }
    section.draw(picture, stage, this.store.now.tables.includes(picture.id), ofRuns ? this.runClicks : this.clicks);
  }

  private toggleTable(id: string): void {
    const { tables } = this.store.now;
    this.store.set({ tables: tables.includes(id) ? tables.filter((other) => other !== id) : [...tables, id] });
  }

  private stage(): Stage | undefined {
    const { view } = this.state;
    if (!view) return undefined;
    const pair = view.result.pairs[view.shown];
    const columns = pair.layers.length;
    const width = this.lane.clientWidth || this.root.clientWidth;
    if (this.axis.count !== columns || this.axis.width !== width) this.axis = layerAxis(columns, width);
    if (this.index?.view !== view) this.index = { view, of: rowIndex(view.rows) };
    const { layer, row } = this.store.now;
    return {
      rows: view.rows,
      axis: this.axis,
      theme: this.redraw.theme,
      layer: Math.max(0, Math.min(columns - 1, layer ?? pair.column ?? columns - 1)),
      hover: this.hover !== null && this.hover < columns ? this.hover : null,
      row: row === null ? -1 : this.index.of(row),
      classNames: view.result.dataset.classNames,
      texts: this.texts,
      filled: 0,
      has: () => true,
    };
  }

  private runStage(stage: Stage, { result, shown }: CompareView): Stage {
    const width = this.series.clientWidth || this.root.clientWidth;
    if (this.runAxis.count !== result.runs.length || this.runAxis.width !== width)
      this.runAxis = { ...layerAxis(result.runs.length, width), name: "run", names: result.runs.map(({ mark }) => mark) };
    return { ...stage, axis: this.runAxis, layer: shown + 1, hover: this.runHover };
  }
}
