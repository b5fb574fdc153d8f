import type { Links } from "../links.js";
import type { Product } from "./products.js";
import { staticDims } from "./statics.js";

/** Numbers that a product takes in for each token, when the graph tells. */
export function inWidth(links: Links, product: Product): number | undefined {
  if (product.form === "blocks") return links.nodes[product.node]!.attributes.get("K")?.int;
  return staticDims(links, product.weight)?.[product.outFirst ? 1 : 0];
}

/** Numbers that it gives out. */
export function outWidth(links: Links, product: Product): number | undefined {
  if (product.form === "blocks") return links.nodes[product.node]!.attributes.get("N")?.int;
  return staticDims(links, product.weight)?.[product.outFirst ? 0 : 1];
}
