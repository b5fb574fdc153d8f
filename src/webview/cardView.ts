import { type CardState, type ModelSheet, type Problem, type SheetValue, sizeOf, type TapGroup, tapGroups } from "../protocol/index.js";
import { el } from "./dom.js";

/** What the buttons of a card do. */
export interface CardActions {
  use(): void;
  audit(): void;
  copy(): void;
  reveal(): void;
  trust(): void;
  variant(index: number): void;
}

/** The whole card of a model, made anew from its state; every text of the file goes in as text. */
export function cardView(state: CardState, actions: CardActions): HTMLElement {
  const main = el("main", { class: "card", attrs: { "aria-busy": state.phase === "reading" ? "true" : undefined } });
  const { sheet } = state;
  main.append(el("h1", { text: sheet?.name ?? state.name }));
  if (state.phase === "restricted")
    main.append(
      el("p", { class: "sentence", text: "In Restricted Mode no model file is read." }),
      el("div", { class: "bar" }, button("Manage Workspace Trust", "trust", actions.trust, "primary")),
    );
  if (state.phase === "reading" && !sheet) main.append(el("p", { class: "sentence", text: "Reading the graph…", attrs: { role: "status" } }));
  if (state.problem) main.append(problemBox(state.problem));
  if (sheet) main.append(...body(sheet, state.chosen, actions));
  return main;
}

function button(text: string, id: string, press: () => void, look = "secondary"): HTMLElement {
  return el("button", { class: `button ${look}`, text, attrs: { type: "button", "data-focus": id }, on: { click: press } });
}

const problemBox = ({ message, hint }: Problem) =>
  el("div", { class: "problem", attrs: { role: "alert" } }, el("p", { class: "problem-message", text: message }), hint ? el("p", { text: hint }) : null);

function* body(sheet: ModelSheet, chosen: boolean, actions: CardActions): Generator<HTMLElement> {
  const { stream, refusal } = sheet;
  if (refusal) yield problemBox(refusal);
  else yield el("p", { class: "sentence", text: headline(sheet) });
  yield el(
    "div",
    { class: "bar" },
    refusal ? null : chosen ? el("span", { class: "chosen", text: "✓ This workspace’s model" }) : button("Use This Model", "use", actions.use, "primary"),
    refusal ? null : button("Audit a Dataset with It…", "audit", actions.audit),
    button("Copy as JSON", "copy", actions.copy),
    button("Open Folder", "reveal", actions.reveal),
  );
  yield facts(sheet);
  if (stream) yield* taps(tapGroups(stream.taps.filter(({ note }) => !note?.startsWith("the same as"))), stream);
  else if (sheet.graph) yield operators(sheet.graph.operators);
  if (sheet.graph) yield edges(sheet.graph.inputs, sheet.graph.outputs);
  if (sheet.variants.length > 0) yield variants(sheet, actions);
  if (sheet.notices.length > 0) yield section("Worth knowing", el("ul", {}, ...sheet.notices.map(({ message }) => el("li", { text: message }))));
}

function headline({ stream, graph }: ModelSheet): string {
  const blocks = (stream?.layers.length ?? 1) - 1;
  const kind = stream?.causal === undefined ? "direction of attention not known before a run" : stream.causal ? "causal" : "bidirectional";
  return `${stream?.architecture ?? "Transformer"}, ${kind}: ${blocks} blocks of width ${stream?.hiddenSize ?? "?"}, ${count(graph?.parameters ?? 0)} parameters, ${graph?.precision ?? "unknown precision"}.`;
}

/** `135 M`: three digits are enough for a sentence; the table has them all. */
function count(n: number): string {
  const units = ["", " k", " M", " G"];
  const step = n < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(n) / 3));
  return `${Number((n / 1000 ** step).toPrecision(3))}${units[step]}`;
}

const section = (title: string, ...content: Node[]) => el("section", { class: "section" }, el("h2", { text: title }), ...content);

function facts(sheet: ModelSheet): HTMLElement {
  const { graph, stream, memory } = sheet;
  const rows: [string, string | undefined][] = [
    ["Parameters", graph && `${graph.parameters.toLocaleString("en")}, counted from the shapes`],
    ["Precision", graph?.precision],
    ["Longest row", stream?.maxTokens ? `${stream.maxTokens.toLocaleString("en")} tokens` : undefined],
    ["Rows at a time", stream?.oneRowAtATime ? "one (rows of a batch would influence each other)" : undefined],
    ["Tokenizer", sheet.tokenizer ? `tokenizer.json, ${sizeOf(sheet.tokenizer.bytes)}` : stream ? "none beside the model: texts cannot be read" : undefined],
    ["Chat template", stream && (sheet.chatTemplate ? `yes, in ${sheet.chatTemplate}` : "none")],
    ["Memory", memory && !sheet.refusal ? `about ${sizeOf(memory.bytes)} (${memory.note})` : undefined],
    [
      "Provider",
      sheet.refusal
        ? undefined
        : sheet.providers.length === 1
          ? sheet.providers[0]
          : `${sheet.providers.join(", else ")}: the first that starts and agrees with the CPU`,
    ],
    [
      "Export",
      graph &&
        `${graph.producer || "unknown exporter"}, ${graph.opsets.map(({ domain, version }) => `${domain} ${version}`).join(", ")}, ${graph.nodes.toLocaleString("en")} nodes`,
    ],
    ...sheet.files.map(({ path, bytes, role }): [string, string] => [role === "graph" ? "File" : "Weights", `${path}, ${sizeOf(bytes)}`]),
  ];
  return el(
    "dl",
    { class: "facts-list" },
    ...rows.flatMap(([name, value]) => (value ? [el("div", {}, el("dt", { text: name }), el("dd", { text: value }))] : [])),
  );
}

function* taps(groups: readonly TapGroup[], { layers }: NonNullable<ModelSheet["stream"]>): Generator<HTMLElement> {
  const found = groups.filter(({ first }) => first.missing === undefined);
  const missing = groups.filter(({ first }) => first.missing !== undefined);
  yield section(
    "What can be read",
    table(
      ["Tap", "How often", "Made by", "First tensor"],
      found.map(({ name, count: n, first }) => [name, n === 1 ? "" : `× ${n}`, first.op ?? "", `${first.tensor ?? ""}${first.note ? ` (${first.note})` : ""}`]),
    ),
    el(
      "details",
      { attrs: { id: "layers" } },
      el("summary", { text: `All ${layers.length} layers of the residual stream`, attrs: { "data-focus": "layers" } }),
      table(
        ["Layer", "Name", "Made by", "Tensor"],
        layers.map(({ layer, name, op, tensor }) => [String(layer), name, op, tensor]),
      ),
    ),
  );
  if (missing.length > 0)
    yield section(
      "What cannot, and why",
      el("dl", { class: "missing" }, ...missing.map(({ name, first }) => el("div", {}, el("dt", { text: name }), el("dd", { text: first.missing })))),
    );
}

function operators(list: readonly { name: string; count: number }[]): HTMLElement {
  return section(
    "What the graph is made of",
    table(
      ["Operator", "Nodes"],
      list.slice(0, 12).map(({ name, count: n }) => [name, n.toLocaleString("en")]),
    ),
    list.length > 12 ? el("p", { class: "quiet", text: `and ${list.length - 12} other operators` }) : el("span"),
  );
}

function edges(inputs: readonly SheetValue[], outputs: readonly SheetValue[]): HTMLElement {
  const rows = (values: readonly SheetValue[]) => values.map(({ name, type, shape }) => [name, type, shape ? `[${shape.join(", ")}]` : "not declared"]);
  const list = (title: string, values: readonly SheetValue[]) => {
    const made = table([title, "Type", "Shape"], rows(values));
    if (values.length <= 8) return made;
    return el("details", { attrs: { id: title } }, el("summary", { text: `${values.length} ${title.toLowerCase()}s`, attrs: { "data-focus": title } }), made);
  };
  return section("Inputs and outputs", list("Input", inputs), list("Output", outputs));
}

function variants(sheet: ModelSheet, actions: CardActions): HTMLElement {
  const items = sheet.variants.map(({ path, bytes, precision }, i) =>
    el(
      "li",
      {},
      el("button", {
        class: "link",
        text: path.replace(/^.*[\\/]/, ""),
        attrs: { type: "button", "data-focus": `variant-${i}` },
        on: { click: () => actions.variant(i) },
      }),
      ` ${[precision, sizeOf(bytes)].filter(Boolean).join(", ")}`,
    ),
  );
  return section("Other files of this model", el("ul", { class: "variants" }, ...items));
}

/** A table that scrolls in itself when it is wider than the page. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  return el(
    "div",
    { class: "table plain", attrs: { tabindex: "0", role: "region", "aria-label": head[0] } },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { text, attrs: { scope: "col" } })))),
      el(
        "tbody",
        {},
        ...rows.map((row) => el("tr", {}, ...row.map((text, i) => (i === 0 ? el("th", { text, attrs: { scope: "row" } }) : el("td", { text }))))),
      ),
    ),
  );
}
