import type { AuditView, Picture } from "../protocol/index.js";
import { el, setText } from "./dom.js";
import { plural } from "./format.js";
import type { Stand } from "./stands.js";
import type { Store } from "./state.js";

interface Group {
  readonly root: HTMLDetailsElement;
  readonly title: HTMLElement;
  readonly says: HTMLElement;
  /** As it was last set; anything else is the user's doing. */
  open: boolean;
}

/** The pictures of lenses beside the core ones, one fold a lens; open by itself where there is but one. */
export class LensGroups {
  readonly root = el("div", { class: "extras" });
  private readonly groups = new Map<string, Group>();

  constructor(private readonly store: Store) {}

  draw({ lenses }: AuditView, stands: readonly Stand[]): void {
    const count = new Map<string, number>();
    for (const { slot, picture } of stands) if (slot === "extra" && picture) count.set(picture.lens, (count.get(picture.lens) ?? 0) + 1);
    for (const [lens, { root }] of this.groups) {
      if (count.has(lens)) continue;
      root.remove();
      this.groups.delete(lens);
    }
    const card = (lens: string) => lenses?.find(({ id }) => id === lens);
    const onDemand = [...count.keys()].filter((lens) => !card(lens)?.core);
    for (const [lens, pictures] of count) {
      const group = this.of(lens);
      const { root, title, says } = group;
      const known = card(lens);
      const only = known?.core && stands.find(({ slot, picture }) => slot === "extra" && picture?.lens === lens)?.picture;
      setText(title, only ? only.title : (known?.title ?? nameOf(lens)));
      setText(says, only ? "" : (known?.says ?? plural(pictures, "picture")));
      root.classList.toggle("single", Boolean(only) && pictures === 1);
      const open = this.store.now.folds[lens] ?? (onDemand.length === 1 && onDemand[0] === lens);
      group.open = open;
      if (root.open !== open) root.open = open;
      if (root.parentElement !== this.root) this.root.append(root);
    }
  }

  home(picture: Picture | undefined): HTMLElement {
    return picture ? this.of(picture.lens).root : this.root;
  }

  isOpen(picture: Picture | undefined): boolean {
    return !picture || this.of(picture.lens).root.open;
  }

  private of(lens: string): Group {
    const known = this.groups.get(lens);
    if (known) return known;
    const title = el("h2", {});
    const says = el("span", { class: "lens-question" });
    const root = el(
      "details",
      { class: "lens-group", on: { toggle: () => root.open !== group.open && this.toggled(lens, root.open) } },
      el("summary", {}, el("span", { class: "lens-words" }, title, says)),
    );
    const group: Group = { root, title, says, open: false };
    this.groups.set(lens, group);
    return group;
  }

  /** Also asks for a drawing: what was folded was not drawn. */
  private toggled(lens: string, open: boolean): void {
    this.store.set({ folds: { ...this.store.now.folds, [lens]: open } });
  }
}

const nameOf = (id: string): string => id.charAt(0).toUpperCase() + id.slice(1).replaceAll("-", " ");
