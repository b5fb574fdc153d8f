import { shifted } from "../text/spelled.js";
import type { Branch } from "../tree/mirror.js";
import { type Called, type Pull, readCall } from "./calls.js";
import { type Code, isCall } from "./code.js";
import { Collector, type Find, type Memory, type Use } from "./collector.js";
import { type Definition, definitionsAt } from "./constants.js";
import { readJsx } from "./jsx.js";
import { readLiteral } from "./literals.js";
import { readModule, readNamed } from "./named.js";
import { readPythonBlock } from "./pythonBlocks.js";

/** What one statement holds, those inside it apart. Nodes move along with the text; offsets are those at `at`. */
interface Part {
  at: number;
  finds: Find[];
  uses: readonly Use[];
  readonly definitions: readonly Definition[];
  readonly comments: readonly Branch[];
  readonly pulls: Pull[];
  readonly pipes: Branch[];
  readonly calls: Called[];
  readonly inner: readonly Branch[];
}

/** What was read of a file's statements; a statement that an edit left alone keeps its node, and so its part. */
export class Parts {
  private readonly known = new WeakMap<Branch, Part>();

  constructor(private readonly module?: "prompts" | "templates") {}

  readonly memory: Memory = new WeakMap();

  /** Every part of a file, in the order of the text. */
  read(code: Code): Part[] {
    const all: Part[] = [];
    this.gather(code, code.root, all);
    return all;
  }

  private gather(code: Code, statement: Branch, all: Part[]): void {
    let part = this.known.get(statement);
    if (!part) {
      part = this.fresh(code, statement);
      this.known.set(statement, part);
    } else move(part, statement.start);
    all.push(part);
    for (const inner of part.inner) this.gather(code, inner, all);
  }

  private fresh(code: Code, statement: Branch): Part {
    const collector = new Collector(code, this.memory);
    const definitions: Definition[] = [];
    const comments: Branch[] = [];
    const pulls: Pull[] = [];
    const pipes: Branch[] = [];
    const calls: Called[] = [];
    const inner: Branch[] = [];
    const visit = (branch: Branch): void => {
      if (branch.type === "comment" || branch.type === "html_comment") comments.push(branch);
      else if (isCall(branch)) readCall(collector, branch, { pulls, pipes, calls });
      else if (branch.type.startsWith("jsx_")) readJsx(collector, branch);
      else readPythonBlock(collector, branch);
      readLiteral(collector, branch);
      readNamed(collector, branch);
      if (this.module) readModule(collector, branch, this.module);
      definitions.push(...definitionsAt(code, branch));
      const body = BODIES.has(branch.type);
      for (const kid of branch.kids) {
        if (body && kid.type !== "comment") inner.push(kid);
        else visit(kid);
      }
    };
    visit(statement);
    return { at: statement.start, finds: collector.finds, uses: collector.uses, definitions, comments, pulls, pipes, calls, inner };
  }
}

const BODIES = new Set(["program", "module", "class_body", "statement_block", "block"]);

function move(part: Part, to: number): void {
  const by = to - part.at;
  if (by === 0) return;
  const anchored = <T extends { readonly anchor?: number }>(want: T): T => (want.anchor === undefined ? want : { ...want, anchor: want.anchor + by });
  part.finds = part.finds.map((find) => ({ ...anchored(find), spelled: shifted(find.spelled, by) }));
  part.uses = part.uses.map(({ branch, want }) => ({ branch, want: anchored(want) }));
  part.at = to;
}
