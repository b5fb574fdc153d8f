import type { RenderBatch } from "./messages.js";
import { renderBatch } from "./render.js";

/** The process that renders chat templates. It has a small heap, no files and no network to speak of, and is ended when it does not answer. */
process.on("disconnect", () => process.exit(0));
process.on("message", (batch: RenderBatch) => {
  process.send?.(renderBatch(batch));
});
process.send?.("ready");
