import type { AuditView, PanelState, Progress } from "../protocol/index.js";
import { Detail } from "./detail.js";
import { el, setText } from "./dom.js";
import { exportPictures } from "./export.js";
import { Finder } from "./finder.js";
import type { Host } from "./host.js";
import { Images } from "./images.js";
import type { Kit } from "./kit.js";
import { type LayerAxis, layerAxis } from "./layers.js";
import { ListTools } from "./listTools.js";
import { MapTools } from "./mapTools.js";
import { MoreLenses } from "./moreLenses.js";
import { indexById, orderRows, wordsOf } from "./order.js";
import { Section } from "./section.js";
import { skeleton } from "./skeleton.js";
import { type Stand, standsOf } from "./stands.js";
import { Store } from "./state.js";
import { Texts } from "./texts.js";
import { readTheme, type Theme, watchTheme } from "./theme.js";
import { Tooltip } from "./tooltip.js";
import { Verdict } from "./verdict.js";
import { resetZoom } from "./views/points.js";
import { scrollRows } from "./views/rows.js";
import type { Clicks, Scene } from "./views/view.js";

/** From here on the map has a column of its own beside the others. */
const WIDE = 900;
const NONE = new Uint32Array(0);

/** The panel: takes states and events, keeps the user's choices, draws at most once a frame. */
export class App {
  private state: PanelState = { phase: "empty", dataset: "", model: "" };
  private readonly store: Store;
  private readonly texts: Texts;
  private readonly finder: Finder;
  private readonly images: Images | undefined;
  private theme: Theme;
  private readonly verdict: Verdict;
  private readonly tooltip: Tooltip;
  private readonly detail: Detail;
  private readonly listTools: ListTools;
  private readonly mapTools: MapTools;
  private readonly sections = new Map<string, Section>();
  private readonly lane = el("div", { class: "lane" });
  private readonly side = el("div", { class: "side" });
  private readonly moreLenses: MoreLenses;
  private readonly extras = el("div", { class: "extras" });
  private readonly body = el("div", { class: "body" }, this.lane, this.side);
  private readonly waiting = skeleton();
  private readonly live = el("div", { class: "live", attrs: { role: "status" } });
  private axis: LayerAxis = layerAxis(1, 600);
  private hover: number | null = null;
  private order: Uint32Array = NONE;
  private orderKey: unknown[] = [];
  private byId: { rows: AuditView["rows"]; index: Map<number, number> } | undefined;
  /** The row came from the editor's cursor: it goes when the cursor leaves. */
  private fromEditor = false;
  private firstBest: number | null = null;
  private frame = 0;
  private restored = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly kit: Kit,
    private readonly host: Host,
  ) {
    this.theme = readTheme();
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
      resetZoom: () => {
        for (const { frame } of this.sections.values()) resetZoom(frame);
      },
    });
    this.detail = new Detail(kit, host);
    this.moreLenses = new MoreLenses(kit, host);
    root.replaceChildren(el("main", { attrs: { "aria-label": "Audit" } }, this.verdict.root, this.body, this.moreLenses.root, this.extras), this.live);
    this.tooltip = new Tooltip(root, () => ({ texts: this.texts, images: this.images?.of(this.state.view), id: (i) => this.state.view?.rows.id[i] ?? -1 }));
    watchTheme((theme) => {
      this.theme = theme;
      this.schedule();
    });
    new ResizeObserver(() => this.schedule()).observe(root);
    // Keys that come faster than frames each start from where the last one led.
    document.addEventListener("keydown", () => this.flush(), true);
    document.addEventListener("keydown", (event) => this.keys(event));
    document.addEventListener("visibilitychange", () => document.hidden && this.store.save());
    this.schedule();
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
    this.state = state;
    this.schedule();
  }

  showView(view: AuditView): void {
    this.state = { ...this.state, view };
    this.schedule();
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

  /** Says a sentence once, where screen readers hear it and eyes see it. */
  say(sentence: string): void {
    setText(this.live, sentence);
    setTimeout(() => this.live.textContent === sentence && setText(this.live, ""), 6_000);
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
      this.sections.get("rows/0")?.root.scrollIntoView({ block: "nearest", behavior: this.theme.moves ? "smooth" : "auto" });
      this.say(`${indices.length} rows listed: ${are}.`);
    },
    tip: (tip) => this.tooltip.show(tip),
    scrolled: (scroll) => this.restored && this.store.set({ scroll }),
  };

  private schedule(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** Draws now what waits for the next frame. */
  private flush(): void {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.draw();
  }

  private draw(): void {
    const width = this.root.clientWidth;
    if (width === 0) return;
    const wide = width >= WIDE;
    this.root.classList.toggle("wide", wide);
    this.root.classList.toggle("still", !this.theme.moves);
    this.verdict.draw(this.state, this.verdict.root.clientWidth || width, this.theme);
    this.body.hidden = !this.state.view;
    this.extras.hidden = !this.state.view;
    this.moreLenses.root.hidden = !this.state.view;
    if (this.state.phase === "running" && !this.state.view) this.body.before(this.waiting);
    else this.waiting.remove();
    const scene = this.scene();
    if (!scene) return;
    this.root.classList.toggle("narrow", scene.axis.narrow);
    const stands = standsOf(scene.view);
    for (const [i, stand] of stands.entries()) this.drawSection(stand, stands.slice(i + 1), scene);
    for (const [key, section] of this.sections) {
      if (stands.some((s) => s.key === key)) continue;
      section.root.remove();
      this.sections.delete(key);
    }
    this.moreLenses.draw(scene.view, this.state.phase === "running");
    this.detail.draw(scene);
    // Beside the list under the map; in one column right under the list.
    const home = wide ? this.side : this.lane;
    if (this.detail.root.parentElement !== home) home.append(this.detail.root);
    if (!this.restored) this.restore();
  }

  private restore(): void {
    this.restored = true;
    const section = this.sections.get("rows/0");
    if (section && this.store.now.scroll > 0) scrollRows(section.frame, this.store.now.scroll);
  }

  private drawSection(stand: Stand, later: readonly Stand[], scene: Scene): void {
    const { key, slot, picture } = stand;
    let section = this.sections.get(key);
    if (section && section.shape !== stand.shape) {
      section.root.remove();
      section = undefined;
    }
    if (!section) {
      section = new Section(this.kit, stand.shape, slot, {
        table: () => this.toggleTable(key),
        about: this.host.actions && ((page) => this.host.actions?.about(page)),
      });
      this.sections.set(key, section);
      const parent = slot === "extra" ? this.extras : slot === "map" ? this.side : this.lane;
      const next = later.map((s) => this.sections.get(s.key)?.root).find((root) => root?.parentElement === parent);
      parent.insertBefore(section.root, next ?? (this.detail.root.parentElement === parent ? this.detail.root : null));
      if (key === "rows/0") section.tools.append(this.listTools.root);
      if (key === "map/0") section.tools.append(this.mapTools.root);
    }
    if (key === "rows/0") this.listTools.draw(scene, this.store.now, this.finder);
    if (key === "map/0") this.mapTools.draw(scene);
    if (picture) section.draw(picture, scene, this.store.now.tables.includes(key), this.clicks);
    else section.keepFree(stand, scene);
  }

  private toggleTable(id: string): void {
    const { tables } = this.store.now;
    this.store.set({ tables: tables.includes(id) ? tables.filter((other) => other !== id) : [...tables, id] });
  }

  private scene(): Scene | undefined {
    const { view } = this.state;
    if (!view) return undefined;
    const columns = Math.max(1, view.rows.columns);
    const width = this.lane.clientWidth || this.root.clientWidth;
    if (this.axis.count !== columns || this.axis.width !== width) this.axis = layerAxis(columns, width);
    const { layer, row } = this.store.now;
    if (this.byId?.rows !== view.rows) this.byId = { rows: view.rows, index: indexById(view.rows) };
    const best = Math.max(0, view.result.probe.bestLayer ?? view.rows.probabilityLayer);
    // The best layer of a preview changes with every batch; the panel stays with the first until the end.
    this.firstBest = view.result.final ? null : (this.firstBest ?? best);
    const classNames = view.result.dataset.classes.map((c) => c.name) as unknown as [string, string];
    return {
      view,
      rows: view.rows,
      axis: this.axis,
      theme: this.theme,
      layer: Math.max(0, Math.min(columns - 1, layer ?? this.firstBest ?? best)),
      hover: this.hover !== null && this.hover < columns ? this.hover : null,
      order: this.listOrder(view, classNames),
      row: row === null ? -1 : (this.byId.index.get(row) ?? -1),
      classNames,
      texts: this.texts,
      images: this.images?.of(view),
    };
  }

  /** Sorted only when something changed it. Rows stay as they arrive until the scores stand, so that nothing moves under the pointer. */
  private listOrder(view: AuditView, classNames: readonly [string, string]): Uint32Array {
    const { sort, filter, lasso } = this.store.now;
    this.finder.want(wordsOf(filter).filter((word) => word !== "wrong" && !/^#?\d+$/.test(word)));
    const key = [view.rows, sort, filter, lasso, view.result.final, this.finder.version];
    if (key.some((part, i) => part !== this.orderKey[i])) {
      this.orderKey = key;
      this.order = orderRows(view.rows, {
        sort: view.result.final ? sort : "arrival",
        filter,
        lasso: lasso && new Set(lasso),
        classNames,
        text: (id) => this.texts.get(id),
        holds: (word, id) => this.finder.holds(word, id),
      });
    }
    return this.order;
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
