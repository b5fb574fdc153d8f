import type { FoundPrompt, Notice } from "../../protocol/index.js";
import { reported } from "../found.js";
import { pullNotice, readPipeline } from "./calls.js";
import type { Code } from "./code.js";
import { Collector, type Find } from "./collector.js";
import { marksOf, type Remark, remarkOf } from "./comments.js";
import { constantsOf } from "./constants.js";
import { readMarked } from "./literals.js";
import { readArguments } from "./parameters.js";
import type { Parts } from "./parts.js";

export interface CodeReading {
  readonly prompts: readonly FoundPrompt[];
  readonly notices: readonly Notice[];
}

/** Reads the prompts of a source file from its mirror: statement by statement, then what names and comments tie together. */
export function readCode(code: Code, parts: Parts, possible: boolean): CodeReading {
  const read = parts.read(code);
  const constants = constantsOf(code, read);
  const collector = new Collector(code, parts.memory, constants);
  for (const { uses } of read) for (const { branch, want } of uses) collector.value(branch, want);
  if (code.source.includes("pipeline(")) for (const { pipes } of read) for (const pipe of pipes) readPipeline(collector, pipe);
  const given = readArguments(code, parts.memory, constants, collector.unknown, () => read.flatMap(({ calls }) => calls));
  const remarks: Remark[] = [];
  const finds: Find[] = [];
  for (const part of read) {
    for (const comment of part.comments) remarks.push(remarkOf(code.source, comment));
    for (const find of part.finds) finds.push(find);
  }
  const marks = marksOf(code.source, remarks);
  readMarked(collector, marks, possible);
  const notices = read.flatMap(({ pulls }) => pulls.map((pull) => pullNotice(code.source, pull)));
  return { prompts: reported([...finds, ...collector.finds, ...given], marks), notices };
}
