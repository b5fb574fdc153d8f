import { decodeView } from "../protocol/index.js";
import { App } from "./app.js";
import { el } from "./dom.js";
import type { Host } from "./host.js";
import { nativeKit } from "./kit.js";

/**
 * A self-contained report: the panel's own views, read-only, over the JSON in `<script type="application/json" id="view">`
 * (`encodeView`). It asks nothing of anybody; row texts are there only when the report was made with them.
 */
const { view, texts } = decodeView(JSON.parse(document.getElementById("view")?.textContent ?? "null"));

if (!document.body.className.includes("vscode-")) document.body.classList.add("vscode-light");
const known = texts && new Map(Array.from(view.rows.id, (id, i) => [id, texts[i] ?? ""] as const));
const host: Host = {
  keeper: { load: () => undefined, save: () => {} },
  ...(known ? { known } : {}),
  texts: () => Promise.reject(new Error("This report was made without row texts.")),
};

const root = document.getElementById("app")!;
const app = new App(root, nativeKit, host);
app.showState({ phase: "done", dataset: view.result.dataset.path, model: view.result.model.path, view });

const { result } = view;
const facts: [string, string | undefined][] = [
  ["made", result.createdAt],
  ["Layerscope", result.layerscope],
  ["dataset SHA-256", result.dataset.sha256],
  ["model SHA-256", result.model.sha256],
  ["tokenizer SHA-256", result.model.tokenizerSha256],
  ["seed", String(result.settings.seed)],
  ["folds", String(result.settings.folds)],
  ["rows cut at", `${result.settings.maxTokens} tokens`],
];
root.append(
  el(
    "footer",
    { class: "provenance" },
    el("p", { text: "An AQI is evidence about geometry, never proof that a model is safe." }),
    el("h2", { text: "Provenance" }),
    el("dl", {}, ...facts.flatMap(([name, value]) => (value ? [el("div", {}, el("dt", { text: name }), el("dd", { text: value }))] : []))),
  ),
);
