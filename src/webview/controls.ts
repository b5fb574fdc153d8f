import {
  type Checkbox,
  type Dropdown,
  provideVSCodeDesignSystem,
  type TextField,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";
import { el } from "./dom.js";
import type { Kit } from "./kit.js";

/**
 * The only importer of @vscode/webview-ui-toolkit. The toolkit is no longer developed (its issue 561), so nothing else may depend
 * on it: `kit.ts` has the same controls in plain HTML, and this file can go without another being touched.
 */
provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption(), vsCodeProgressRing(), vsCodeTextField());

const LOOKS = { primary: "primary", secondary: "secondary", quiet: "icon" } as const;

export const toolkit: Kit = {
  button: ({ text, look, label, press }) =>
    el("vscode-button", { text, attrs: { appearance: LOOKS[look ?? "secondary"], "aria-label": label ?? text }, on: { click: press } }),
  checkbox(text, changed) {
    const box = el("vscode-checkbox", { text, on: { change: () => changed(box.checked) } }) as Checkbox;
    return { element: box, set: (on) => (box.checked = on) };
  },
  dropdown(label, choices, changed) {
    const options = choices.map((c) => el("vscode-option", { text: c.name, attrs: { value: c.id } }));
    const box = el("vscode-dropdown", { attrs: { "aria-label": label }, on: { change: () => changed(box.value) } }, ...options) as Dropdown;
    return { element: box, set: (id) => void Object.assign(box, box.value === id ? {} : { value: id }) };
  },
  textField(label, placeholder, changed) {
    const field = el("vscode-text-field", { attrs: { "aria-label": label, placeholder }, on: { input: () => changed(field.value) } }) as TextField;
    return { element: field, set: (text) => void Object.assign(field, field.value === text ? {} : { value: text }) };
  },
  ring: (label) => el("vscode-progress-ring", { attrs: { "aria-label": label } }),
};
