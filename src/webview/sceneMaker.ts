import type { AuditView, PromptPoint } from "../protocol/index.js";
import type { Columns } from "./columns.js";
import type { Finder } from "./finder.js";
import type { Images } from "./images.js";
import { type LayerAxis, layerAxis } from "./layers.js";
import { needsScores, orderRows, prepareOrders, wordsOf } from "./order.js";
import { rowIndex } from "./rowIndex.js";
import type { ViewState } from "./state.js";
import type { Texts } from "./texts.js";
import type { Theme } from "./theme.js";
import type { Scene } from "./views/view.js";

const NONE = new Uint32Array(0);

/** What a scene is made from beside the view. */
export interface Look {
  readonly state: ViewState;
  readonly theme: Theme;
  readonly hover: number | null;
  /** Of the lane that the pictures stand in, px. */
  readonly width: number;
  readonly prompts: readonly PromptPoint[];
}

/** Makes scenes; axis, order and index are kept while nothing that they follow from changes. */
export class SceneMaker {
  private axis: LayerAxis = layerAxis(1, 600);
  private order: Uint32Array = NONE;
  private orderKey: unknown[] = [];
  private byId: { rows: AuditView["rows"]; indexOf(id: number): number; needsScores: boolean } | undefined;
  private firstBest: number | null = null;

  constructor(
    private readonly texts: Texts,
    private readonly finder: Finder,
    private readonly images: Images | undefined,
    private readonly columns: Columns,
  ) {}

  make(view: AuditView, { state, theme, hover, width, prompts }: Look): Scene {
    const columns = Math.max(1, view.rows.columns);
    if (this.axis.count !== columns || this.axis.width !== width) this.axis = layerAxis(columns, width);
    const { layer, row } = state;
    if (this.byId?.rows !== view.rows) this.byId = { rows: view.rows, indexOf: rowIndex(view.rows), needsScores: needsScores(view.rows) };
    const { indexOf } = this.byId;
    const best = Math.max(0, view.result.probe.bestLayer ?? view.rows.probabilityLayer);
    // The best layer of a preview changes with every batch; the panel stays with the first until the end.
    this.firstBest = view.result.final ? null : (this.firstBest ?? best);
    const classNames = view.result.dataset.classes.map((c) => c.name) as unknown as [string, string];
    return {
      view,
      rows: view.rows,
      axis: this.axis,
      theme,
      layer: Math.max(0, Math.min(columns - 1, layer ?? this.firstBest ?? best)),
      hover: hover !== null && hover < columns ? hover : null,
      order: this.listOrder(view, state, classNames),
      row: row === null ? -1 : indexOf(row),
      prompts,
      indexOf,
      classNames,
      texts: this.texts,
      filled: view.later ? this.columns.version : 0,
      has: (layer) => this.columns.has(view, layer),
      images: this.images?.of(view),
    };
  }

  /** Sorted only when something changed it. Rows stay as they arrive until the scores stand, so that nothing moves under the pointer. */
  private listOrder(view: AuditView, { sort, filter, lasso }: ViewState, classNames: readonly [string, string]): Uint32Array {
    this.finder.want(wordsOf(filter).filter((word) => word !== "wrong" && !/^#?\d+$/.test(word)));
    const scored = this.byId?.needsScores && this.columns.has(view, view.rows.probabilityLayer) ? 1 : 0;
    const key = [view.rows, sort, filter, lasso, view.result.final, this.finder.version, scored];
    if (key.some((part, i) => part !== this.orderKey[i])) {
      this.orderKey = key;
      this.order = orderRows(view.rows, {
        sort: view.result.final ? sort : "arrival",
        filter,
        lasso,
        version: scored,
        classNames,
        text: (id) => this.texts.get(id),
        holds: (word, id) => this.finder.holds(word, id),
      });
      if (view.result.final) prepareOrders(view.rows, scored);
    }
    return this.order;
  }
}
