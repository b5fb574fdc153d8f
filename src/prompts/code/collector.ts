import type { PromptRank, PromptRole } from "../../protocol/index.js";
import { isForScreen, MESSAGE_ROLES, roleOf } from "../roles.js";
import { withFields } from "../text/layout.js";
import { type Spelled, shifted } from "../text/spelled.js";
import { type Branch, eachBranch } from "../tree/mirror.js";
import {
  type Code,
  callOf,
  type Entry,
  entriesOf,
  isCall,
  isList,
  isMember,
  isName,
  isTable,
  isText,
  partOf,
  partsOf,
  pathOf,
  plainString,
  textOf,
  unwrapped,
} from "./code.js";
import type { Constants } from "./constants.js";
import { readsAsPrompt } from "./names.js";
import { spell } from "./spell.js";

/** How a value that is a prompt is to be reported. */
export interface Want {
  readonly shape: string;
  readonly rank: PromptRank;
  readonly role: PromptRole;
  readonly name?: string;
  /** Where the pair, argument or assignment begins that holds it; a comment above that line counts. */
  readonly anchor?: number;
  /** A part of another prompt. */
  readonly inside?: boolean;
  /** Asked of each text before it is taken. */
  readonly only?: (text: string) => boolean;
}

export interface Find extends Want {
  readonly spelled: Spelled;
}

const DEEPEST = 40;

/** A name that is a prompt's value: looked up when the whole file has been read. */
export interface Use {
  readonly branch: Branch;
  readonly want: Want;
}

/** Texts that were read already, by the node that holds them; a node that only moved is not read again. */
export type Memory = WeakMap<Branch, { at: number; spelled: Spelled | null }>;

/** Takes the values that shapes name apart into texts: messages, blocks, lists, choices, constants. */
export class Collector {
  readonly finds: Find[] = [];
  /** Names that wait for `constants`. */
  readonly uses: Use[] = [];
  /** Names that no assignment of the file explains: perhaps parameters. */
  readonly unknown: Use[] = [];
  private readonly following = new Set<Branch>();

  /** Without `constants`, names are put by in `uses`. */
  constructor(
    readonly code: Code,
    private readonly memory: Memory,
    readonly constants?: Constants,
  ) {}

  /** A value that is a prompt, or holds prompts. */
  value(branch: Branch | undefined, want: Want, depth = 0): void {
    if (!branch || depth > DEEPEST) return;
    const at = unwrapped(branch);
    if (at.type === "ternary_expression" || at.type === "conditional_expression") this.choices(at, want, depth);
    else if (isName(at) || isMember(at)) this.follow(at, want, depth);
    else if (isList(at)) this.list(at, want, depth);
    else if (isTable(at)) this.table(entriesOf(this.code, at), want, depth);
    else if (isText(at)) this.text(at, want);
    else if (at.type === "boolean_operator" || at.type === "binary_expression" || at.type === "binary_operator") this.operated(at, want, depth);
    else if (at.type === "list_comprehension" || at.type === "generator_expression") this.value(partOf(at, "body"), want, depth + 1);
    else if (isCall(at)) this.call(at, want, depth);
    else if (/^(arrow_function|function_expression|lambda)$/.test(at.type)) this.given(at, want, depth);
  }

  /** What a function gives back: `instructions: (context) => "…"`. */
  private given(at: Branch, want: Want, depth: number): void {
    const body = partOf(at, "body");
    if (body?.type !== "statement_block") this.value(body, want, depth + 1);
    else
      eachBranch(body, (inner) => {
        if (inner.type === "return_statement") this.value(partsOf(inner)[0], want, depth + 1);
      });
  }

  /** One literal or join of literals. @returns whether it was taken */
  text(branch: Branch, want: Want): void {
    const spelled = this.spelled(branch);
    if (spelled && this.take(spelled, { anchor: anchorOf(branch), ...want })) this.fillings(branch, want);
  }

  /** Prompts that fill the holes of another: `${SYSTEM}\n${question}`. */
  private fillings(branch: Branch, want: Want): void {
    for (const literal of branch.type === "concatenated_string" ? partsOf(branch) : [branch])
      for (const kid of literal.kids) if (kid.type === "interpolation" || kid.type === "template_substitution") this.constantsIn(partsOf(kid)[0], want, 1);
  }

  add(spelled: Spelled, want: Want): void {
    this.take(withFields(spelled), want);
  }

  private take(filled: Spelled, want: Want): boolean {
    if (!/\p{L}/u.test(filled.text) || (want.only && !want.only(filled.text))) return false;
    this.finds.push({ ...want, spelled: filled });
    return true;
  }

  /** The text of an expression, its fields holes. */
  private spelled(branch: Branch): Spelled | null {
    const known = this.memory.get(branch);
    if (known) {
      if (known.spelled) known.spelled = shifted(known.spelled, branch.start - known.at);
      known.at = branch.start;
      return known.spelled;
    }
    const read = spell(this.code, branch);
    const spelled = read && withFields(read);
    this.memory.set(branch, { at: branch.start, spelled });
    return spelled;
  }

  /** Whether this object is a message to a model: a role of the known ones and a content, and nothing that belongs on a screen. */
  isMessage(entries: readonly Entry[]): boolean {
    const role = entries.find(({ key }) => key === "role");
    if (!role || !entries.some(({ key }) => key === "content" || key === "parts")) return false;
    const word = this.roleWord(role.value);
    return word !== undefined && MESSAGE_ROLES.has(word) && !isForScreen(entries.map(({ key }) => key).filter((key) => key !== "role" && key !== "content"));
  }

  /** A role as it is written: `"system"`, `MessageRole.SYSTEM`, `"user" as const`. */
  roleWord(value: Branch): string | undefined {
    const at = unwrapped(value);
    return (plainString(this.code, at) ?? (isMember(at) ? pathOf(this.code, at).split(".").at(-1) : undefined))?.toLowerCase();
  }

  private choices(at: Branch, want: Want, depth: number): void {
    const parts = partsOf(at);
    const [first, second] = this.code.language === "python" ? [parts[0], parts[2]] : [partOf(at, "consequence"), partOf(at, "alternative")];
    this.value(first, want, depth + 1);
    this.value(second, want, depth + 1);
  }

  private operated(at: Branch, want: Want, depth: number): void {
    const left = partOf(at, "left");
    const right = partOf(at, "right");
    const between = left && right ? this.code.source.slice(left.end, right.start) : "";
    const choice = at.type === "boolean_operator" || /\|\||\?\?|&&/.test(between);
    const spelled = choice ? null : this.spelled(at);
    if (spelled) this.take(spelled, { anchor: anchorOf(at), ...want });
    for (const side of [left, right]) {
      if (!side) continue;
      // Constants inside a join are prompts of their own place; literals are in the join already.
      if (spelled) this.constantsIn(side, want, depth + 1);
      else this.value(side, want, depth + 1);
    }
  }

  private constantsIn(branch: Branch | undefined, want: Want, depth: number): void {
    if (!branch || depth > DEEPEST) return;
    const at = unwrapped(branch);
    if (isName(at) || isMember(at)) this.follow(at, { ...want, inside: true, only: (text) => text.length >= 30 && readsAsPrompt(text) }, depth);
    else if (at.type === "binary_operator" || at.type === "binary_expression") for (const kid of partsOf(at)) this.constantsIn(kid, want, depth + 1);
  }

  private follow(at: Branch, want: Want, depth: number): void {
    if (!this.constants) {
      const { anchor: _, ...rest } = want;
      this.uses.push({ branch: at, want: rest });
      return;
    }
    const values = this.constants.of(at);
    if (values.length === 0 && isName(at) && !want.inside) this.unknown.push({ branch: at, want });
    const { anchor: _, ...rest } = want;
    for (const value of values) {
      if (this.following.has(value)) continue;
      this.following.add(value);
      this.value(value, { ...rest, name: isName(at) ? textOf(this.code, at) : (pathOf(this.code, at).split(".").at(-1) ?? want.name) }, depth + 1);
      this.following.delete(value);
    }
  }

  private list(at: Branch, want: Want, depth: number): void {
    const parts = partsOf(at);
    // ("system", "You are …"), as LangChain writes messages.
    if (parts.length === 2) {
      const word = plainString(this.code, parts[0]);
      // A place for messages that come later.
      if (word === "placeholder" || word === "messages_placeholder") return;
      const role = roleOf(word);
      if (role) {
        this.value(parts[1], { ...want, role, name: undefined }, depth + 1);
        return;
      }
    }
    for (const part of parts) if (part.type !== "pair") this.value(part, want, depth + 1);
  }

  /** A message, a block of text, a part: whatever among its entries the model reads. */
  table(entries: readonly Entry[], want: Want, depth: number): void {
    const entry = (key: string) => entries.find((e) => e.key === key);
    const word = entry("role");
    const role = (word && roleOf(this.roleWord(word.value))) ?? want.role;
    const type = plainString(this.code, entry("type")?.value);
    if (type && /^(image|image_url|input_image|input_audio|document|file|tool_use|audio|video|thinking)$/.test(type)) return;
    for (const { key, value, pair } of entries)
      if (["content", "parts", "text", "prompt", "message"].includes(key) || (key === "template" && !word))
        this.value(value, { ...want, role, name: key === "content" || key === "text" ? want.name : key, anchor: pair.start }, depth + 1);
  }

  private call(at: Branch, want: Want, depth: number): void {
    const call = callOf(this.code, at);
    if (call.path === "dict") {
      this.table(call.named, want, depth);
      return;
    }
    const last = call.path.slice(call.path.lastIndexOf(".") + 1);
    // Blocks of text that are made by a call: Part.from_text(text="…"), TextBlock(text="…"), Content(parts=[…]).
    if (
      /^(Part|Content|TextBlock|TextPart|TextContent|ContentPart|TextContentPart|from_text|fromText|UserContent|ModelContent|Message|Template|createUserContent|createPartFromText)$/.test(
        last,
      )
    ) {
      const texts = call.named.filter(({ key }) => ["text", "parts", "content"].includes(key));
      if (texts.length > 0) this.table(call.named, want, depth);
      else this.value(call.positional[0], want, depth + 1);
      return;
    }
    if (/^(concat|filter|flat|list|tuple|Array\.from)$/.test(last)) {
      for (const part of [partOf(at, "function"), ...call.positional]) if (part) this.value(isMember(part) ? partOf(part, "object") : part, want, depth + 1);
      return;
    }
    const spelled = this.spelled(at);
    if (spelled) this.take(spelled, { anchor: anchorOf(at), ...want });
    else this.unwrappedConstant(at, want, depth);
  }

  /** `SYSTEM.trim()`, `PROMPT.format(x=1)`, `dedent(PROMPT)`: the constant's own literal. */
  private unwrappedConstant(at: Branch, want: Want, depth: number): void {
    const callee = partOf(at, "function");
    if (!callee) return;
    const method = isMember(callee) ? (partOf(callee, "property") ?? partOf(callee, "attribute")) : callee;
    const name = method ? textOf(this.code, method) : "";
    const inner = isMember(callee) ? partOf(callee, "object") : undefined;
    if (inner && /^(format|trim\w*|l?r?strip|replace|replaceAll|format_map|substitute|safe_substitute|concat|toString|join)$/.test(name))
      this.value(inner, want, depth + 1);
    else if (/dedent|cleandoc|outdent|^str$|^String$/.test(name)) this.value(callOf(this.code, at).positional[0], want, depth + 1);
  }
}

/** Start of the pair, argument or assignment around a value. */
export function anchorOf(branch: Branch): number {
  const up = branch.parent;
  return up &&
    /^(pair|keyword_argument|assignment|variable_declarator|public_field_definition|default_parameter|typed_default_parameter|parenthesized_expression)$/.test(
      up.type,
    )
    ? up.type === "parenthesized_expression"
      ? anchorOf(up)
      : up.start
    : branch.start;
}
