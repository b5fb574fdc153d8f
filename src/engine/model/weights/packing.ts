import type { Links } from "../links.js";
import type { Attention } from "../roles/attention.js";
import { columnsTo } from "../roles/columns.js";
import type { Numbers } from "../roles/numbers.js";
import type { Product } from "../roles/products.js";
import { outWidth } from "../roles/widths.js";

/** Rows of a projection that one of q, k, v is made of; undefined = all of them. */
export interface Packing {
  readonly rows?: readonly number[];
  readonly layout?: string;
}

/** Outputs that one projection may have (CWE-400). */
const LONGEST = 262_144;

const PLACES = { q: 0, k: 1, v: 2 } as const;

/** How queries, keys and values share a projection: sizes said by the fused operator, or the way from the product to the operand. */
export function packingOf(links: Links, numbers: Numbers, attention: Attention, product: Product, which: keyof typeof PLACES): Packing | undefined {
  const out = outWidth(links, product);
  if (out === undefined || out > LONGEST) return undefined;
  const node = links.nodes[attention.node]!;
  const number = (name: string) => node.attributes.get(name)?.int ?? 0;
  if (attention.packed) {
    const operand =
      node.op === "GroupQueryAttention"
        ? grouped(out, number("num_heads"), number("kv_num_heads"))
        : thirds(out, node.attributes.get("qkv_hidden_sizes")?.ints);
    const perHead = node.op === "MultiHeadAttention" || node.op === "PackedMultiHeadAttention";
    const heads = number("num_heads");
    if (perHead && heads > 0 && out % (3 * heads) === 0) return described(out, headwise(out, heads, PLACES[which]));
    const start = operand.slice(0, PLACES[which]).reduce((sum, size) => sum + size, 0);
    const size = operand[PLACES[which]] ?? 0;
    return size > 0 && start + size <= out ? described(out, range(start, start + size)) : undefined;
  }
  const target = which === "q" ? attention.query : which === "k" ? attention.key : attention.value;
  const columns = columnsTo(links, numbers, links.outputs[product.node]![0]!, out, target);
  return columns && described(out, columns.rows);
}

function grouped(out: number, heads: number, shared: number): number[] {
  const size = out / (heads + 2 * shared);
  return [heads * size, shared * size, shared * size];
}

const thirds = (out: number, sizes: readonly number[] | undefined): readonly number[] => sizes ?? [out / 3, out / 3, out / 3];

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function headwise(out: number, heads: number, part: number): number[] {
  const size = out / heads / 3;
  return range(0, heads).flatMap((head) => range((head * 3 + part) * size, (head * 3 + part + 1) * size));
}

/** Says in words which rows they are. */
export function described(out: number, rows: readonly number[]): Packing {
  if (rows.length === out) return {};
  const first = rows[0]!;
  if (rows.every((row, i) => row === first + i)) return { rows, layout: `rows ${first} to ${first + rows.length - 1} of a packed projection of ${out}` };
  let run = 1;
  while (rows[run] === first + run) run++;
  const step = rows[run]! - first;
  const regular = rows.length % run === 0 && rows.every((row, i) => row === first + Math.floor(i / run) * step + (i % run));
  return {
    rows,
    layout: regular
      ? `rows ${first} to ${first + run - 1} of every ${step} of a packed projection of ${out} (interleaved by head)`
      : `${rows.length} chosen rows of a packed projection of ${out}`,
  };
}
