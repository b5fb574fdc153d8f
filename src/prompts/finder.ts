import type { FindOptions, FoundPrompts, PromptChange, PromptDocument, PromptFinder } from "../protocol/index.js";
import { CodeDocument } from "./codeDocument.js";
import { DataDocument } from "./dataDocument.js";
import { type Kind, kindOf } from "./kinds.js";
import { LARGEST_FILE, LONGEST_LINE } from "./limits.js";
import { NotebookDocument } from "./notebookDocument.js";
import { isBinary, isMinified, tooLarge } from "./notices.js";
import { TextDocument } from "./textDocument.js";
import { type Grammars, openGrammars } from "./tree/grammars.js";

const NOTHING: FoundPrompts = { prompts: [], notices: [] };

/** Whatever reads one document, again after each edit. */
interface Reader {
  read(source: string): FoundPrompts;
  dispose(): void;
}

/**
 * Opens the finder of prompts. `wasmFolder` holds the runtime's and the grammars' wasm files (`dist` in the package); they are read on demand.
 * @throws when the runtime's file is missing there
 */
export async function openFinder(wasmFolder: string): Promise<PromptFinder> {
  const grammars = await openGrammars(wasmFolder);
  const open = (source: string, options: FindOptions): PromptDocument => new OpenDocument(source, readerOf(grammars, options));
  return {
    reads: (fileName, languageId) => kindOf(fileName, languageId) !== undefined,
    find(source, options) {
      const document = open(source, options);
      try {
        return document.prompts();
      } finally {
        document.dispose();
      }
    },
    open,
  };
}

function readerOf(grammars: Grammars, options: FindOptions): Reader {
  const kind: Kind | undefined = kindOf(options.fileName, options.languageId);
  if (!kind) return { read: () => NOTHING, dispose() {} };
  const possible = options.possible === true;
  switch (kind.by) {
    case "grammar": {
      const reader = new CodeDocument(grammars.parser(kind.grammar), possible, options.fileName);
      return { read: (source) => (isMinifiedCode(source) ? { ...NOTHING, notices: [isMinified()] } : reader.read(source)), dispose: () => reader.dispose() };
    }
    case "notebook":
      return new NotebookDocument(grammars, possible);
    case "text":
      return new TextDocument(options.fileName);
    default:
      return new DataDocument(kind.by, options.fileName, possible);
  }
}

class OpenDocument implements PromptDocument {
  private found: FoundPrompts | undefined;

  constructor(
    private source: string,
    private readonly reader: Reader,
  ) {}

  edit(changes: readonly PromptChange[]): void {
    for (const { rangeOffset, rangeLength, text } of changes)
      this.source = this.source.slice(0, rangeOffset) + text + this.source.slice(rangeOffset + rangeLength);
    if (changes.length > 0) this.found = undefined;
  }

  replace(source: string): void {
    if (source !== this.source) this.found = undefined;
    this.source = source;
  }

  prompts(): FoundPrompts {
    this.found ??= refusal(this.source) ?? this.reader.read(this.source);
    return this.found;
  }

  dispose(): void {
    this.reader.dispose();
  }
}

/** Documents that are not searched, with the reason. */
function refusal(source: string): FoundPrompts | undefined {
  if (source.length > LARGEST_FILE) return { ...NOTHING, notices: [tooLarge(source.length)] };
  if (source.slice(0, 8000).includes("\0")) return { ...NOTHING, notices: [isBinary()] };
  return undefined;
}

/** Whether nearly all of a file stands on lines that nobody wrote. */
function isMinifiedCode(source: string): boolean {
  if (source.length < LONGEST_LINE) return false;
  let long = 0;
  for (let at = 0; at < source.length; ) {
    const next = source.indexOf("\n", at);
    const end = next < 0 ? source.length : next;
    if (end - at > LONGEST_LINE) long += end - at;
    at = end + 1;
  }
  return long > source.length / 2;
}
