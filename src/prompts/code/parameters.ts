import type { Branch } from "../tree/mirror.js";
import type { Called } from "./calls.js";
import { type Code, callOf, isName, partOf, partsOf, textOf } from "./code.js";
import { Collector, type Find, type Memory, type Use } from "./collector.js";
import type { Constants } from "./constants.js";

const FUNCTIONS = /^(function_definition|function_declaration|generator_function_declaration|method_definition|function_expression|arrow_function)$/;
/** A prompt may pass through so many functions. */
const DEEPEST = 3;

/** Which argument of which function a name stands for. */
interface Parameter {
  readonly called: string;
  readonly at: number;
  readonly key: string;
  /** Of an object that is taken apart: `({ system, prompt })`. */
  readonly byKey: boolean;
}

/** Texts that a file hands to its own functions, where these hand them to a model: `ask("You are …")` with `def ask(system): …`. */
export function readArguments(code: Code, memory: Memory, constants: Constants, unknown: readonly Use[], calls: () => Iterable<Called>): Find[] {
  const finds: Find[] = [];
  const known = new Set<string>();
  let byName: Map<string, Branch[]> | undefined;
  let uses = unknown;
  for (let depth = 0; depth < DEEPEST && uses.length > 0; depth++) {
    const collector = new Collector(code, memory, constants);
    for (const { branch, want } of uses) {
      const parameter = parameterOf(code, branch);
      if (!parameter) continue;
      const key = `${parameter.called} ${parameter.at} ${parameter.key}`;
      if (known.has(key)) continue;
      known.add(key);
      byName ??= group(calls());
      const { anchor: _, ...rest } = want;
      for (const at of byName.get(parameter.called) ?? [])
        collector.value(argumentOf(code, at, parameter), {
          ...rest,
          rank: "likely",
          name: parameter.key,
          only: (text) => /\S\s+\S/.test(text) && (!want.only || want.only(text)),
        });
    }
    finds.push(...collector.finds);
    uses = collector.unknown;
  }
  return finds;
}

function group(calls: Iterable<Called>): Map<string, Branch[]> {
  const byName = new Map<string, Branch[]>();
  for (const { branch, name } of calls) {
    const list = byName.get(name);
    if (list) list.push(branch);
    else byName.set(name, [branch]);
  }
  return byName;
}

function argumentOf(code: Code, branch: Branch, { at, key, byKey }: Parameter): Branch | undefined {
  const { named, positional } = callOf(code, branch);
  const entry = byKey || code.language === "python" ? named.find((e) => e.key === key)?.value : undefined;
  return entry ?? (byKey ? undefined : positional[at]);
}

/** The parameter that a name stands for, of the innermost function that has one of this name. */
function parameterOf(code: Code, use: Branch): Parameter | undefined {
  const key = textOf(code, use);
  for (let at = use.parent; at; at = at.parent) {
    if (!FUNCTIONS.test(at.type)) continue;
    const list = partOf(at, "parameters");
    const names = list ? partsOf(list).map((part) => namesOf(code, part)) : [];
    const taken = names.filter(([first]) => first !== "self" && first !== "cls");
    const place = taken.findIndex((inner) => inner.includes(key));
    if (place < 0) continue;
    const called = nameOf(code, at);
    return called === undefined ? undefined : { called, at: place, key, byKey: taken[place].length > 1 || taken[place][0] !== key };
  }
  return undefined;
}

/** The names that one parameter binds; of one that is taken apart, an empty first. */
function namesOf(code: Code, part: Branch): string[] {
  if (isName(part)) return [textOf(code, part)];
  if (part.type === "object_pattern")
    return [
      "",
      ...partsOf(part).flatMap((kid) =>
        kid.type.startsWith("shorthand")
          ? [textOf(code, kid)]
          : partsOf(kid)
              .slice(0, 1)
              .map((k) => textOf(code, k)),
      ),
    ];
  const inner = partOf(part, "pattern") ?? partOf(part, "name") ?? partOf(part, "left") ?? partsOf(part)[0];
  return inner ? namesOf(code, inner) : [];
}

/** What a function is called by; a constructor by its class. */
function nameOf(code: Code, at: Branch): string | undefined {
  const own =
    partOf(at, "name") ??
    (at.parent && /^(variable_declarator|pair|public_field_definition|field_definition)$/.test(at.parent.type) ? holderOf(at.parent) : undefined);
  const name = own && textOf(code, own);
  if (name !== "__init__" && name !== "constructor") return name;
  let up = at.parent;
  while (up && !/^class/.test(up.type)) up = up.parent;
  while (up && up.type === "class_body") up = up.parent;
  const title = up && partOf(up, "name");
  return title && textOf(code, title);
}

const holderOf = (branch: Branch): Branch | undefined => partOf(branch, "name") ?? partOf(branch, "key") ?? partOf(branch, "property");
