import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTaps, openModel } from "../../../src/engine/model/index.js";
import { FLOAT, graphProto, INT64, type NodeSpec, nodeProto, valueProto } from "../../../src/engine/model/onnx.js";
import { OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { meanAndLast, relativeError, scratch } from "./scratch.js";

const folder = scratch();
const [D, LAYERS] = [8, 3];
const SHAPES: Record<string, readonly number[]> = { norm: [D], bias: [D], o: [D, D], up: [D, 2 * D], down: [2 * D, D] };

function numbers(seed: number, length: number, scale: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** Weights of all layers, one behind the other. */
const stacks = Object.fromEntries(
  Object.entries(SHAPES).map(([name, dims], i) => [
    name,
    numbers(i + 1, LAYERS * dims.reduce((a, b) => a * b, 1), 0.7).map((v) => (name === "norm" ? v + 1 : v)),
  ]),
);

/** One layer from x to y: attention of every token to all, then an MLP. */
function steps(x: string, y: string, weight: (name: string) => string, prefix = ""): NodeSpec[] {
  const p = (name: string) => prefix + name;
  const one = (op: string, inputs: string[], output: string, attributes: NodeSpec["attributes"] = {}): NodeSpec => ({
    op,
    inputs,
    outputs: [output],
    attributes,
  });
  return [
    one("LayerNormalization", [x, weight("norm"), weight("bias")], p("n"), { axis: -1 }),
    one("Transpose", [p("n")], p("nt"), { perm: [0, 2, 1] }),
    one("MatMul", [p("n"), p("nt")], p("scores")),
    one("Softmax", [p("scores")], p("pattern"), { axis: -1 }),
    one("MatMul", [p("pattern"), p("n")], p("context")),
    one("MatMul", [p("context"), weight("o")], p("attended")),
    one("Add", [x, p("attended")], p("mid")),
    one("MatMul", [p("mid"), weight("up")], p("h")),
    one("Relu", [p("h")], p("act")),
    one("MatMul", [p("act"), weight("down")], p("back")),
    one("Add", [p("mid"), p("back")], y),
  ];
}

type Kind = "plain" | "scan" | "scan backwards" | "loop" | "loop of the data's length";

/** The same model with its layers written out, as turns of a Scan over stacked weights, or as turns of a Loop that picks them by its counter. */
function write(kind: Kind): string {
  const g = new OnnxBuilder();
  const ids = g.input("input_ids", INT64, ["batch", "tokens"]);
  const x = g.node("Gather", [g.weight("table", [40, D], numbers(9, 40 * D, 1)), ids], {}, { outputs: ["start"] });
  const names = Object.keys(SHAPES);
  const sizeOf = (name: string) => SHAPES[name]!.reduce((a, b) => a * b, 1);
  const backwards = kind === "scan backwards";
  if (kind === "plain") {
    for (let i = 0; i < LAYERS; i++) {
      for (const name of names) g.weight(`${i}.${name}`, SHAPES[name]!, stacks[name]!.slice(i * sizeOf(name), (i + 1) * sizeOf(name)));
      for (const step of steps(i === 0 ? x : `y${i - 1}`, `y${i}`, (name) => `${i}.${name}`, `${i}/`)) g.nodes.push(nodeProto(step));
    }
    g.output(g.node("Identity", [`y${LAYERS - 1}`]));
  } else {
    for (const name of names) {
      const layers = Array.from({ length: LAYERS }, (_, i) => [...stacks[name]!.slice(i * sizeOf(name), (i + 1) * sizeOf(name))]);
      g.weight(`all.${name}`, [LAYERS, ...SHAPES[name]!], Float32Array.from((backwards ? layers.reverse() : layers).flat()));
    }
    const state = valueProto("x", FLOAT, ["batch", "tokens", D]);
    const outputs = [valueProto("y", FLOAT, ["batch", "tokens", D]), valueProto("each", FLOAT, ["batch", "tokens", D])];
    if (kind.startsWith("scan")) {
      const nodes = [...steps("x", "y", (name) => name), { op: "Identity", inputs: ["y"], outputs: ["each"] }].map(nodeProto);
      const body = graphProto({ nodes, initializers: [], inputs: [state, ...names.map((name) => valueProto(name, FLOAT, SHAPES[name]!))], outputs });
      const attributes = { num_scan_inputs: names.length, body: { graph: body }, ...(backwards ? { scan_input_directions: names.map(() => 1) } : {}) };
      g.node("Scan", [x, ...names.map((name) => `all.${name}`)], attributes, { outputs: ["final", "states"] });
    } else {
      const picked = names.map((name) => ({ op: "Gather", inputs: [`all.${name}`, "turn"], outputs: [name] }));
      const nodes = [{ op: "Identity", inputs: ["on"], outputs: ["still"] }, ...picked, ...steps("x", "y", (name) => name)];
      const body = graphProto({
        nodes: [...nodes, { op: "Identity", inputs: ["y"], outputs: ["each"] }].map(nodeProto),
        initializers: [],
        inputs: [valueProto("turn", INT64, []), valueProto("on", 9, []), state],
        outputs: [valueProto("still", 9, []), ...outputs],
      });
      const limit =
        kind === "loop"
          ? g.ints("turns", [LAYERS], [])
          : g.node("Squeeze", [g.node("Slice", [g.node("Shape", [ids]), g.ints("from", [1]), g.ints("to", [2])])]);
      g.node("Loop", [limit, "", x], { body: { graph: body } }, { outputs: ["final", "states"] });
    }
    g.output("final");
    g.output("states");
  }
  const path = join(folder, `${kind.replaceAll(/[^a-z]/g, "-")}.onnx`);
  g.write(path);
  return path;
}

describe("layers that are the turns of a loop", () => {
  const batch = meanAndLast([
    [3, 9, 27, 4],
    [5, 6, 7, 8],
  ]);

  it.each(["scan", "scan backwards", "loop"] as const)("%s: written out, every layer is that of the plain twin", async (kind) => {
    const runs: Float32Array[] = [];
    for (const path of [write("plain"), write(kind)]) {
      const model = await openModel(path, { provider: "cpu", threads: 1 });
      expect(model.card.layers).toHaveLength(LAYERS + 1);
      expect(model.card.hiddenSize).toBe(D);
      runs.push(await model.run(batch));
      await model.close();
    }
    expect(relativeError(runs[1]!, runs[0]!)).toBeLessThan(1e-6);
    const size = runs[0]!.length / (LAYERS + 1);
    expect(relativeError(runs[1]!.subarray(size, 2 * size), runs[0]!.subarray(2 * size, 3 * size))).toBeGreaterThan(0.05);
    const { taps } = listTaps(write(kind));
    for (const name of ["attn_out", "attn_pattern", "resid_mid", "mlp_out"])
      expect(taps.find((tap) => tap.name === `blocks.1.${name}`)?.missing).toBeUndefined();
    // Its down projection is a slice of a stack, which no weight of the file stands for.
    expect(taps.find((tap) => tap.name === "blocks.1.mlp_act")?.missing).toMatch(/./);
  });

  it("a loop as long as its data is refused, with the reason", () => {
    expect(() => listTaps(write("loop of the data's length"))).toThrow(/its blocks lie inside a Loop of 18 nodes, whose number of turns the data decides/);
  });
});
