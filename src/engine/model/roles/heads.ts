import type { Config } from "../config.js";
import type { Links } from "../links.js";
import { type Attention, madeBy } from "./attention.js";
import { columnsTo } from "./columns.js";
import type { Numbers } from "./numbers.js";
import { outWidth } from "./widths.js";

/**
 * Heads of an attention: the fused operator's own number; what the output projection takes in, divided by the size that
 * the values are cut into; or config.json's.
 * @param width of what the output projection takes in
 */
export function headsOf(
  links: Links,
  attention: Attention,
  width: number | undefined,
  numbers: Numbers,
  config: Config,
  stop: ReadonlySet<number>,
): number | undefined {
  const { attributes } = links.nodes[attention.node]!;
  const said = attributes.get("num_heads")?.int ?? attributes.get("q_num_heads")?.int;
  if (said) return said;
  const [product] = madeBy(links, attention.value, stop);
  const out = product && outWidth(links, product);
  if (width !== undefined && product && out !== undefined && out <= LONGEST) {
    const size = columnsTo(links, numbers, links.outputs[product.node]![0]!, out, attention.value)?.last;
    if (size && width % size === 0 && size < width) return width / size;
  }
  return config.heads !== undefined && (width ?? 0) % config.heads === 0 ? config.heads : undefined;
}

/** Outputs that one projection may have; more are traced for nothing (CWE-400). */
const LONGEST = 262_144;
