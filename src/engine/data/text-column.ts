import type { DataOptions, Notice } from "../../protocol/index.js";
import { ask, noText } from "./errors.js";
import type { Profile } from "./profile.js";
import { columnsBy, refOf } from "./refs.js";
import { flag, oneName, quoted } from "./say.js";
import { ANSWER_NAMES, CATEGORY_NAMES, ID_NAMES, TEXT_NAMES } from "./words.js";

export interface TextChoice {
  /** Joined in this order where a prompt comes in parts. */
  readonly columns: readonly Profile[];
  readonly ref: string;
  readonly notices: readonly Notice[];
}

/** Which column holds the prompt; undefined when none does. Two equally good ones are asked about. */
export function pickText(path: string, profiles: readonly Profile[], options: DataOptions): TextChoice | undefined {
  if (options.text !== undefined) return { columns: columnsBy(path, profiles, "text", options.text), ref: options.text, notices: [] };
  const named = byName(profiles);
  const first = named[0];
  if (first) {
    const twins = named.filter((p) => p.normal === first.normal);
    if (twins.length > 1) throw askWhich(path, profiles, twins, `There are ${twins.length} columns named ${oneName(first.name)}. Which one holds the prompts?`);
    return joined(profiles, first) ?? one(profiles, first);
  }
  const [longest, next] = byLength(profiles);
  if (!longest) return undefined;
  if (next && next.meanLength > longest.meanLength * 0.5)
    throw askWhich(
      path,
      profiles,
      byLength(profiles).slice(0, 6),
      `Several columns hold texts: ${quoted(byLength(profiles).map((p) => p.name))}. Which one holds the prompts?`,
    );
  const said = { code: "data/text-column", message: `The prompts are taken from ${oneName(longest.name)}, the column with the longest texts.` };
  return one(profiles, longest, longest.name === "text" || profiles.length === 1 ? [] : [said]);
}

const one = (profiles: readonly Profile[], column: Profile, notices: readonly Notice[] = []): TextChoice => ({
  columns: [column],
  ref: refOf(profiles, column),
  notices,
});

function byName(profiles: readonly Profile[]): Profile[] {
  const found = profiles.filter((p) => TEXT_NAMES.includes(p.normal) && isTextual(p));
  return found.sort((a, b) => TEXT_NAMES.indexOf(a.normal) - TEXT_NAMES.indexOf(b.normal));
}

/** Not an id, a number, an address or a class name: a column called `input` may hold any of these. */
function isTextual(p: Profile): boolean {
  if (p.filled === 0 || p.isUrl || p.numeric || p.kind === "boolean") return false;
  if (p.isChat) return true;
  if (p.kind === "object") return false;
  return p.spaced >= 0.2 || p.meanLength >= 12 || p.filled <= 3;
}

function byLength(profiles: readonly Profile[]): Profile[] {
  const free = profiles.filter(
    (p) =>
      isTextual(p) && p.spaced > 0.5 && p.kind === "string" && !ANSWER_NAMES.has(p.normal) && !ID_NAMES.has(p.normal) && !CATEGORY_NAMES.includes(p.normal),
  );
  return free.filter((p) => p.distinct > Math.min(20, p.filled / 4)).sort((a, b) => b.meanLength - a.meanLength);
}

/** Alpaca's instruction and input, HarmBench's context and behaviour: one prompt in two columns. */
function joined(profiles: readonly Profile[], first: Profile): TextChoice | undefined {
  const partner = (name: string) => profiles.find((p) => p.normal === name && p.filled > 0 && p.kind === "string");
  const input = first.normal === "instruction" ? (partner("input") ?? partner("context")) : undefined;
  const context = first.normal === "behavior" ? (partner("context_string") ?? partner("contextstring")) : undefined;
  const columns = input ? [first, input] : context ? [context, first] : undefined;
  if (!columns) return undefined;
  const names = columns.map((p) => oneName(p.name));
  const notice = { code: "data/joined", message: `The prompt is ${names.join(" and ")} joined, with an empty line between where both are filled.` };
  return { columns, ref: columns.map((p) => refOf(profiles, p)).join("+"), notices: [notice] };
}

function askWhich(path: string, profiles: readonly Profile[], columns: readonly Profile[], message: string) {
  const choices = columns.map((p) => {
    const duplicate = profiles.filter((other) => other.name === p.name).length > 1;
    const ref = refOf(profiles, p);
    return {
      label: `Column ${p.index + 1}${duplicate ? "" : `, ${oneName(p.name)}`}`,
      detail: `${Math.round(p.meanLength)} characters on average`,
      options: { text: ref },
      flags: flag("text", ref),
    };
  });
  return ask("data/which-text", message, choices, { file: path });
}

export function refuseNoText(path: string, profiles: readonly Profile[]) {
  return noText(path, quoted(profiles.map((p) => p.name || `#${p.index + 1}`)) || "no columns");
}
