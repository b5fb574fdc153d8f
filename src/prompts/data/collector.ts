import type { PromptRank } from "../../protocol/index.js";
import type { Find, Want } from "../code/collector.js";
import { roleOf } from "../roles.js";
import { withFields } from "../text/layout.js";
import { shifted } from "../text/spelled.js";
import type { DataMap, DataNode } from "./node.js";
import { textAt, valueAt } from "./node.js";

/** Takes the values of a data file that are prompts. */
export class DataCollector {
  readonly finds: Find[] = [];

  /** `isRows`: a file of records, one prompt each. */
  constructor(
    readonly source: string,
    readonly isRows: boolean,
  ) {}

  /** A text, a list of texts, blocks or messages, or an object that holds one. */
  value(node: DataNode, want: Want, depth = 0): void {
    if (depth > 20) return;
    if (node.kind === "list") for (const item of node.items) this.value(item, want, depth + 1);
    else if (node.kind === "map") {
      const role = roleOf(textAt(node, "role")?.value) ?? want.role;
      for (const key of ["content", "parts", "text"]) {
        const inner = valueAt(node, key);
        if (inner) this.value(inner, { ...want, role, anchor: node.start }, depth + 1);
      }
    } else if (node.kind === "text") {
      const spelled = node.read ? shifted(node.read, node.start - node.read.start) : withFields(node.spell(this.source, node.start, node.end));
      node.read = spelled;
      if (/\p{L}/u.test(spelled.text) && (!want.only || want.only(spelled.text))) this.finds.push({ ...want, spelled });
    }
  }

  field(map: DataMap, key: string, want: Want): void {
    const entry = map.entries.find((e) => e.key === key);
    if (entry) this.value(entry.value, { name: key, anchor: entry.start, ...want });
  }

  message(map: DataMap, shape: string, rank: PromptRank): void {
    const entry = map.entries.find(({ key }) => key === "content");
    const role = roleOf(textAt(map, "role")?.value);
    if (entry && role) this.value(entry.value, { shape, rank, role, name: "content", anchor: entry.start });
  }
}
