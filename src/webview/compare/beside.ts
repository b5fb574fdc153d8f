import type { DepthShift, PairComparison } from "../../protocol/index.js";
import { el } from "../dom.js";
import { digits, interval, signed } from "../format.js";
import type { Kit } from "../kit.js";
import type { Stage } from "../views/view.js";
import type { CompareHost } from "./host.js";

const DEPTH: Readonly<Record<DepthShift["what"], string>> = {
  bestLayer: "best layer",
  jump: "jump",
  converge: "convergence",
  depth95: "depth95",
  areaDepth: "area depth",
};

/** Beside the pictures: who is right at the chosen layer, where the label becomes readable, and the chosen row in full. */
export class Beside {
  readonly root: HTMLElement;
  private readonly counts = el("section", { class: "detail", attrs: { "aria-label": "At this layer" } });
  private readonly depth = el("section", { class: "detail", attrs: { "aria-label": "Depth" } });
  private readonly row = el("section", { class: "detail", attrs: { "aria-label": "Chosen row" } });
  private key = "";

  constructor(
    private readonly kit: Kit,
    private readonly host: CompareHost,
  ) {
    this.root = el("div", { class: "beside" }, this.counts, this.depth, this.row);
  }

  draw(pair: PairComparison, stage: Stage, values: { a: number; b: number } | undefined): void {
    const { rows, row, layer, texts } = stage;
    const id = row < 0 ? -1 : rows.id[row];
    const text = id < 0 ? undefined : texts.get(id);
    if (id >= 0 && text === undefined) texts.want([id]);
    const key = JSON.stringify([pair.a, pair.b, pair.verdict, layer, id, text === undefined, texts.trouble]);
    if (key === this.key) return;
    this.key = key;
    this.drawCounts(pair, layer, stage.classNames);
    this.drawDepth(pair);
    this.drawRow(pair, stage, id, text, values);
  }

  private drawCounts(pair: PairComparison, layer: number, classNames: readonly [string, string]): void {
    const at = pair.layers[layer];
    if (!at) return;
    const { a, b } = pair;
    const where = pair.matched === "layer" ? `At layer ${at.layerA}` : `At layer ${at.layerA} of ${a}, ${at.layerB} of ${b}`;
    const counts = at.disagreements;
    const facts: [string, string][] = [
      [`AUROC ${a}, ${b}`, `${digits(at.auroc.a)}, ${digits(at.auroc.b)}`],
      ["difference", `${signed(at.auroc.value)}${at.auroc.ci95 ? ` (${interval(at.auroc.ci95, signed)} at this layer alone)` : ""}`],
      ...(at.auroc.band95 ? ([["for all layers at once", interval(at.auroc.band95, signed)]] as [string, string][]) : []),
    ];
    this.counts.replaceChildren(
      el("h2", { text: where }),
      dl(facts),
      counts
        ? el(
            "table",
            { class: "cross-table" },
            el("caption", { text: `Rows on their label's side (${classNames.join(", ")})` }),
            el("thead", {}, el("tr", {}, el("td"), column(`${b} right`), column(`${b} wrong`))),
            el(
              "tbody",
              {},
              el("tr", {}, header(`${a} right`), cell(counts.bothRight), cell(counts.onlyA)),
              el("tr", {}, header(`${a} wrong`), cell(counts.onlyB), cell(counts.bothWrong)),
            ),
          )
        : el("p", { class: "quiet", text: at.auroc.why ?? "No held-out scores at this layer." }),
      counts ? el("p", { class: "quiet", text: `McNemar, exact: p ${digits(counts.p)}, rows taken as independent` }) : "",
    );
  }

  private drawDepth({ a, b, depth }: PairComparison): void {
    const shown = (value: number | null) => (value === null ? "–" : digits(value));
    this.depth.replaceChildren(
      el("h2", { text: "Where the label becomes readable" }),
      dl(depth.map(({ what, a: x, b: y }): [string, string] => [DEPTH[what], `${shown(x)} → ${shown(y)}`])),
      el("p", { class: "quiet", text: `${a} → ${b}; shifts of depth have no interval.` }),
    );
  }

  private drawRow(
    pair: PairComparison,
    { rows, row, classNames, texts }: Stage,
    id: number,
    text: string | undefined,
    values: { a: number; b: number } | undefined,
  ): void {
    if (id < 0 || !values) {
      this.row.replaceChildren(el("p", { class: "quiet", text: "Choose a row in the list: its text and both of its scores stand here." }));
      return;
    }
    const side = (x: number) => `${digits(x)}, ${classNames[x > 0 ? 1 : 0]} side`;
    const category = rows.categories[rows.category[row]];
    const facts: [string, string][] = [
      ["label", classNames[rows.label[row]]],
      ...(category ? ([["category", category]] as [string, string][]) : []),
      [pair.a, side(values.a)],
      [pair.b, side(values.b)],
      ...(rows.place[row * 5 + 1] < 0 ? [] : ([["line", String(rows.place[row * 5 + 1] + 1)]] as [string, string][])),
    ];
    this.row.replaceChildren(
      el("h2", { text: `Row ${id + 1}` }),
      el("p", { class: "row-whole", text: text ?? texts.trouble ?? "…" }),
      dl(facts),
      this.host.actions ? this.kit.button({ text: "Open in the editor", look: "secondary", press: () => this.host.actions?.open(id, false) }) : "",
    );
  }
}

const dl = (facts: readonly [string, string][]) =>
  el("dl", { class: "stats" }, ...facts.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
const column = (text: string) => el("th", { text, attrs: { scope: "col" } });
const header = (text: string) => el("th", { text, attrs: { scope: "row" } });
const cell = (count: number) => el("td", { text: String(count) });
