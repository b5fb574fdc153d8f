import { el } from "./dom.js";

export interface ButtonWish {
  readonly text: string;
  readonly look?: "primary" | "secondary" | "quiet";
  readonly label?: string;
  press(): void;
}
export interface Choice {
  readonly id: string;
  readonly name: string;
}

/** A control and the way to change it from outside. */
export interface Control<Value> {
  readonly element: HTMLElement;
  set(value: Value): void;
}

/** The few controls that the panel uses. VS Code's own come from `controls.ts`; a report has the browser's. */
export interface Kit {
  button(wish: ButtonWish): HTMLElement;
  checkbox(text: string, changed: (on: boolean) => void): Control<boolean>;
  dropdown(label: string, choices: readonly Choice[], changed: (id: string) => void): Control<string>;
  textField(label: string, placeholder: string, changed: (text: string) => void): Control<string>;
  ring(label: string): HTMLElement;
}

export const nativeKit: Kit = {
  button: ({ text, look, label, press }) =>
    el("button", { class: `button ${look ?? "secondary"}`, text, attrs: { type: "button", "aria-label": label }, on: { click: press } }),
  checkbox(text, changed) {
    const box = el("input", { attrs: { type: "checkbox" }, on: { change: () => changed(box.checked) } });
    return { element: el("label", { class: "checkbox" }, box, text), set: (on) => (box.checked = on) };
  },
  dropdown(label, choices, changed) {
    const select = el(
      "select",
      { attrs: { "aria-label": label }, on: { change: () => changed(select.value) } },
      ...choices.map((c) => el("option", { text: c.name, attrs: { value: c.id } })),
    );
    return { element: select, set: (id) => (select.value = id) };
  },
  textField(label, placeholder, changed) {
    const field = el("input", { attrs: { type: "text", "aria-label": label, placeholder, spellcheck: "false" }, on: { input: () => changed(field.value) } });
    return { element: field, set: (text) => void Object.assign(field, field.value === text ? {} : { value: text }) };
  },
  ring: (label) => el("span", { class: "ring", attrs: { role: "progressbar", "aria-label": label } }),
};
