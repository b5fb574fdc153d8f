import { el } from "./dom.js";
import type { Finder } from "./finder.js";
import type { Host } from "./host.js";
import type { Kit } from "./kit.js";
import { LensGroups } from "./lensGroups.js";
import type { ListTools } from "./listTools.js";
import type { MapTools } from "./mapTools.js";
import { Section } from "./section.js";
import { type Stand, standsOf } from "./stands.js";
import type { Store } from "./state.js";
import { resetZoom } from "./views/points.js";
import { scrollRows } from "./views/rows.js";
import type { Clicks, Scene } from "./views/view.js";

/** The pictures of a view, each in its place: most in the lane, the map beside them, those of lenses on demand below, folded by lens. */
export class Sections {
  readonly lane = el("div", { class: "lane" });
  readonly side = el("div", { class: "side" });
  private readonly groups: LensGroups;
  private readonly shown = new Map<string, Section>();

  constructor(
    private readonly kit: Kit,
    private readonly host: Host,
    private readonly store: Store,
    private readonly parts: { readonly list: ListTools; readonly map: MapTools; readonly finder: Finder; readonly detail: HTMLElement },
  ) {
    this.groups = new LensGroups(store);
  }

  /** Under the lane and the map. */
  get extras(): HTMLElement {
    return this.groups.root;
  }

  draw(scene: Scene, on: Clicks): void {
    const stands = standsOf(scene.view);
    this.groups.draw(scene.view, stands);
    for (const [i, stand] of stands.entries()) this.drawOne(stand, stands.slice(i + 1), scene, on);
    for (const [key, section] of this.shown) {
      if (stands.some((s) => s.key === key)) continue;
      section.root.remove();
      this.shown.delete(key);
    }
  }

  /** The list's section: what stands above it goes before this. */
  get rows(): Section | undefined {
    return this.shown.get("rows/0");
  }

  resetZoom(): void {
    for (const { frame } of this.shown.values()) resetZoom(frame);
  }

  scrollTo(top: number): void {
    if (this.rows && top > 0) scrollRows(this.rows.frame, top);
  }

  private drawOne(stand: Stand, later: readonly Stand[], scene: Scene, on: Clicks): void {
    const { key, slot, picture } = stand;
    const { list, map, finder, detail } = this.parts;
    const parent = slot === "extra" ? this.groups.home(picture) : slot === "map" ? this.side : this.lane;
    let section = this.shown.get(key);
    if (section && (section.shape !== stand.shape || section.root.parentElement !== parent)) {
      section.root.remove();
      section = undefined;
    }
    if (!section) {
      section = new Section(this.kit, stand.shape, slot, {
        table: () => this.toggleTable(key),
        about: this.host.actions && ((page) => this.host.actions?.about(page)),
      });
      this.shown.set(key, section);
      const next = later.map((s) => this.shown.get(s.key)?.root).find((root) => root?.parentElement === parent);
      parent.insertBefore(section.root, next ?? (detail.parentElement === parent ? detail : null));
      if (key === "rows/0") section.tools.append(list.root);
      if (key === "map/0") section.tools.append(map.root);
    }
    if (key === "rows/0") list.draw(scene, this.store.now, finder);
    if (key === "map/0") map.draw(scene);
    // What is folded has no width to be drawn in.
    if (slot === "extra" && !this.groups.isOpen(picture)) return;
    if (picture) section.draw(picture, scene, this.store.now.tables.includes(key), on);
    else section.keepFree(stand, scene);
  }

  private toggleTable(id: string): void {
    const { tables } = this.store.now;
    this.store.set({ tables: tables.includes(id) ? tables.filter((other) => other !== id) : [...tables, id] });
  }
}
