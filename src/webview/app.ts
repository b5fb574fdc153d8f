import type { AuditView, PanelState, Progress, PromptPoint } from "../protocol/index.js";
import { AxiomTable } from "./axioms.js";
import { Columns } from "./columns.js";
import { Detail } from "./detail.js";
import { el } from "./dom.js";
import { exportPictures } from "./export.js";
import { Finder } from "./finder.js";
import type { Host } from "./host.js";
import { Images } from "./images.js";
import type { Kit } from "./kit.js";
import { ListTools } from "./listTools.js";
import { MapTools } from "./mapTools.js";
import { MoreLenses } from "./moreLenses.js";
import { Live, Redraw } from "./redraw.js";
import { revealMap } from "./revealMap.js";
import { SceneMaker } from "./sceneMaker.js";
import { Sections } from "./sections.js";
import { skeleton } from "./skeleton.js";
import { Store } from "./state.js";
import { Texts } from "./texts.js";
import { Tooltip } from "./tooltip.js";
import { Verdict } from "./verdict.js";
import type { Clicks, Scene } from "./views/view.js";

/** From here on the map has a column of its own beside the others. */
const WIDE = 900;

/** The panel: takes states and events, keeps the user's choices, draws at most once a frame. */
export class App {
  private state: PanelState = { phase: "empty", dataset: "", model: "" };
  private readonly store: Store;
  private readonly texts: Texts;
  private readonly finder: Finder;
  private readonly images: Images | undefined;
  private readonly columns: Columns;
  private readonly verdict: Verdict;
  private readonly tooltip: Tooltip;
  private readonly detail: Detail;
  private readonly listTools: ListTools;
  private readonly mapTools: MapTools;
  private readonly scenes: SceneMaker;
  private readonly sections: Sections;
  private readonly axioms: AxiomTable;
  private readonly moreLenses: MoreLenses;
  private readonly body: HTMLElement;
  private readonly waiting = skeleton();
  private readonly live = new Live();
  private readonly redraw: Redraw;
  private hover: number | null = null;
  private prompts: readonly PromptPoint[] = [];
  /** The row came from the editor's cursor: it goes when the cursor leaves. */
  private fromEditor = false;
  private restored = false;

  constructor(
    private readonly root: HTMLElement,
    kit: Kit,
    private readonly host: Host,
  ) {
    this.store = new Store(host.keeper, () => this.schedule());
    this.texts = new Texts(
      (rows) => host.texts(rows),
      () => this.schedule(),
      host.known,
    );
    this.images =
      host.images &&
      new Images(
        (rows, side) => host.images!(rows, side),
        () => this.schedule(),
      );
    this.finder = new Finder(host.find, () => this.schedule());
    this.columns = new Columns(host.columns, () => {
      if (this.columns.trouble) this.say(this.columns.trouble);
      this.schedule();
    });
    this.verdict = new Verdict(kit, host, (format, withText) => {
      const scene = this.scene();
      const svgs = scene && format === "svg" ? exportPictures(scene) : undefined;
      host.actions?.exportRun(format, withText, svgs);
    });
    this.listTools = new ListTools(kit, {
      sort: (sort) => this.store.set({ sort }),
      filter: (filter) => this.store.set({ filter }),
      letGo: () => this.store.set({ lasso: null, listed: null }),
    });
    this.mapTools = new MapTools(kit, {
      layer: (layer) => this.clicks.layer(layer),
      resetZoom: () => this.sections.resetZoom(),
      prompt: (key) => this.clicks.prompt?.(key),
    });
    this.detail = new Detail(kit, host);
    this.scenes = new SceneMaker(this.texts, this.finder, this.images, this.columns);
    this.sections = new Sections(kit, host, this.store, { list: this.listTools, map: this.mapTools, finder: this.finder, detail: this.detail.root });
    this.axioms = new AxiomTable(kit, host, (rows, are) => this.clicks.list?.(rows, are));
    this.moreLenses = new MoreLenses(kit, host);
    this.body = el("div", { class: "body" }, this.sections.lane, this.sections.side);
    root.replaceChildren(
      el("main", { attrs: { "aria-label": "Audit" } }, this.verdict.root, this.body, this.sections.extras, this.moreLenses.root),
      this.live.root,
    );
    this.tooltip = new Tooltip(root, () => ({ texts: this.texts, images: this.images?.of(this.state.view), id: (i) => this.state.view?.rows.id[i] ?? -1 }));
    this.redraw = new Redraw(root, () => this.draw());
    document.addEventListener("keydown", (event) => this.keys(event));
    document.addEventListener("visibilitychange", () => document.hidden && this.store.save());
  }

  showState(state: PanelState): void {
    const other = state.dataset !== this.state.dataset || state.model !== this.state.model;
    if (other && this.state.phase !== "empty") {
      this.texts.clear();
      this.finder.clear();
      this.images?.clear();
      this.store.set({ row: null, lasso: null, listed: null, layer: null, scroll: 0 });
    }
    // Texts that could not be read may be readable again: the engine was started anew, the file is back.
    this.texts.trouble = undefined;
    this.finder.trouble = undefined;
    this.state = this.withRoom(state);
    this.schedule();
  }

  showView(view: AuditView): void {
    this.state = this.withRoom({ ...this.state, view });
    this.schedule();
  }

  /** A large view comes without its values by layer; there is room for them from now on. */
  private withRoom(state: PanelState): PanelState {
    const view = this.columns.take(state.view);
    return view ? { ...state, view } : state;
  }

  showProgress(progress: Progress): void {
    this.state = { ...this.state, progress };
    this.schedule();
  }

  /** The row under the editor's cursor. */
  showActive(row: number | null): void {
    if (row === null && !this.fromEditor) return;
    this.fromEditor = row !== null;
    this.store.set({ row });
  }

  /** Prompts in code, among the rows on the map. @param reveal the first of them was asked for */
  showPrompts(prompts: readonly PromptPoint[], reveal = false): void {
    this.prompts = prompts;
    const [first] = prompts;
    if (reveal && first) {
      this.store.set({ layer: first.layer });
      revealMap();
    }
    this.schedule();
  }

  /** Says a sentence once, where screen readers hear it and eyes see it. */
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
      this.fromEditor = false;
      this.store.set({ row: id });
      if (how !== "mark") this.host.actions?.open(id, how === "show");
    },
    lasso: (indices) => {
      const rows = this.state.view?.rows;
      if (rows) this.store.set({ lasso: indices ? indices.map((i) => rows.id[i]) : null, listed: null, scroll: 0 });
    },
    list: (indices, are) => {
      const rows = this.state.view?.rows;
      if (!rows) return;
      this.store.set({ lasso: indices.map((i) => rows.id[i]), listed: are, scroll: 0 });
      this.sections.rows?.root.scrollIntoView({ block: "nearest", behavior: this.redraw.theme.moves ? "smooth" : "auto" });
      this.say(`${indices.length} rows listed: ${are}.`);
    },
    prompt: (key) => this.host.actions?.openPrompt(key),
    tip: (tip) => this.tooltip.show(tip),
    scrolled: (scroll) => this.restored && this.store.set({ scroll }),
  };

  private schedule(): void {
    this.redraw.soon();
  }

  private draw(): void {
    const width = this.root.clientWidth;
    if (width === 0) return;
    const wide = width >= WIDE;
    this.root.classList.toggle("wide", wide);
    this.root.classList.toggle("still", !this.redraw.theme.moves);
    this.verdict.draw(this.state, this.verdict.root.clientWidth || width, this.redraw.theme);
    this.body.hidden = !this.state.view;
    this.sections.extras.hidden = !this.state.view;
    this.moreLenses.root.hidden = !this.state.view;
    if (this.state.phase === "running" && !this.state.view) this.body.before(this.waiting);
    else this.waiting.remove();
    const scene = this.scene();
    if (!scene) return;
    this.columns.want(scene.layer);
    this.root.classList.toggle("narrow", scene.axis.narrow);
    this.sections.draw(scene, this.clicks);
    this.axioms.draw(scene, this.sections);
    this.moreLenses.draw(scene.view, this.state.phase === "running");
    this.detail.draw(scene);
    // Beside the list under the map; in one column right under the list.
    const home = wide ? this.sections.side : this.sections.lane;
    if (this.detail.root.parentElement !== home) home.append(this.detail.root);
    if (!this.restored) this.restore();
  }

  private restore(): void {
    this.restored = true;
    this.sections.scrollTo(this.store.now.scroll);
  }

  private scene(): Scene | undefined {
    const { view } = this.state;
    if (!view) return undefined;
    const width = this.sections.lane.clientWidth || this.root.clientWidth;
    return this.scenes.make(view, { state: this.store.now, theme: this.redraw.theme, hover: this.hover, width, prompts: this.prompts });
  }

  private keys(event: KeyboardEvent): void {
    const target = event.composedPath()[0] as HTMLElement;
    const typing = target.matches?.("input, textarea, select");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      this.listTools.focus();
    } else if (event.key === "Escape") {
      this.tooltip.show(null);
      this.mapTools.stop();
      if (typing) target.blur();
      else if (this.store.now.lasso) this.store.set({ lasso: null, listed: null });
      else this.store.set({ row: null });
    }
  }
}
