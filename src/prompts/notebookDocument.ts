import type { FoundPrompt, FoundPrompts, Notice, PromptPiece } from "../protocol/index.js";
import { CodeDocument } from "./codeDocument.js";
import { readJson } from "./data/json.js";
import { type DataMap, type DataNode, textAt, valueAt } from "./data/node.js";
import { tooDeep, unreadable } from "./notices.js";
import { cut, type Spelled, Speller, sourceRange } from "./text/spelled.js";
import type { Grammars } from "./tree/grammars.js";
import { pointAt } from "./tree/window.js";

/** A notebook as the file that it is: the prompts of its code cells, at their offsets in the file. */
export class NotebookDocument {
  constructor(
    private readonly grammars: Grammars,
    private readonly possible: boolean,
  ) {}

  read(source: string): FoundPrompts {
    try {
      const { nodes, fault } = readJson(source);
      const root = nodes[0];
      const cells = root?.kind === "map" ? valueAt(root, "cells") : undefined;
      const notices: Notice[] = [];
      if (fault !== undefined) {
        const { row, column } = pointAt(source, fault);
        notices.push(unreadable(row, column));
      }
      const prompts: FoundPrompt[] = [];
      const reader = new CodeDocument(this.grammars.parser(languageOf(root)), this.possible);
      for (const cell of cells?.kind === "list" ? cells.items : []) {
        const text = cellText(source, cell);
        if (!text) continue;
        const found = reader.read(plainCode(text.text));
        // A magic line is no Python; what a cell cannot say of itself is not told of the file.
        notices.push(...found.notices.filter(({ code }) => code === "prompts/elsewhere").map(({ code, message }) => ({ code, message })));
        prompts.push(...found.prompts.map((prompt) => placed(prompt, text)));
        reader.dispose();
      }
      return { prompts, notices };
    } catch (error) {
      if (error instanceof RangeError) return { prompts: [], notices: [tooDeep()] };
      throw error;
    }
  }

  dispose(): void {}
}

function languageOf(root: DataNode | undefined): "python" | "javascript" | "typescript" {
  const metadata = root?.kind === "map" ? valueAt(root, "metadata") : undefined;
  const info = metadata?.kind === "map" ? (valueAt(metadata, "language_info", "kernelspec") as DataMap | undefined) : undefined;
  const name = info?.kind === "map" ? (textAt(info, "name")?.value ?? "") : "";
  return /typescript|deno/.test(name) ? "typescript" : /javascript/.test(name) ? "javascript" : "python";
}

/** The text of a code cell, with its map into the file. */
function cellText(source: string, cell: DataNode): Spelled | undefined {
  if (cell.kind !== "map" || textAt(cell, "cell_type")?.value !== "code") return undefined;
  const body = valueAt(cell, "source");
  const speller = new Speller();
  for (const part of body?.kind === "list" ? body.items : body ? [body] : []) if (part.kind === "text") speller.add(part.spell(source, part.start, part.end));
  const text = speller.done(body?.start ?? cell.start, body?.end ?? cell.end);
  return /^%%(?!time|capture|timeit)/.test(text.text) ? undefined : text;
}

/** Lines that are the notebook's own commands become comments of the same length. */
const plainCode = (text: string): string => text.replace(/^[%!](?=\S)/gm, "#");

/** A prompt of a cell, at its place in the file. */
function placed(prompt: FoundPrompt, cell: Spelled): FoundPrompt {
  const pieces: PromptPiece[] = [];
  for (const piece of prompt.pieces) {
    if (!piece.hole && piece.length === piece.to - piece.from)
      for (const inner of cut(cell, piece.from, piece.to).pieces) pieces.push({ ...inner, at: inner.at + piece.at });
    else {
      const [from, to] = sourceRange(cell, piece.from, piece.to);
      // Of the same length by chance, it would be read as one for one.
      pieces.push({ ...piece, from: !piece.hole && to - from === piece.length ? to : from, to });
    }
  }
  const [start, end] = sourceRange(cell, prompt.start, prompt.end);
  return { ...prompt, start, end, pieces };
}
