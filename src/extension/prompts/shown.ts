import { basename, dirname, isAbsolute, join } from "node:path";
import { ColorThemeKind, Range, type TextDocument, Uri, window, workspace } from "vscode";
import type { NearRow } from "../../protocol/index.js";
import type { Look } from "./curveSvg.js";
import type { Standpoint } from "./evidence.js";
import type { Target } from "./profiles.js";
import { hullOf, type Span } from "./span.js";
import { freshScore, type PromptAt } from "./state.js";

export const rangeOf = (document: TextDocument, { from, to }: Span): Range => new Range(document.positionAt(from), document.positionAt(to));

/** Where a prompt stands, as an answer names it. */
export function standpointOf(document: TextDocument, { found, hash, accepted }: Pick<PromptAt, "found" | "hash" | "accepted">): Standpoint {
  const { start, end } = rangeOf(document, { from: found.start, to: found.end });
  return {
    path: workspace.asRelativePath(document.uri, false),
    startLine: start.line + 1,
    startColumn: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
    found,
    sha256: hash,
    accepted: accepted === true,
  };
}

/** What of a prompt is underlined: all of it, or of a long one the window that the number is of. */
export function markedSpan(prompt: PromptAt): Span {
  const { found } = prompt;
  const windows = freshScore(prompt)?.windows ?? [];
  const worst = windows.length > 1 ? windows.reduce((a, b) => (b.probability > a.probability ? b : a)) : undefined;
  return worst ? hullOf(found, worst.from, worst.to) : { from: found.start, to: found.end };
}

export function lookOf(): Look {
  const { kind } = window.activeColorTheme;
  return kind === ColorThemeKind.Light
    ? "light"
    : kind === ColorThemeKind.HighContrast
      ? "hc"
      : kind === ColorThemeKind.HighContrastLight
        ? "hc-light"
        : "dark";
}

const beside = (chosen: Target["chosen"], path: string): string => (isAbsolute(path) ? path : join(dirname(chosen.path), path));

/** The profile's dataset on this machine. */
export const datasetOf = ({ card, chosen }: Pick<Target, "card" | "chosen">): string => beside(chosen, card.dataset.path);

/** The line of a row, to go to; undefined where it has none any more. */
export function rowPlace(target: Target, row: NearRow): { readonly uri: Uri; readonly line: number } | undefined {
  const { linked, options } = target.card.dataset;
  if (row.line === undefined || !linked) return undefined;
  if (row.file === 1)
    return options?.contrast === undefined ? undefined : { uri: Uri.file(join(dirname(datasetOf(target)), basename(options.contrast))), line: row.line };
  return { uri: Uri.file(datasetOf(target)), line: row.line };
}

/** Nearest rows of the unsafe class, nearest first; of an out-of-domain prompt the nearest of all. */
export function tellingRows(prompt: PromptAt, most: number): readonly NearRow[] {
  const score = freshScore(prompt);
  const rows = [...(score?.nearest ?? [])].sort((a, b) => a.distance - b.distance);
  return (score?.side === "outside" ? rows : rows.filter((row) => row.unsafe)).slice(0, most);
}
