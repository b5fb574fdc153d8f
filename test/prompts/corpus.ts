import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Marked {
  /** Number of the shape in the list that the finder answers for; `T`: a trap of positions, `F`: a convention of files. */
  readonly shape: string;
  readonly start: number;
  readonly end: number;
}

export interface Sample {
  readonly name: string;
  readonly fileName: string;
  readonly source: string;
  readonly prompts: readonly Marked[];
  readonly misses: readonly Marked[];
}

/** Files of the corpus: `⟦1:…⟧` is a prompt of shape 1, `⟪1:…⟫` what looks like one and is none; the marks are taken out and offsets kept. */
export function corpus(): Sample[] {
  const root = join(import.meta.dirname, "corpus");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => unmark(name.replaceAll("\\", "/"), readFileSync(join(root, name), "utf8")));
}

export function unmark(name: string, marked: string): Sample {
  const prompts: Marked[] = [];
  const misses: Marked[] = [];
  const open: { shape: string; start: number; miss: boolean }[] = [];
  let source = "";
  let at = 0;
  for (const match of marked.matchAll(/([⟦⟪])(\d+|[TF]):|[⟧⟫]/g)) {
    source += marked.slice(at, match.index);
    at = match.index + match[0].length;
    if (match[1]) open.push({ shape: match[2], start: source.length, miss: match[1] === "⟪" });
    else {
      const mark = open.pop();
      if (!mark) throw new Error(`${name}: a mark is closed that was not opened`);
      (mark.miss ? misses : prompts).push({ shape: mark.shape, start: mark.start, end: source.length });
    }
  }
  if (open.length > 0) throw new Error(`${name}: a mark is not closed`);
  return { name, fileName: name.replace(/\.txt$/, ""), source: source + marked.slice(at), prompts, misses };
}
