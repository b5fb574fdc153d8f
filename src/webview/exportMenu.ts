import { el } from "./dom.js";
import type { ExportFormat } from "./host.js";
import type { Kit } from "./kit.js";

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ["json", "JSON result"],
  ["csv", "CSV rows"],
  ["svg", "SVG pictures"],
  ["html", "HTML report"],
];

/** Formats to save in; row texts go along only when asked for, anew each time. */
export function exportMenu(kit: Kit, save: (format: ExportFormat, withText: boolean) => void, formats?: readonly ExportFormat[]): HTMLElement {
  let withText = false;
  const texts = kit.checkbox("Include row texts", (on) => {
    withText = on;
  });
  const menu = el("details", { class: "menu" }, el("summary", { text: "Export" }));
  const close = () => {
    menu.open = false;
  };
  const items = FORMATS.filter(([format]) => !formats || formats.includes(format)).map(([format, text]) =>
    kit.button({
      text,
      press: () => {
        close();
        save(format, withText);
        withText = false;
        texts.set(false);
      },
    }),
  );
  menu.append(el("div", { class: "menu-items", attrs: { role: "group", "aria-label": "Export" } }, ...items, texts.element));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    close();
    menu.querySelector("summary")?.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget as Node)) close();
  });
  const outside = (event: PointerEvent) => {
    if (!menu.contains(event.target as Node)) close();
  };
  menu.addEventListener("toggle", () => {
    if (menu.open) document.addEventListener("pointerdown", outside);
    else document.removeEventListener("pointerdown", outside);
  });
  return menu;
}
