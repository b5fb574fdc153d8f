import { type Check, fields, flag, list, oneOf, optional, pictures, text, whole } from "./check.js";
import type { ComparePanelMethods } from "./compare.js";

/** What a comparison's panel may ask, and in which shape. */
export const COMPARE_PARAMS = {
  "panel.ready": fields({}),
  "rows.text": fields({ rows: list(whole, 200) }),
  "row.open": fields({ row: whole, keepFocus: flag }),
  "pair.show": fields({ pair: whole }),
  "pair.swap": fields({}),
  "compare.again": fields({}),
  "compare.export": fields({ format: oneOf("json", "html", "svg"), withText: flag, svgs: optional(pictures) }),
  "about.open": fields({ page: text }),
  "run.open": fields({ run: whole }),
} as const satisfies Record<keyof ComparePanelMethods, Check>;
