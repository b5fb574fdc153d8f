import type { FoundPrompt, Notice } from "../../protocol/index.js";
import { pullNotice, readPipeline } from "./calls.js";
import type { Code } from "./code.js";
import { Collector, type Find, type Use } from "./collector.js";
import { marksOf, type Remark, remarkOf } from "./comments.js";
import { readMarked } from "./literals.js";
import { readArguments } from "./parameters.js";
import type { Parts } from "./parts.js";
import { type Unit, unitAt } from "./units.js";

export interface CodeReading {
  readonly prompts: readonly FoundPrompt[];
  readonly notices: readonly Notice[];
}

/** Reads the prompts of a source file from its mirror: statement by statement, then what names and comments tie together. */
export function readCode(code: Code, parts: Parts, possible: boolean): CodeReading {
  const units = parts.read(code);
  const { constants, same } = parts.constants(code, units);
  const collector = new Collector(code, parts.memory, constants);
  const unknown: Use[] = [];
  for (const unit of units) {
    collector.finds.push(...unit.follow(code, parts, constants, same));
    for (const use of unit.unknown) unknown.push(use);
  }
  if (code.source.includes("pipeline(")) for (const { pipes } of units) for (const pipe of pipes) readPipeline(collector, pipe);
  collector.finds.push(...readArguments(code, parts.memory, constants, unknown, () => units.flatMap(({ calls }) => calls)));
  const marks = marksOf(code.source, remarksOf(code, units));
  readMarked(collector, marks, possible);
  const foreign = new Map<number, Find[]>();
  for (const find of collector.finds) {
    const at = unitAt(units, find.spelled.start);
    const list = foreign.get(at);
    if (list) list.push(find);
    else foreign.set(at, [find]);
  }
  const prompts: FoundPrompt[] = [];
  for (const [i, unit] of units.entries()) for (const prompt of unit.report(foreign.get(i) ?? [], marks)) prompts.push(prompt);
  const notices = units.flatMap(({ pulls }) => pulls.map((pull) => pullNotice(code.source, pull)));
  return { prompts, notices };
}

/** Every comment, if one of them may say something; in the order of the text. */
function remarksOf(code: Code, units: readonly Unit[]): Remark[] {
  if (!/layerscope-ignore|prompt/i.test(code.source)) return [];
  const comments = [...code.root.kids.filter(({ type }) => type.endsWith("comment")), ...units.flatMap((unit) => unit.comments)];
  return comments.map((comment) => remarkOf(code.source, comment)).sort((a, b) => a.start - b.start);
}
