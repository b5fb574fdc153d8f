import type { Layout } from "./layout.js";
import type { Links } from "./links.js";
import { FLOAT, int64Tensor, type NodeSpec, nodeProto } from "./onnx.js";
import type { Place } from "./roles/places.js";
import type { WireWriter } from "./write.js";

/** Names of what the tapped graph has more than the original. */
export const POOL = "layerscope.pool";
export const LAYERS = "layerscope.layers";
/** Shapes of all states as the graph keeps them: the rank of each, then its sizes. */
export const SHAPE = "layerscope.shape";

/** Output of a tap: its position among those that were asked for. */
export const tapName = (i: number): string => `layerscope.tap.${i}`;

const own = (name: string) => `layerscope/${name}`;

const node = (op: string, inputs: string[], output: string, attributes: NodeSpec["attributes"] = {}) =>
  nodeProto({ op, inputs, outputs: [output], attributes });

/** @param layers how many states are pooled */
export function poolingConstants(layers: number, width?: number, layouts: readonly Layout[] = []): WireWriter[] {
  const skips = new Set(layouts.map(({ skip }) => skip).filter((skip) => skip > 0));
  return [
    ...(width === undefined ? [] : [int64Tensor(own("width"), [width])]),
    ...[...skips].map((skip) => int64Tensor(own(`skip${skip}`), [skip])),
    int64Tensor(own("layers"), [layers]),
    int64Tensor(own("rows_tokens"), [0, 2]),
    int64Tensor(own("rows_poolings"), [0, 1]),
    int64Tensor(own("tokens_only"), [2]),
    int64Tensor(own("rows_only"), [0]),
    int64Tensor(own("one"), [1]),
    int64Tensor(own("rest"), [-1]),
    int64Tensor(own("end"), [2 ** 31 - 1]),
  ];
}

/** The shapes of all states, in one list. */
export function shapeNodes(states: readonly string[]): WireWriter[] {
  const nodes: WireWriter[] = [];
  const parts = states.flatMap((state, layer) => {
    const [shape, rank] = [own(`${layer}/shape`), own(`${layer}/rank`)];
    nodes.push(node("Shape", [state], shape), node("Shape", [shape], rank));
    return [rank, shape];
  });
  return [...nodes, node("Concat", parts, SHAPE, { axis: 0 })];
}

/**
 * Every state is brought to [B, S, D] first: some exports keep [B * S, D] between blocks, others another order.
 * @param width of the stream; a state of another one must fail, not be read crooked. Absent for images, whose trial asks for all numbers at once
 */
export function poolingNodes(states: readonly string[], cast: boolean, width?: number, layouts?: readonly Layout[]): WireWriter[] {
  const nodes = [
    node("Shape", [POOL], own("pool_shape")),
    node("Gather", [own("pool_shape"), own("rows_tokens")], own("b_s"), { axis: 0 }),
    node("Concat", [own("b_s"), own("rest")], own("state_shape"), { axis: 0 }),
    ...(width === undefined ? [] : [node("Concat", [own("b_s"), own("width")], own("layer_shape"), { axis: 0 })]),
    node("Gather", [own("pool_shape"), own("rows_poolings")], own("b_k"), { axis: 0 }),
    node("Concat", [own("layers"), own("b_k"), own("rest")], own("pooled_shape"), { axis: 0 }),
  ];
  const pooled = states.map((state, layer) => {
    const id = (name: string) => own(`${layer}/${name}`);
    if (cast) nodes.push(node("Cast", [state], id("float"), { to: FLOAT }));
    let ordered = cast ? id("float") : state;
    const { perm, skip } = layouts?.[layer] ?? { skip: 0 };
    if (perm) {
      nodes.push(node("Transpose", [ordered], id("ordered"), { perm: [...perm] }));
      ordered = id("ordered");
    }
    if (skip > 0) {
      nodes.push(node("Slice", [ordered, own(`skip${skip}`), own("end"), own("one")], id("texts")));
      ordered = id("texts");
    }
    nodes.push(node("Reshape", [ordered, own(width === undefined ? "state_shape" : "layer_shape")], id("state")));
    nodes.push(node("MatMul", [POOL, id("state")], id("product")));
    return id("product");
  });
  // [L * B, K, D] lies in memory as [L, B, K, D] does.
  nodes.push(node("Concat", pooled, own("pooled"), { axis: 0 }), node("Reshape", [own("pooled"), own("pooled_shape")], LAYERS));
  return nodes;
}

/**
 * Pools further taps: [B, K, W] each, or for attention patterns [B, K, H, S] (the pooled rows are those of the queries).
 * A tap that the graph adds up only inside a fused operator is added up here.
 */
export function tapNodes(links: Links, places: readonly Place[], cast: boolean): WireWriter[] {
  if (places.length === 0) return [];
  const nodes: WireWriter[] = [];
  if (places.some((place) => place.axes === "pattern"))
    nodes.push(
      node("Gather", [own("pool_shape"), own("rows_only")], own("b"), { axis: 0 }),
      node("Gather", [own("pool_shape"), own("tokens_only")], own("s"), { axis: 0 }),
      node("Concat", [own("b"), own("rest"), own("s"), own("s")], own("pattern_shape"), { axis: 0 }),
      node("Gather", [own("pool_shape"), own("one")], own("k"), { axis: 0 }),
      node("Concat", [own("b"), own("one"), own("k"), own("s")], own("pool_heads_shape"), { axis: 0 }),
      node("Reshape", [POOL, own("pool_heads_shape")], own("pool_heads")),
    );
  places.forEach((place, i) => {
    const id = (name: string) => own(`tap${i}/${name}`);
    const { plus, minus = [] } = place.reading!;
    const float = (v: number, name: string) => {
      if (!cast) return links.names[v]!;
      nodes.push(node("Cast", [links.names[v]!], id(name), { to: FLOAT }));
      return id(name);
    };
    let sum = float(plus[0]!, "float0");
    plus.slice(1).forEach((v, k) => {
      nodes.push(node("Add", [sum, float(v, `float${k + 1}`)], id(`sum${k}`)));
      sum = id(`sum${k}`);
    });
    minus.forEach((v, k) => {
      nodes.push(node("Sub", [sum, float(v, `less${k}`)], id(`difference${k}`)));
      sum = id(`difference${k}`);
    });
    if (place.axes === "pattern") {
      nodes.push(node("Reshape", [sum, own("pattern_shape")], id("heads")));
      nodes.push(node("MatMul", [own("pool_heads"), id("heads")], id("pooled")));
      nodes.push(node("Transpose", [id("pooled")], tapName(i), { perm: [0, 2, 1, 3] }));
    } else {
      nodes.push(node("Reshape", [sum, own("state_shape")], id("state")));
      nodes.push(node("MatMul", [POOL, id("state")], tapName(i)));
    }
  });
  return nodes;
}
