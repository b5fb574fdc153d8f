import { shifted } from "../text/spelled.js";
import type { Branch } from "../tree/mirror.js";
import { type Called, type Pull, readCall } from "./calls.js";
import { type Code, isCall } from "./code.js";
import { Collector, type Find, type Memory, type Use } from "./collector.js";
import { type Constants, constantsOf, type Definition, definitionsAt, type Scopes, scopeOf } from "./constants.js";
import { readJsx } from "./jsx.js";
import { readLiteral } from "./literals.js";
import { readModule, readNamed } from "./named.js";
import { readPythonBlock } from "./pythonBlocks.js";
import { Unit } from "./units.js";

/** What one statement holds, those inside it apart. Nodes move along with the text; offsets are those at `at`. */
interface Part {
  at: number;
  finds: Find[];
  readonly uses: readonly Use[];
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

  private readonly units = new WeakMap<Branch, Unit>();
  private readonly scopes: Scopes = new WeakMap();
  private shared: readonly Branch[] = [];

  /** The outermost statements of a file, in the order of the text. */
  read(code: Code): Unit[] {
    const statements = BODIES.has(code.root.type) ? code.root.kids.filter(({ type }) => !isComment(type)) : [code.root];
    return statements.map((statement) => {
      const known = this.units.get(statement) ?? this.unit(code, statement);
      this.units.set(statement, known);
      return known;
    });
  }

  /** What names stand for; `same`: those that more than one statement sees stand for what they stood for at the last reading. */
  constants(code: Code, units: readonly Unit[]): { readonly constants: Constants; readonly same: boolean } {
    const definitions = units.flatMap(({ shared }) => shared);
    const before = this.shared;
    this.shared = definitions.map(({ value }) => value);
    const same = before.length === definitions.length && before.every((value, i) => value === this.shared[i]);
    return { constants: constantsOf(code, this.scopes, definitions), same };
  }

  private unit(code: Code, statement: Branch): Unit {
    const all: Part[] = [];
    this.gather(code, statement, all);
    const own = new Map<Branch, Map<string, Branch[]>>();
    const shared: Definition[] = [];
    for (const definition of all.flatMap(({ definitions }) => definitions)) {
      const scope = scopeOf(definition.holder);
      if (definition.member || !scope.parent) shared.push(definition);
      else {
        const names = own.get(scope) ?? new Map<string, Branch[]>();
        own.set(scope, names);
        names.set(definition.name, [...(names.get(definition.name) ?? []), definition.value]);
      }
    }
    for (const [scope, names] of own) this.scopes.set(scope, names);
    const of = <T>(list: (part: Part) => readonly T[]): T[] => all.flatMap(list);
    return new Unit(
      statement,
      { at: statement.start, items: of(({ finds }) => finds) },
      of(({ uses }) => uses),
      shared,
      of(({ comments }) => comments),
      of(({ pulls }) => pulls),
      of(({ pipes }) => pipes),
      of(({ calls }) => calls),
    );
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
      if (isComment(branch.type)) comments.push(branch);
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

const isComment = (type: string): boolean => type === "comment" || type === "html_comment";

const BODIES = new Set(["program", "module", "class_body", "statement_block", "block"]);

function move(part: Part, to: number): void {
  const by = to - part.at;
  if (by === 0) return;
  part.finds = part.finds.map((find) => ({
    ...find,
    spelled: shifted(find.spelled, by),
    ...(find.anchor === undefined ? {} : { anchor: find.anchor + by }),
  }));
  part.at = to;
}
