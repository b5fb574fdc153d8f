import { malformed } from "./errors.js";
import type { Graph, Model, Node, Tensor } from "./graph.js";

/** Operators that read a tensor's shape, not its numbers: what follows does not depend on the data. */
const SHAPE_ONLY = new Set(["Shape", "Size"]);

const MASK_TYPES = new Set([6, 7, 9]);
const MASK_OPS =
  /^(Cast|Identity|Unsqueeze|Squeeze|Reshape|Expand|Slice|Sub|Add|Mul|Not|And|Or|Equal|Less|LessOrEqual|Greater|GreaterOrEqual|Where|Range|CumSum|ReduceSum|ReduceMax|ConstantOfShape|Tile|Concat|Trilu|Min|Max)$/;

/**
 * A graph with its values numbered and linked. Values: [0, count); nodes in an order in which makers come before readers.
 */
export class Links {
  readonly names: string[] = [];
  private readonly ids = new Map<string, number>();
  /** Nodes in topological order. */
  readonly nodes: readonly Node[];
  /** Position in `nodes` of the maker of a value, -1 = graph input, initializer or unknown. */
  readonly maker: number[] = [];
  /** [node] value ids; -1 = an input that is left out. */
  readonly inputs: number[][] = [];
  readonly outputs: number[][] = [];
  /** [node] values that its subgraphs read. */
  readonly captured: number[][] = [];
  /** [value] true when it depends on data fed to the graph, not only on weights and shapes. */
  readonly dynamic: boolean[] = [];
  /** [value] true when it is made from fed data by comparisons and reshaping alone: masks and positions. */
  readonly mask: boolean[] = [];
  private readersOf: number[][] | undefined;

  constructor(
    readonly file: string,
    readonly graph: Graph,
  ) {
    this.nodes = inOrder(file, graph);
    for (const input of graph.inputs) {
      if (graph.initializers.has(input.name)) continue;
      const v = this.id(input.name);
      this.dynamic[v] = true;
      this.mask[v] = MASK_TYPES.has(input.type) || /mask/.test(input.name);
    }
    this.nodes.forEach((node, n) => {
      const inputs = node.inputs.map((name) => (name === "" ? -1 : this.id(name)));
      const captured = node.captured.map((name) => this.id(name));
      const dynamic = !SHAPE_ONLY.has(node.op) && [...inputs, ...captured].some((v) => v >= 0 && this.dynamic[v]);
      const mask = dynamic && MASK_OPS.test(node.op) && inputs.every((v) => v < 0 || !this.dynamic[v] || this.mask[v]);
      this.inputs.push(inputs);
      this.captured.push(captured);
      this.outputs.push(
        node.outputs.map((name) => {
          if (name === "") return -1;
          const v = this.id(name);
          this.maker[v] = n;
          this.dynamic[v] = dynamic;
          this.mask[v] = mask;
          return v;
        }),
      );
    });
  }

  /** Number of a name; new names get the next one. */
  id(name: string): number {
    let v = this.ids.get(name);
    if (v === undefined) {
      v = this.names.length;
      this.ids.set(name, v);
      this.names.push(name);
      this.maker.push(-1);
      this.dynamic.push(false);
      this.mask.push(false);
    }
    return v;
  }

  known(name: string): number | undefined {
    return this.ids.get(name);
  }

  op(v: number): string {
    const n = this.maker[v]!;
    return n < 0 ? "" : this.nodes[n]!.op;
  }

  tensor(v: number): Tensor | undefined {
    const own = this.graph.initializers.get(this.names[v]!);
    if (own) return own;
    const n = this.maker[v]!;
    return n >= 0 && this.nodes[n]!.op === "Constant" ? this.nodes[n]!.attributes.get("value")?.tensor : undefined;
  }

  /** Nodes that read a value. */
  readers(v: number): readonly number[] {
    if (!this.readersOf) {
      this.readersOf = this.names.map(() => []);
      for (let n = 0; n < this.nodes.length; n++)
        for (const input of new Set([...this.inputs[n]!, ...this.captured[n]!])) if (input >= 0) this.readersOf[input]!.push(n);
    }
    return this.readersOf[v] ?? [];
  }
}

/** Exporters write nodes in order; the rare file that does not is sorted, a cycle is refused. */
function inOrder(file: string, graph: Graph): readonly Node[] {
  const made = new Map<string, number>();
  graph.nodes.forEach((node, n) => {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (made.has(name)) throw malformed(file, node.start, `a second tensor named ${JSON.stringify(name)}`);
      made.set(name, n);
    }
  });
  const needs = graph.nodes.map((node) => {
    const before = new Set<number>();
    for (const name of [...node.inputs, ...node.captured]) {
      const n = made.get(name);
      if (n !== undefined) before.add(n);
    }
    return before;
  });
  if (needs.every((before, n) => [...before].every((m) => m < n))) return graph.nodes;
  const left = needs.map((before) => before.size);
  const after: number[][] = needs.map(() => []);
  needs.forEach((before, n) => {
    for (const m of before) after[m]!.push(n);
  });
  const ready = left.flatMap((count, n) => (count === 0 ? [n] : []));
  for (let i = 0; i < ready.length; i++) for (const n of after[ready[i]!]!) if (--left[n]! === 0) ready.push(n);
  if (ready.length < graph.nodes.length) {
    const stuck = graph.nodes[left.findIndex((count) => count > 0)]!;
    throw malformed(file, stuck.start, `a cycle through node ${JSON.stringify(stuck.name)}`);
  }
  return ready.map((n) => graph.nodes[n]!);
}

export const linksOf = (model: Model, graph: Graph = model.graph): Links => new Links(model.file, graph);
