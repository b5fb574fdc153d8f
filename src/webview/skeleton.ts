import { el } from "./dom.js";

/** The places of the pictures before the first one has come, so that the layout stands from the first moment. */
export function skeleton(): HTMLElement {
  const place = (title: string, height: number) => {
    const ground = el("div", { class: "skeleton-ground" });
    ground.style.height = `${height}px`;
    return el(
      "section",
      { class: "section" },
      el("div", { class: "section-head" }, el("h2", { text: title })),
      el("div", { class: "note", text: "\u00a0" }),
      ground,
    );
  };
  return el(
    "div",
    { class: "body skeleton", attrs: { "aria-hidden": "true" } },
    el("div", { class: "lane" }, place("Probe by layer", 230), place("Metrics by layer", 222), place("Rows", 430)),
    el("div", { class: "side" }, place("Map", 400)),
  );
}
