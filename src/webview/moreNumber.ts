import type { AqiResult, AuditResult, ComparabilityCard } from "../protocol/index.js";
import { el } from "./dom.js";
import { count, digits } from "./format.js";
import type { Host } from "./host.js";
import type { Kit } from "./kit.js";

type Fact = readonly [name: string, value: string, why?: string];

/** Folded under the verdict: what else the pooled scores say, and what another result must share to be compared with this one. */
export class MoreNumber {
  readonly root = el("details", { class: "more-number" });
  private drawn: AqiResult | undefined;

  constructor(
    private readonly kit: Kit,
    private readonly host: Host,
  ) {}

  draw(result: AuditResult): void {
    const { aqi, final } = result;
    const known = Boolean(aqi.companions || aqi.card);
    // Its line is kept free until the end of a run.
    this.root.hidden = final ? !known : result.dataset.kind !== "safety";
    this.root.classList.toggle("coming", !final);
    if (!final) {
      this.comes();
      return;
    }
    if (!known || aqi === this.drawn) return;
    this.drawn = aqi;
    const about = this.host.actions && this.button("About", () => this.host.actions?.about("alignment-quality"), "About these numbers of the index");
    this.root.replaceChildren(
      el("summary", { text: "More about this number" }),
      el(
        "div",
        { class: "more-parts" },
        ...(aqi.companions ? [part("The same held-out scores, by other measures", companionsOf(aqi), about)] : []),
        ...(aqi.card ? [this.card(aqi.card)] : []),
      ),
    );
  }

  private comes(): void {
    this.drawn = undefined;
    this.root.replaceChildren(el("summary", { text: "More about this number" }));
  }

  private card(card: ComparabilityCard): HTMLElement {
    const copied = el("span", { class: "quiet", attrs: { role: "status" } });
    const text = JSON.stringify(card, null, 1);
    const copy = this.button(
      "Copy",
      () => {
        const done = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
        done.then(
          () => (copied.textContent = "Copied."),
          () => (copied.textContent = "The clipboard is not to be had; the card is in the JSON export."),
        );
      },
      "Copy the comparability card",
    );
    return part("Comparable only with the same", factsOf(card), copied, copy);
  }

  private button(text: string, press: () => void, label: string): HTMLElement {
    return this.kit.button({ text, look: "quiet", label, press });
  }
}

const part = (title: string, facts: readonly Fact[], ...tools: (HTMLElement | undefined)[]): HTMLElement =>
  el(
    "div",
    { class: "more-part" },
    el("div", { class: "section-head" }, el("h2", { text: title }), el("div", { class: "section-buttons" }, ...tools)),
    el("dl", {}, ...facts.map(([name, value, why]) => el("div", { ...(why && { title: why }) }, el("dt", { text: name }), el("dd", { text: value })))),
  );

function companionsOf({ companions, halfSample, halfSampleSe }: AqiResult): Fact[] {
  if (!companions) return [];
  const { dPrime, auroc, overlap, silhouette, silhouetteSimplified, dbi, dbiQ2, dunn, robustDunn } = companions;
  return [
    ["classes apart (d′)", `${digits(dPrime)} standard deviations`],
    ["AUROC", digits(auroc)],
    ["overlap", `${digits(100 * overlap)}%`, "of two normal distributions that far apart"],
    ["silhouette", `${digits(silhouette)}, by class centres ${digits(silhouetteSimplified)}`],
    ["Davies-Bouldin", `${digits(dbi)}, root mean square ${digits(dbiQ2)}; lower is better`],
    ["Dunn", `${digits(dunn)}, robust ${digits(robustDunn)}`, "robust: 5th percentile of the gaps over the 95th of the widths"],
    ...(halfSample === null ? [] : [["AQI from half of the rows", `${digits(halfSample)}${halfSampleSe ? ` ± ${digits(halfSampleSe)}` : ""}`] as const]),
  ];
}

function factsOf({
  rows,
  pooling,
  frame,
  folds,
  divisions,
  shrinkage,
  gamma,
  axioms,
  cells,
  replicates,
  permutations,
  seed,
  model,
  version,
}: ComparabilityCard): Fact[] {
  const total = cells.reduce((sum, [a, b]) => sum + a + b, 0);
  const smallest = Math.min(...cells.flat());
  return [
    ["rows", `${count(total)}, SHA-256 ${rows.slice(0, 12)}…`, rows],
    ["axioms", `${axioms}${cells.length > 1 ? `, at least ${smallest} rows of each class` : ""}`],
    ["pooling", pooling],
    ["frame", `${frame}, ${folds} folds${divisions > 1 ? `, mean of ${divisions} divisions` : ""}`],
    ["shrinkage", shrinkage],
    ["γ", String(gamma), "weight of the weakest axiom"],
    ["bootstrap", `${replicates} replicates, ${permutations} permutations, seed ${seed}`],
    ...(model ? [["model", `${model.precision}, SHA-256 ${model.sha256.slice(0, 12)}… (may differ)`, model.sha256] as const] : []),
    ...(version ? [["Layerscope", version] as const] : []),
  ];
}
