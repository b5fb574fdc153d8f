import type { AuditView, PanelImage } from "../protocol/index.js";

/** Pixels of a thumbnail and of the larger picture; asked for at once; kept in memory, about 3 kB each. */
export const SMALL = 64;
export const LARGE = 320;
const MOST_ASKED = 32;
const MOST_KEPT = 2_000;

type Read = (rows: number[], side: number) => Promise<PanelImage[]>;

/** Pictures of rows, read only when a row comes into sight; in memory only, the oldest go first. A row without one has a reason. */
export class Images {
  private readonly small = new Map<number, PanelImage>();
  private readonly large = new Map<number, PanelImage>();
  private readonly asked = new Set<number>();
  private wanted: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** After a failure nothing more is asked for; the names stay. */
  private failed = false;

  constructor(
    private readonly read: Read,
    private readonly arrived: () => void,
  ) {}

  /** Itself, where the rows of a view are images. */
  of(view: AuditView | undefined): Images | undefined {
    return view?.result.dataset.input === "images" ? this : undefined;
  }

  get(id: number): PanelImage | undefined {
    return this.small.get(id);
  }

  /** Asks for what is in sight and not known; a later wish replaces one that has not gone out. */
  want(ids: readonly number[]): void {
    const missing = ids.filter((id) => !this.small.has(id) && !this.asked.has(id)).slice(0, MOST_ASKED);
    if (missing.length === 0 || this.failed) return;
    this.wanted = missing;
    this.timer ??= setTimeout(() => void this.fetch(), 40);
  }

  /** The larger picture of one row, for a closer look. */
  async closer(id: number): Promise<PanelImage | undefined> {
    const known = this.large.get(id);
    if (known || this.failed) return known;
    const [image] = await this.read([id], LARGE).catch(() => []);
    if (image) keep(this.large, id, image, 40);
    return image;
  }

  clear(): void {
    this.small.clear();
    this.large.clear();
    this.asked.clear();
    this.failed = false;
  }

  private async fetch(): Promise<void> {
    this.timer = undefined;
    const ids = this.wanted;
    this.wanted = [];
    for (const id of ids) this.asked.add(id);
    try {
      for (const image of await this.read(ids, SMALL)) keep(this.small, image.row, image, MOST_KEPT);
    } catch {
      this.failed = true;
    } finally {
      for (const id of ids) this.asked.delete(id);
      this.arrived();
    }
  }
}

function keep(into: Map<number, PanelImage>, id: number, image: PanelImage, most: number): void {
  into.set(id, image);
  for (const old of into.keys()) {
    if (into.size <= most) break;
    into.delete(old);
  }
}

/** Shows a picture in an element made for it, or leaves its place empty; touches the page only when it changes. */
export function showIn(element: HTMLImageElement, image: PanelImage | undefined): void {
  const url = image?.url ?? "";
  element.hidden = url === "";
  if (url !== "" && element.src !== url) element.src = url;
}
