import type { Branch } from "../tree/mirror.js";

/** What comments say about prompts, and about leaving them alone. */
export interface Marks {
  /** Ends of comments that say: what follows is a prompt. */
  readonly prompts: readonly { readonly end: number; readonly shape: "marker" }[];
  /** Whether anything at all is to be left alone. */
  readonly some: boolean;
  /** Whether a prompt is to be left alone; `anchor`: where the pair or assignment around it begins. */
  isIgnored(start: number, anchor: number): boolean;
}

export interface Remark {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `# prompt:`, `// @prompt`, a block comment that says `prompt`, with words of its own behind or none. */
const MARKER = /^(?:#+|\/\/+|\/\*+|<!--|\{#)?[\s*!]*(?:@prompt\b(?!\w)|prompt\s*:|(?:prompt)\s*(?:\*\/|-->|#\})?\s*$)/i;
const IGNORE = /layerscope-ignore(-next-line|-line|-file|-start|-end)?(?![\w-])/;

/** Reads the comments of a document. */
export function marksOf(source: string, comments: readonly Remark[]): Marks {
  const prompts: { end: number; shape: "marker" }[] = [];
  const lines = new Set<number>();
  const blocks: { from: number; to: number }[] = [];
  let open: number | undefined;
  let wholeFile = false;
  for (const comment of comments) {
    const ignore = IGNORE.exec(comment.text);
    if (!ignore) {
      if (MARKER.test(comment.text)) prompts.push({ end: comment.end, shape: "marker" });
      continue;
    }
    const kind = ignore[1];
    if (kind === "-file") wholeFile = true;
    else if (kind === "-start") open ??= comment.start;
    else if (kind === "-end") {
      if (open !== undefined) blocks.push({ from: open, to: comment.end });
      open = undefined;
    } else {
      const alone =
        /^\s*(?:[-*]\s*)?$/.test(source.slice(lineStart(source, comment.start), comment.start)) &&
        /^\s*$/.test(source.slice(comment.end, lineEnd(source, comment.end)));
      if (kind === "-line" || (kind === undefined && !alone)) lines.add(lineStart(source, comment.start));
      else lines.add(nextCodeLine(source, comment.end, comments));
    }
  }
  if (open !== undefined) blocks.push({ from: open, to: source.length });
  const on = (at: number) => wholeFile || lines.has(lineStart(source, at)) || blocks.some(({ from, to }) => at >= from && at < to);
  return { prompts, some: wholeFile || lines.size > 0 || blocks.length > 0, isIgnored: (start, anchor) => on(start) || on(anchor) };
}

export const lineStart = (source: string, at: number): number => (at === 0 ? 0 : source.lastIndexOf("\n", at - 1) + 1);

export function lineEnd(source: string, at: number): number {
  const end = source.indexOf("\n", at);
  return end < 0 ? source.length : end;
}

/** Start of the first line below `at` that holds more than comments. */
function nextCodeLine(source: string, at: number, comments: readonly Remark[]): number {
  let next = lineEnd(source, at) + 1;
  while (next < source.length) {
    const first = next + (/^\s*/.exec(source.slice(next, lineEnd(source, next)))?.[0].length ?? 0);
    const comment = comments.find((c) => c.start === first);
    if (comment) next = lineEnd(source, comment.end) + 1;
    else if (first >= lineEnd(source, next)) next = lineEnd(source, next) + 1;
    else break;
  }
  return next;
}

export const remarkOf = (source: string, comment: Branch): Remark => ({
  start: comment.start,
  end: comment.end,
  text: source.slice(comment.start, comment.end),
});
