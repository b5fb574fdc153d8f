import { el } from "./dom.js";
import type { Kit } from "./kit.js";

export interface Section {
  readonly root: HTMLElement;
  readonly heading: HTMLElement;
  readonly note: HTMLElement;
  /** Between heading and picture: legends, filters, sliders. */
  readonly tools: HTMLElement;
  /** Where the view draws. */
  readonly frame: HTMLElement;
  /** Where the table stands when it is wanted. */
  readonly table: HTMLElement;
  readonly tableButton: HTMLElement;
}

let numbered = 0;

/** A titled part of the panel with its table and its page about the numbers. */
export function makeSection(kit: Kit, kind: string, wishes: { table(): void; about?: () => void }): Section {
  const heading = el("h2", { attrs: { id: `section-${++numbered}` } });
  const note = el("p", { class: "note" });
  const tools = el("div", { class: "tools" });
  const frame = el("div", { class: `frame ${kind}` });
  const table = el("div", { class: "table-place" });
  table.hidden = true;
  const tableButton = kit.button({ text: "Table", look: "quiet", label: "Show as table", press: wishes.table });
  const about = wishes.about && kit.button({ text: "About", look: "quiet", label: "About these numbers", press: wishes.about });
  const head = el("div", { class: "section-head" }, heading, el("div", { class: "section-buttons" }, tableButton, about));
  const root = el("section", { class: `section ${kind}-section`, attrs: { "aria-labelledby": heading.id } }, head, note, tools, frame, table);
  return { root, heading, note, tools, frame, table, tableButton };
}
