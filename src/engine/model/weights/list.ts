import type { Links } from "../links.js";
import type { Attention } from "../roles/attention.js";
import { madeBy } from "../roles/attention.js";
import { columnsTo } from "../roles/columns.js";
import type { Numbers } from "../roles/numbers.js";
import type { Part } from "../roles/parts.js";
import { lastProduct, type Structure } from "../roles/places.js";
import { originsOf, type Product } from "../roles/products.js";
import { type Span, spanOf } from "../roles/shared.js";
import { inWidth, outWidth } from "../roles/widths.js";
import type { Taps } from "../taps.js";
import { biasAfter, type Norm, normOf } from "./norms.js";
import { described, packingOf } from "./packing.js";
import { startOf, type Table } from "./tables.js";

/** A weight by its role, and where its numbers come from. */
export interface Role {
  readonly name: string;
  readonly product?: Product;
  readonly table?: Table;
  /** A vector (a bias, a norm's scale). */
  readonly vector?: number;
  /** Rows of a packed projection. */
  readonly rows?: readonly number[];
  /** Columns of a projection that two parts share. */
  readonly columns?: Span;
  readonly note?: string;
  readonly missing?: string;
}

/** Every weight that has a role: the field's names, `blocks.N.q` … `down`, norms in the order of their use. */
export function listRoles(links: Links, numbers: Numbers, taps: Taps, { blocks, ends, stop }: Structure): Role[] {
  const roles: Role[] = [];
  const vector = (name: string, value: number | undefined, more: Partial<Role> = {}) => {
    if (value !== undefined && value >= 0) roles.push({ name, vector: value, ...more });
  };
  const norm = (name: string, found: Norm | undefined) => {
    vector(name, found?.weight);
    vector(`${name}.bias`, found?.bias);
  };
  const missing = (name: string, why: string) => {
    roles.push({ name, missing: `not in this export, because ${why}` });
  };
  const product = (name: string, found: Product, more: Partial<Role> & { bias?: number } = {}) => {
    const { bias, ...rest } = more;
    roles.push({ name, product: found, ...rest });
    // A shared bias is given once, with the output projection of attention.
    if (rest.columns && /\.down$/.test(name)) return;
    vector(
      `${name}.bias`,
      bias ?? found.bias ?? biasAfter(links, links.outputs[found.node]![0]!, outWidth(links, found)),
      rest.rows ? { rows: rest.rows } : {},
    );
  };

  const start = startOf(links, taps);
  if (!start.tables.some((table) => table.role === "embedding")) missing("embedding", "no table is looked up by token ids");
  const order: Table["role"][] = ["embedding", "positional", "token_type", "patch_embedding", "class_token"];
  for (const table of [...start.tables].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role))) {
    if (roles.some((role) => role.name === table.role)) continue;
    roles.push({ name: table.role, table });
    vector(`${table.role}.bias`, table.bias);
  }
  if (start.projection) product("embedding_projection", start.projection);
  norm("embedding_norm", start.norm);

  blocks.forEach(({ block, parts }, i) => {
    const name = (role: string) => `blocks.${i}.${role}`;
    const postNorm = Boolean(taps.streams.norm[block.end]);
    parts.forEach((part, k) => {
      const prefix = part.kind === "attention" && parts.slice(0, k).some((one) => one.kind === "attention") ? "cross_" : "";
      const last = lastProduct(links, part, stop);
      const first =
        part.kind === "attention"
          ? attentionRoles(part, (role) => name(`${prefix}${role}`), last)
          : part.kind === "mlp"
            ? mlpRoles(part, name, last)
            : undefined;
      const which = `norm${k + 1}`;
      // Pre-norm: what the branch reads. Post-norm: what the sum goes through.
      const after = postNorm ? normOf(links, k + 1 < block.sums.length ? afterSum(part) : block.end) : undefined;
      norm(name(which), postNorm ? after : first && normOf(links, first.input, stop));
      if (!postNorm && last) for (const end of part.ends) norm(name(`${which}_post`), end === links.outputs[last.node]![0] ? undefined : normOf(links, end));
    });
  });
  const { finalNorm, unembedding } = ends;
  if (finalNorm !== undefined) norm("final_norm", normOf(links, finalNorm));
  if (unembedding) product("unembedding", unembedding);
  else missing("unembedding", ends.logitsMissing ?? "no product leads to the logits");
  return roles;

  /** The state that the sum of a part becomes, in post-norm models its normalised form. */
  function afterSum(part: Part): number {
    const place = blocks.flatMap(({ block }) => block.sums);
    const next = place[place.indexOf(part.sum) + 1];
    return next ? next.skip : part.sum.value;
  }

  /** @returns the product that reads the branch's input */
  function attentionRoles(part: Part, name: (role: string) => string, last: Product | undefined): Product | undefined {
    const attention = part.attention!;
    const operands = { q: attention.query, k: attention.key, v: attention.value } as const;
    let first: Product | undefined;
    for (const which of ["q", "k", "v"] as const) {
      const { product: made, bias } = projection(attention, operands[which]);
      const packing = made && packingOf(links, numbers, attention, made, which);
      if (!made || !packing) {
        missing(name(which), made ? "how it is packed does not follow from the graph" : `no single projection makes the ${which} of this attention`);
        continue;
      }
      first ??= made;
      product(name(which), made, { rows: packing.rows, note: packing.layout, bias });
      norm(name(`${which}_norm`), normBetween(links.outputs[made.node]![0]!, operands[which]));
    }
    if (part.shared) shared(part, name("o"));
    else if (last) product(name("o"), last, { bias: part.foldedBias });
    else missing(name("o"), "no single output projection follows the attention");
    return first;
  }

  function shared(part: Part, name: string): void {
    const columns = spanOf(links, numbers, part, stop);
    if (!columns) {
      missing(name, "attention and MLP share one output projection, and the columns of each do not follow from the graph");
      return;
    }
    const of = inWidth(links, part.shared!.product);
    const note = `columns ${columns.from} to ${columns.to - 1} of an output projection of ${of} that attention and MLP share`;
    product(name, part.shared!.product, { columns, note, bias: part.foldedBias });
  }

  function projection(attention: Attention, operand: number): { product?: Product; bias?: number } {
    const node = links.nodes[attention.node]!;
    const inputs = links.inputs[attention.node]!;
    // The fused operator multiplies by the weight itself.
    if (attention.packed && /^(Q?Attention|PackedAttention|LongformerAttention)$/.test(node.op) && node.domain !== "") {
      const bias = (inputs[2] ?? -1) >= 0 ? inputs[2] : undefined;
      return {
        product: { node: attention.node, input: inputs[0]!, weight: inputs[1]!, form: node.op === "QAttention" ? "integer" : "float", outFirst: false, bias },
      };
    }
    const made = madeBy(links, operand, stop);
    return made.length === 1 ? { product: made[0] } : {};
  }

  /** A normalisation of queries or keys by head. */
  function normBetween(from: number, to: number): Norm | undefined {
    const seen = new Set<number>();
    const queue = [to];
    for (let i = 0; i < queue.length && i < 32; i++) {
      const v = queue[i]!;
      const n = links.maker[v] ?? -1;
      if (v === from || n < 0 || seen.has(v) || !links.dynamic[v] || links.mask[v]) continue;
      seen.add(v);
      const found = normOf(links, v, stop);
      if (found) return found;
      queue.push(...links.inputs[n]!.filter((input) => input >= 0));
    }
    return undefined;
  }

  /** The rows of one projection, or of two, that lead to the MLP's half of a shared output projection. */
  function sharedMlpRoles(part: Part, name: (role: string) => string): Product | undefined {
    const { products } = originsOf(links, [part.shared!.mlp], stop);
    const span = spanOf(links, numbers, part, stop);
    const packed = products.map((one) => columnsTo(links, numbers, links.outputs[one.node]![0]!, outWidth(links, one) ?? 0, part.shared!.mlp)?.rows);
    const fits = span && packed.every((rows) => rows?.length === span.to - span.from);
    if (!fits || products.length > 2) missing(name("up"), "which rows of a packed projection lead to the activation does not follow from the graph");
    else {
      const gate = products.length === 2 ? (bent(links.outputs[products[0]!.node]![0]!, part.shared!.mlp) ? 0 : 1) : -1;
      products.forEach((one, i) => {
        const { rows, layout } = described(outWidth(links, one)!, packed[i]!);
        product(name(i === gate ? "gate" : "up"), one, { rows, note: layout });
      });
    }
    shared(part, name("down"));
    return products[0];
  }

  function mlpRoles(part: Part, name: (role: string) => string, last: Product | undefined): Product | undefined {
    if (part.shared) return sharedMlpRoles(part, name);
    if (!last) {
      for (const role of ["up", "down"]) missing(name(role), "the MLP is split over experts, or computed by a fused operator");
      return originsOf(links, part.ends, stop).products[0];
    }
    const { products, others } = originsOf(links, [last.input], stop);
    const width = inWidth(links, last);
    if (others.length > 0 || products.length === 0 || products.length > 2) missing(name("up"), "no single projection leads to the activation");
    else if (products.length === 1) {
      const [up] = products;
      const out = outWidth(links, up!);
      // Gate and up side by side in one product: which half is which the nonlinearity tells.
      if (out !== undefined && width !== undefined && out === 2 * width) halves(up!, last, width);
      else product(name("up"), up!);
    } else {
      const [a, b] = products as [Product, Product];
      const gated = bent(links.outputs[a.node]![0]!, last.input) ? a : b;
      product(name("gate"), gated);
      product(name("up"), gated === a ? b : a);
    }
    product(name("down"), last, { bias: part.foldedBias });
    return products[0];

    function halves(packed: Product, down: Product, size: number): void {
      const split = links.readers(links.outputs[packed.node]![0]!).filter((n) => /^(Split|Slice)$/.test(links.nodes[n]!.op));
      const outputs = split.flatMap((n) =>
        links.outputs[n]!.map((v, i) => ({ v, at: links.nodes[n]!.op === "Split" ? i : (numbers.ints(links.inputs[n]![1])?.[0] ?? 0) > 0 ? 1 : 0 })),
      );
      const gate = outputs.find(({ v }) => bent(v, down.input))?.at ?? 0;
      const rows = (half: number) => Array.from({ length: size }, (_, i) => half * size + i);
      const layout = `of a packed projection [${gate === 0 ? "gate | up" : "up | gate"}]`;
      product(name("gate"), packed, { rows: rows(gate), note: `the ${gate === 0 ? "first" : "second"} half ${layout}` });
      product(name("up"), packed, { rows: rows(1 - gate), note: `the ${gate === 0 ? "second" : "first"} half ${layout}` });
    }
  }

  /** Whether a nonlinearity reads a value before it is multiplied with the other one: the gate. */
  function bent(from: number, to: number): boolean {
    const queue = [from];
    for (let i = 0; i < queue.length && i < 24; i++)
      for (const n of links.readers(queue[i]!)) {
        const { op } = links.nodes[n]!;
        const out = links.outputs[n]![0]!;
        if (/^(Sigmoid|Relu|Gelu|FastGelu|QuickGelu|BiasGelu|Tanh|Erf|Softplus|HardSwish|HardSigmoid|Elu|Silu|Swish|LeakyRelu|Celu|Mish|Softsign)$/.test(op))
          return true;
        // The other operand of a product may be bent itself; what lies behind it is not asked.
        const other = links.inputs[n]!.find((input) => input !== queue[i] && links.dynamic[input]);
        if (out !== to && out >= 0 && (op !== "Mul" || other === undefined || queue.includes(other)) && /^(Mul|Add|Div|Cast|Pow|Reshape|Identity)$/.test(op))
          queue.push(out);
      }
    return false;
  }
}
