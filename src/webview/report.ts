import { type CompareView, decodeCompare, decodeView } from "../protocol/index.js";
import { App } from "./app.js";
import { CompareApp } from "./compare/app.js";
import { el } from "./dom.js";
import type { Host } from "./host.js";
import { nativeKit } from "./kit.js";

/**
 * A self-contained report: the panel's own views, read-only, over the JSON in `<script type="application/json" id="view">`
 * (`encodeView` or `encodeCompare`). It asks nothing of anybody; row texts are there only when the report was made with them.
 */
const carried: unknown = JSON.parse(document.getElementById("view")?.textContent ?? "null");
if (!document.body.className.includes("vscode-")) document.body.classList.add("vscode-light");
const root = document.getElementById("app")!;
const compared = decodeCompare(carried);
if (compared) showComparison(compared.view, compared.texts);
else showAudit();

function hostOf(rows: { readonly id: Uint32Array }, texts: readonly string[] | undefined): Pick<Host, "keeper" | "known" | "texts"> {
  const known = texts && new Map(Array.from(rows.id, (id, i) => [id, texts[i] ?? ""] as const));
  return {
    keeper: { load: () => undefined, save: () => {} },
    ...(known ? { known } : {}),
    texts: () => Promise.reject(new Error("This report was made without row texts.")),
  };
}

function showAudit(): void {
  const { view, texts } = decodeView(carried);
  const { result } = view;
  new App(root, nativeKit, hostOf(view.rows, texts)).showState({ phase: "done", dataset: result.dataset.path, model: result.model.path, view });
  provenance([
    ["made", result.createdAt],
    ["Layerscope", result.layerscope],
    ["dataset SHA-256", result.dataset.sha256],
    ["model SHA-256", result.model.sha256],
    ["tokenizer SHA-256", result.model.tokenizerSha256],
    ["seed", String(result.settings.seed)],
    ["folds", String(result.settings.folds)],
    ["rows cut at", `${result.settings.maxTokens} tokens`],
  ]);
}

function showComparison(view: CompareView, texts: readonly string[] | undefined): void {
  const { result } = view;
  new CompareApp(root, nativeKit, hostOf(view.rows, texts)).show({ phase: "done", names: result.runs.map(({ name }) => name), view });
  provenance([
    ["made", result.createdAt],
    ["Layerscope", result.layerscope],
    ["dataset SHA-256", result.dataset.sha256],
    ...result.runs.map(({ mark, model }): [string, string] => [`model ${mark}, SHA-256`, model.sha256]),
    ["seed", String(result.settings.seed)],
    ["folds", String(result.settings.folds)],
  ]);
}

function provenance(facts: readonly (readonly [string, string | undefined])[]): void {
  root.append(
    el(
      "footer",
      { class: "provenance" },
      el("p", { text: "An AQI is evidence about geometry, never proof that a model is safe." }),
      el("h2", { text: "Provenance" }),
      el("dl", {}, ...facts.flatMap(([name, value]) => (value ? [el("div", {}, el("dt", { text: name }), el("dd", { text: value }))] : []))),
    ),
  );
}
