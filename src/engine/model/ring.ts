import type { Node } from "./graph.js";
import { WireReader } from "./wire.js";
import { WireWriter } from "./write.js";

const RING = "sliding_window_cache";

/**
 * Whether a layer keeps its keys and values in a ring buffer of its window (model-builder exports of Gemma 2 and 3 and gpt-oss), which
 * ONNX Runtime wants allocated in full for every row, however short.
 */
export const keepsRing = (node: Node): boolean => node.op === "GroupQueryAttention" && node.attributes.get(RING)?.int === 1;

/** The same node with a cache that grows, so that an empty one is none; the window itself (`local_window_size`) stays. */
export function withoutRing(bytes: Uint8Array): Uint8Array {
  const reader = new WireReader({ name: "", size: bytes.length, view: (a, b) => bytes.subarray(a, b), close: () => {} }, 0, bytes.length);
  const out = new WireWriter();
  let start = 0;
  while (reader.next()) {
    const dropped = reader.field === 5 && isRing(reader.message());
    if (reader.field !== 5) reader.skip();
    if (!dropped) out.bytes(bytes.subarray(start, reader.pos));
    start = reader.pos;
  }
  return out.finish();
}

function isRing(attribute: WireReader): boolean {
  while (attribute.next()) {
    if (attribute.field === 1) return attribute.text() === RING;
    attribute.skip();
  }
  return false;
}
