import { area, line, scaleLinear, select } from "d3";
import type { Curve, Mark, Maybe, Series } from "../../protocol/index.js";
import { digits, layerName } from "../format.js";
import { bindLayerPointer, crosshair, type LayerAxis, layerKey } from "../layers.js";
import type { Theme } from "../theme.js";
import { layerTicks } from "./ticks.js";
import type { Clicks, Size, Stage, View } from "./view.js";

const TOP = 30;
const BOTTOM = 24;
/** Reference lines are told apart by their dashes, not by colour. */
export const DASHES = ["7 4", "2 3", "9 3 2 3", "1 4"];

interface Memory {
  picture: Curve;
  scene: Stage;
  size: Size;
  on: Clicks;
}
const memory = new WeakMap<HTMLElement, Memory>();

/** Lines over the layers: the measured one with its band, references dashed, chance as a grey band, marks above. A slider for the layer. */
export const curve: View<Curve, Stage> = (at, picture, size, scene, on) => {
  const before = memory.get(at);
  memory.set(at, { picture, scene, size, on });
  if (!before) bind(at);
  const same =
    before && before.picture === picture && before.scene.axis === scene.axis && before.scene.theme === scene.theme && before.size.height === size.height;
  if (!same) drawCurve(at, picture, size, scene.axis, scene.theme);
  crosshair(at, scene.axis, scene.layer, scene.hover, "line");
  describe(at, picture, scene);
};

/** The picture alone, as SVG with resolved colours: the panel and the export use the same. */
export function drawCurve(at: HTMLElement, picture: Curve, size: Size, axis: LayerAxis, theme: Theme): SVGSVGElement {
  const { width, height } = size;
  const y = scaleLinear()
    .domain(shownRange(picture))
    .range([height - BOTTOM, TOP])
    .clamp(true);
  const svg = select(at).selectAll<SVGSVGElement, number>(":scope > svg").data([0]).join("svg");
  svg
    .attr("xmlns", "http://www.w3.org/2000/svg")
    .attr("width", width)
    .attr("height", height)
    .attr("viewBox", `0 0 ${width} ${height}`)
    .attr("aria-hidden", "true");
  svg.attr("font-family", theme.font).attr("font-size", 11);
  const layer = (name: string) => svg.selectAll<SVGGElement, number>(`g.${name}`).data([0]).join("g").attr("class", name);

  const grid = layer("grid")
    .selectAll<SVGGElement, number>("g")
    .data(y.ticks(4))
    .join("g")
    .attr("transform", (v) => `translate(0,${y(v)})`);
  grid
    .selectAll("line")
    .data([0])
    .join("line")
    .attr("x1", axis.left)
    .attr("x2", axis.right)
    .attr("stroke", theme.line)
    .attr("stroke-opacity", theme.contrast ? 0.5 : 0.7);
  grid
    .selectAll("text")
    .data((v) => [v])
    .join("text")
    .attr("x", axis.left - 8)
    .attr("dy", "0.32em")
    .attr("text-anchor", "end")
    .attr("fill", theme.quiet)
    .text((v) => digits(v));
  layer("unit")
    .selectAll("text")
    .data([picture.unit])
    .join("text")
    .attr("x", axis.left - 8)
    .attr("y", TOP - 14)
    .attr("text-anchor", "end")
    .attr("fill", theme.fore)
    .text((d) => d);

  const layers = Array.from({ length: axis.count }, (_, l) => l);
  const band = (s: Series) =>
    area<number>()
      .defined((l) => at1(s.lo, l) !== null && at1(s.hi, l) !== null)
      .x((l) => axis.centre(l))
      .y0((l) => y(at1(s.lo, l)!))
      .y1((l) => y(at1(s.hi, l)!))(axis.count === 1 ? [0, 0] : layers);
  const stroke = (s: Series) =>
    line<number>()
      .defined((l) => at1(s.values, l) !== null)
      .x((l) => axis.centre(l))
      .y((l) => y(at1(s.values, l)!))(layers);
  const flat = (s: Series) => (typeof s.values === "number" ? `M${axis.left},${y(s.values)}H${axis.right}` : stroke(s));

  const nulls = picture.series.filter((s) => s.kind === "null");
  const mains = picture.series.filter((s) => s.kind === "main");
  const others = picture.series.filter((s) => s.kind === "reference");
  layer("nulls")
    .selectAll("path")
    .data(nulls)
    .join("path")
    .attr("d", (s) => (typeof s.lo === "number" && typeof s.hi === "number" ? `M${axis.left},${y(s.lo)}H${axis.right}V${y(s.hi)}H${axis.left}Z` : band(s)))
    .attr("fill", theme.quiet)
    .attr("fill-opacity", 0.22)
    .attr("stroke", theme.contrast ? theme.quiet : "none");
  layer("chance")
    .selectAll("line")
    .data(picture.chance === undefined ? [] : [picture.chance])
    .join("line")
    .attr("x1", axis.left)
    .attr("x2", axis.right)
    .attr("y1", (v) => y(v))
    .attr("y2", (v) => y(v))
    .attr("stroke", theme.quiet);
  layer("bands")
    .selectAll("path")
    .data(mains)
    .join("path")
    .attr("d", band)
    .attr("fill", theme.accent)
    .attr("fill-opacity", 0.2)
    .attr("stroke", theme.contrast ? theme.accent : "none");
  layer("references")
    .selectAll("path")
    .data(others)
    .join("path")
    .attr("d", flat)
    .attr("fill", "none")
    .attr("stroke", theme.fore)
    .attr("stroke-width", 1.5)
    .attr("stroke-opacity", 0.85)
    .attr("stroke-dasharray", (_, i) => DASHES[i % DASHES.length]);
  layer("mains")
    .selectAll("path")
    .data(mains)
    .join("path")
    .attr("d", flat)
    .attr("fill", "none")
    .attr("stroke", theme.accent)
    .attr("stroke-width", 2.25)
    .attr("stroke-linejoin", "round");
  const dots = axis.step >= 9 ? mains.flatMap((s) => layers.filter((l) => at1(s.values, l) !== null).map((l) => [l, at1(s.values, l)!] as const)) : [];
  layer("dots")
    .selectAll("circle")
    .data(dots)
    .join("circle")
    .attr("cx", ([l]) => axis.centre(l))
    .attr("cy", ([, v]) => y(v))
    .attr("r", 2.75)
    .attr("fill", theme.accent);
  drawMarks(layer("marks"), picture, axis, theme, height);
  layer("axis")
    .attr("transform", `translate(0,${height - BOTTOM})`)
    .call((g) => layerTicks(g as never, axis, theme));
  return svg.node()!;
}

/** Jump, convergence and best layer: a word above, a fine line down to the axis. Words that would overlap go one line up. */
function drawMarks(g: ReturnType<typeof select<SVGGElement, number>> | unknown, picture: Curve, axis: LayerAxis, theme: Theme, height: number): void {
  const group = g as ReturnType<typeof select<SVGGElement, number>>;
  let edge = Number.NEGATIVE_INFINITY;
  let up = false;
  const placed = [...picture.marks]
    .sort((a, b) => a.layer - b.layer)
    .map((mark) => {
      const x = axis.centre(mark.layer);
      const half = mark.kind.length * 3.2 + 4;
      up = x - half < edge ? !up : false;
      edge = up ? edge : x + half;
      return { mark, x, y: up ? 9 : 22 };
    });
  const marks = group.selectAll<SVGGElement, (typeof placed)[number]>("g").data(placed).join("g");
  marks.attr("class", ({ mark }) => (mark.rows?.length ? "mark linked" : "mark")).attr("transform", ({ x }) => `translate(${x},0)`);
  marks
    .selectAll("line")
    .data((d) => [d])
    .join("line")
    .attr("y1", (d) => d.y + 3)
    .attr("y2", height - BOTTOM)
    .attr("stroke", theme.quiet)
    .attr("stroke-dasharray", "1 3");
  marks
    .selectAll("text")
    .data((d) => [d])
    .join("text")
    .attr("y", (d) => d.y)
    .attr("text-anchor", "middle")
    .attr("fill", theme.fore)
    .text((d) => d.mark.kind);
  marks
    .selectAll("path")
    .data((d) => [d])
    .join("path")
    .attr("d", `M-4,${height - BOTTOM}l4,-6l4,6z`)
    .attr("fill", theme.fore);
}

/** Where all values lie near or above chance, the scale starts a tenth of its range under chance: half of the picture would be empty. */
export function shownRange({ range: [lo, hi], chance, series }: Curve): [number, number] {
  if (chance === undefined) return [lo, hi];
  const from = chance - (hi - lo) / 10;
  const values = series.flatMap((s) => [s.values, s.lo ?? [], s.hi ?? []]).flat();
  return from > lo && values.every((v) => v === null || v >= from) ? [from, hi] : [lo, hi];
}

/** The value of a series at a layer, whatever form it has. */
export function at1(values: readonly Maybe[] | number | undefined, layer: number): Maybe {
  if (values === undefined) return null;
  const value = typeof values === "number" ? values : values[layer];
  return value === undefined || value === null || !Number.isFinite(value) ? null : value;
}

function bind(at: HTMLElement): void {
  const now = () => memory.get(at)!;
  bindLayerPointer(
    at,
    () => ({ axis: now().scene.axis, layer: now().scene.layer, choose: now().on.layer, hover: now().on.hover }),
    (event, layer) =>
      now().on.tip(
        layer === null
          ? null
          : { x: event.clientX, y: event.clientY, title: now().picture.columns?.[layer] ?? layerName(layer), lines: lines(now().picture, layer) },
      ),
  );
  const list = (mark: Mark | undefined) => mark?.rows?.length && now().on.list?.(mark.rows, mark.text);
  at.addEventListener("click", ({ clientX, clientY }) => {
    // The layer's drag holds the pointer, so the word is found by its place.
    const drawn = [...at.querySelectorAll<SVGGElement & { __data__?: { mark: Mark } }>("g.mark.linked")].find((g) => {
      const box = g.querySelector("text")!.getBoundingClientRect();
      return clientX >= box.left - 2 && clientX <= box.right + 2 && clientY >= box.top - 2 && clientY <= box.bottom + 2;
    });
    list(drawn?.__data__?.mark);
  });
  at.addEventListener("keydown", (event) => {
    const { scene, on, picture } = now();
    if (event.key === "Enter") list(picture.marks.find((m) => m.layer === scene.layer && m.rows?.length));
    const layer = layerKey(event, scene.layer, scene.axis.count);
    if (layer === undefined) return;
    event.preventDefault();
    on.layer(layer);
  });
}

function lines(picture: Curve, layer: number): string[] {
  const values = picture.series
    .filter((s) => s.kind !== "null")
    .map((s) => {
      const [lo, hi] = [at1(s.lo, layer), at1(s.hi, layer)];
      return `${s.name} ${digits(at1(s.values, layer))}${lo !== null && hi !== null ? ` (${digits(lo)} to ${digits(hi)})` : ""}`;
    });
  return [
    ...values,
    ...picture.marks.filter((m) => m.layer === layer).map((m) => (m.rows?.length ? `${m.text}; its word lists ${m.rows.length} rows` : m.text)),
  ];
}

function describe(at: HTMLElement, picture: Curve, { axis, layer }: Stage): void {
  at.tabIndex = 0;
  at.setAttribute("role", "slider");
  at.setAttribute("aria-label", `${picture.title}: layer`);
  at.setAttribute("aria-valuemin", "0");
  at.setAttribute("aria-valuemax", String(axis.count - 1));
  at.setAttribute("aria-valuenow", String(layer));
  at.setAttribute("aria-valuetext", [layerName(layer), ...lines(picture, layer)].join(", "));
}
