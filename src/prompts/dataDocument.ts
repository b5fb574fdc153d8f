import type { FoundPrompts, Notice } from "../protocol/index.js";
import { Chunks, cutLines, cutYaml, joinedNodes } from "./data/chunks.js";
import { refuseDeep } from "./data/depth.js";
import { isMachineFile } from "./data/files.js";
import { readJson } from "./data/json.js";
import type { DataNode } from "./data/node.js";
import { type RowMemory, readData } from "./data/read.js";
import { readYaml } from "./data/yaml.js";
import { tooDeep, unreadable } from "./notices.js";
import { pointAt } from "./tree/window.js";

const NOTHING: FoundPrompts = { prompts: [], notices: [] };
/** Words without which a data file holds no prompt. */
const CUE =
  /role|prompt|system|instruction|template|persona|preamble|message|conversation|content|goal|backstory|expected_output|chosen|rejected|rules|input_schema|parameters|layerscope/i;
const HASH = /(?:^|(?<=\s))#[^\n]*/gm;
const SLASHES = /\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** A YAML, JSON or JSONL file; what an edit did not touch is not parsed again. */
export class DataDocument {
  private readonly chunks: Chunks | undefined;
  private readonly rows: RowMemory = new WeakMap();

  constructor(
    private readonly by: "yaml" | "json" | "jsonl",
    private readonly fileName: string,
    private readonly possible: boolean,
  ) {
    this.chunks = by === "yaml" ? new Chunks(cutYaml, readYaml) : by === "jsonl" ? new Chunks(cutLines, readJson, !possible) : undefined;
  }

  read(source: string): FoundPrompts {
    if (isMachineFile(this.fileName)) return NOTHING;
    const notices: Notice[] = [];
    try {
      if (!this.possible && !CUE.test(source)) {
        refuseDeep(source);
        return NOTHING;
      }
      const { nodes, fault } = this.parse(source);
      if (fault !== undefined) {
        const { row, column } = pointAt(source, fault);
        notices.push(unreadable(row, column));
      }
      const comment = this.by === "yaml" ? HASH : this.by === "json" ? SLASHES : null;
      return {
        prompts: readData(source, nodes, { fileName: this.fileName, possible: this.possible, rows: this.by === "jsonl" ? this.rows : undefined, comment }),
        notices,
      };
    } catch (error) {
      // Readers of nested data use the stack; a nest that exhausts it is no prompt file.
      if (error instanceof RangeError) return { ...NOTHING, notices: [tooDeep()] };
      throw error;
    }
  }

  dispose(): void {}

  private parse(source: string): { nodes: DataNode[]; fault?: number } {
    if (!this.chunks) return readJson(source);
    const { nodes, fault, torn } = this.chunks.read(source);
    if (this.by === "jsonl") return { nodes, fault };
    // Cut in the middle of something: read whole.
    return torn ? readYaml(source) : { nodes: joinedNodes(nodes), ...(fault === undefined ? {} : { fault }) };
  }
}
