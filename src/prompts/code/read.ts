import type { FoundPrompt, Notice } from "../../protocol/index.js";
import { reported } from "../found.js";
import type { Branch } from "../tree/mirror.js";
import { eachBranch } from "../tree/mirror.js";
import { readCall } from "./calls.js";
import { type Code, isCall } from "./code.js";
import { Collector } from "./collector.js";
import { marksOf, type Remark, remarkOf } from "./comments.js";
import { constantsOf } from "./constants.js";
import { readJsx } from "./jsx.js";
import { readLiteral, readMarked } from "./literals.js";
import { readNamed } from "./named.js";
import { readPythonBlock } from "./pythonBlocks.js";

export interface CodeReading {
  readonly prompts: readonly FoundPrompt[];
  readonly notices: readonly Notice[];
}

/** Reads the prompts of a source file from its mirror. */
export function readCode(code: Code, possible: boolean): CodeReading {
  const collector = new Collector(code, constantsOf(code));
  const notices: Notice[] = [];
  const comments: Remark[] = [];
  const texts: Branch[] = [];
  eachBranch(code.root, (branch) => {
    if (branch.type === "comment" || branch.type === "html_comment") comments.push(remarkOf(code.source, branch));
    else if (isCall(branch)) readCall(collector, branch, notices);
    else if (branch.type.startsWith("jsx_")) readJsx(collector, branch);
    else if (
      branch.type.startsWith("function") ||
      branch.type === "class_definition" ||
      branch.type === "with_statement" ||
      branch.type === "decorated_definition"
    )
      readPythonBlock(collector, branch);
    readLiteral(collector, branch, texts);
    readNamed(collector, branch);
  });
  const marks = marksOf(code.source, comments);
  readMarked(collector, texts, marks, possible);
  return { prompts: reported(collector.finds, marks), notices };
}
