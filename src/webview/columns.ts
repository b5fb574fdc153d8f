import { type AuditView, fillColumns, type LayerColumns, laterLayers, makeRoom } from "../protocol/index.js";

export type ReadColumns = (stamp: number, layer: number) => Promise<LayerColumns | null>;

/** Values by row and layer of a large view: asked for one layer at a time, the layer that is looked at first. */
export class Columns {
  private whole: AuditView | undefined;
  private there: Uint8Array = new Uint8Array(0);
  private wanted = 0;
  private busy = false;
  /** Raised with every layer that has come. */
  version = 0;
  /** Why no more will come; said once. */
  trouble: string | undefined;

  constructor(
    private readonly read: ReadColumns | undefined,
    private readonly arrived: () => void,
  ) {}

  /** The view with room for what follows; the same object for the same view, however often it is told. */
  take(view: AuditView | undefined): AuditView | undefined {
    if (!view?.later || !this.read) {
      this.whole = undefined;
      return view;
    }
    if (this.whole?.later?.stamp !== view.later.stamp) {
      this.whole = makeRoom(view);
      this.there = new Uint8Array(laterLayers(view));
      this.trouble = undefined;
      this.wanted = Math.max(0, view.rows.probabilityLayer);
      void this.pump();
    }
    return this.whole;
  }

  has(view: AuditView, layer: number): boolean {
    return view !== this.whole || this.there[layer] === 1;
  }

  /** The layer that is looked at: it is asked for next, then those around it. */
  want(layer: number): void {
    this.wanted = layer;
  }

  private async pump(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let layer = this.next(); this.whole?.later && layer >= 0; layer = this.next()) {
        const view = this.whole;
        const columns = await this.read?.(view.later!.stamp, layer);
        if (view !== this.whole) continue;
        // Another view is on its way.
        if (!columns) return;
        fillColumns(view, layer, columns);
        this.there[layer] = 1;
        this.version++;
        this.arrived();
        // A frame between two layers: what is asked of the panel meanwhile is not kept waiting.
        await new Promise((done) => setTimeout(done, 0));
      }
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      this.arrived();
    } finally {
      this.busy = false;
    }
  }

  /** The nearest to the wanted layer that is not there; -1 = all are. */
  private next(): number {
    let best = -1;
    for (let layer = 0; layer < this.there.length; layer++)
      if (this.there[layer] === 0 && (best < 0 || Math.abs(layer - this.wanted) < Math.abs(best - this.wanted))) best = layer;
    return best;
  }
}
