import { basename, relative, sep } from "node:path";
import type { Choice, DataOptions, Notice } from "../../protocol/index.js";
import { classOfName, stemOf } from "./classes.js";
import { ask, categoriesOnly, differentClasses, oneClass } from "./errors.js";
import type { Meaning } from "./meaning.js";
import type { Part } from "./part.js";
import { flag, oneName, quoted } from "./say.js";
import { findSibling } from "./sibling.js";
import { normalValue } from "./words.js";

/** Class of a candidate by its label; undefined when its value is left out. */
export type ClassOf = (label: string | undefined) => 0 | 1 | undefined;

/** The classes of one or two files, settled. */
export interface Settled {
  readonly kind: "safety" | "concept";
  readonly names: readonly [string, string];
  readonly values: readonly [readonly string[], readonly string[]];
  /** For each file: labels are read, or every row has one class. */
  readonly classOf: readonly ClassOf[];
  readonly labelled: readonly boolean[];
  readonly options: DataOptions;
  readonly notices: readonly Notice[];
}

const byMeaning =
  (meaning: Meaning): ClassOf =>
  (label) => {
    if (label === undefined) return undefined;
    if (meaning.threshold !== undefined) return Number(label) >= meaning.threshold ? 1 : Number.isNaN(Number(label)) ? undefined : 0;
    return meaning.classes.get(normalValue(label));
  };

const always =
  (cls: 0 | 1): ClassOf =>
  () =>
    cls;

/** Classes of a single file; without labels it needs a second one. */
export async function settleOne(part: Part, options: DataOptions): Promise<Settled> {
  const { meaning } = part;
  if (meaning) {
    const { kind, names, shown } = meaning;
    return { kind, names, values: shown, classOf: [byMeaning(meaning)], labelled: [true], options: {}, notices: [] };
  }
  const path = part.file.path;
  const sibling = await findSibling(path);
  const rows = part.candidates.length;
  const more = sibling ? ` (${oneName(basename(sibling))} beside it seems to be one)` : "";
  if (options.all) throw oneClass(path, options.all, options.all === "safe" ? "unsafe" : "safe", rows, more);
  if (part.keyed) throw categoriesOnly(path, rows, classOfName(path)?.class, more);
  throw askContrast(path, sibling, part.maybeLabels);
}

/** The main way for files without labels: a second file of the other class. */
function askContrast(path: string, sibling: string | undefined, maybe: Part["maybeLabels"]) {
  const choices: Choice[] = [];
  if (sibling)
    choices.push({
      label: `Compare with ${oneName(basename(sibling))}`,
      detail: "The file beside it that by its name holds the other class",
      options: { contrast: sibling },
      flags: flag("contrast", shown(sibling)),
    });
  choices.push({
    label: "All rows are unsafe: choose a file of safe ones",
    detail: "The two files are set against each other",
    options: { all: "unsafe", contrast: "" },
    flags: "--all unsafe --contrast FILE",
  });
  choices.push({
    label: "All rows are safe: choose a file of unsafe ones",
    detail: "The two files are set against each other",
    options: { all: "safe", contrast: "" },
    flags: "--all safe --contrast FILE",
  });
  choices.push({ label: "Choose a contrast file; its name and labels tell", options: { contrast: "" }, flags: "--contrast FILE" });
  for (const { ref, values } of maybe)
    choices.push({ label: `The label is ${oneName(ref)}`, detail: values, options: { label: ref }, flags: flag("label", ref) });
  return ask("data/no-labels", `The file ${quoted([basename(path)])} has no label column. What is it to be compared with?`, choices, { file: path });
}

/** A path as a shell would take it from where the program runs. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith(`..${sep}`) || near === "" ? path : near;
}

/** Two files: labels where they are, else a class for the whole file by option, by name, or as the other one's contrast. */
export function settleTwo(first: Part, second: Part, options: DataOptions): Settled {
  const [a, b] = [first.meaning, second.meaning];
  if (a && b) {
    if (a.kind !== b.kind || (a.kind === "concept" && folded(a) !== folded(b))) throw differentClasses(first.file.path, second.file.path);
    const values = [0, 1].map((c) => [...new Set([...(a.shown[c] ?? []), ...(b.shown[c] ?? [])])]) as [string[], string[]];
    return { kind: a.kind, names: a.names, values, classOf: [byMeaning(a), byMeaning(b)], labelled: [true, true], options: {}, notices: [] };
  }
  if (a || b) return oneLabelled(first, second, options);
  return unlabelled(first, second, options);
}

/** Class names keep a file's own spelling; "Joy" in one and "joy" in the other are one class. */
const folded = ({ names }: Meaning): string => names.map(normalValue).join("\0");

/** One file with labels, one without: the second is one class as a whole. */
function oneLabelled(first: Part, second: Part, options: DataOptions): Settled {
  const meaning = (first.meaning ?? second.meaning) as Meaning;
  const bare = first.meaning ? second : first;
  const other = first.meaning ? first : second;
  const given = first.meaning ? options.contrastAll : options.all;
  const present = new Set(other.candidates.map((c) => byMeaning(meaning)(c.label)).filter((c) => c !== undefined));
  const [only] = present.size === 1 ? present : [];
  const told = meaning.kind === "safety" ? (given ?? classOfName(bare.file.path)?.class) : given;
  const cls = told !== undefined ? (told === "unsafe" ? 1 : 0) : only !== undefined ? ((1 - only) as 0 | 1) : undefined;
  const key = bare === second ? "contrastAll" : "all";
  if (cls === undefined) throw askWhole(bare, key);
  const classOf = first.meaning ? [byMeaning(meaning), always(cls)] : [always(cls), byMeaning(meaning)];
  const values = meaning.shown.map((list, c) => (c === cls ? [...list, basename(bare.file.path)] : list)) as [string[], string[]];
  const message = `Every row of ${oneName(basename(bare.file.path))} is read as ${meaning.names[cls]}${told === undefined ? ", the class that the other file lacks" : ""}.`;
  return {
    kind: meaning.kind,
    names: meaning.names,
    values,
    classOf,
    labelled: [!!first.meaning, !!second.meaning],
    options: { [key]: cls === 1 ? "unsafe" : "safe" },
    notices: [{ code: "data/whole-file", message }],
  };
}

function askWhole(part: Part, key: "all" | "contrastAll") {
  const flag = (value: string) => (key === "all" ? `--all ${value}` : `--all ${value === "safe" ? "unsafe" : "safe"}`);
  const choices = (["unsafe", "safe"] as const).map(
    (value): Choice => ({ label: `All of its rows are ${value}`, options: { [key]: value }, flags: flag(value) }),
  );
  return ask(
    "data/which-class",
    `The file ${oneName(basename(part.file.path))} has no labels, and its name does not tell its class. Which one is it?`,
    choices,
    {
      file: part.file.path,
    },
  );
}

/** Neither has labels: two classes by option, by name, or as a concept named after the files. */
function unlabelled(first: Part, second: Part, options: DataOptions): Settled {
  const paths = [first.file.path, second.file.path] as const;
  if (!options.expandAnswers && first.hasReplies && second.hasReplies && samePrompts(first, second))
    throw ask(
      "data/same-prompts",
      "Both files hold the same prompts; they differ in their answers. Read prompt and answer together?",
      [{ label: "Read prompt and answer together", options: { expandAnswers: true }, flags: "--expand-answers" }],
      { file: paths[0] },
    );
  if (options.concept) return asConcept(paths);
  const opposite = (cls: "safe" | "unsafe") => (cls === "safe" ? "unsafe" : "safe");
  const [tells, othersTell] = [classOfName(paths[0])?.class, classOfName(paths[1])?.class];
  const byName = tells !== undefined && tells === othersTell ? undefined : (tells ?? (othersTell && opposite(othersTell)));
  const own = options.all ?? (options.contrastAll && opposite(options.contrastAll)) ?? byName;
  if (!own) throw askClasses(paths);
  const other = options.contrastAll ?? opposite(own);
  if (other === own) throw oneClass(paths[0], own, opposite(own), first.candidates.length + second.candidates.length, "");
  const cls = own === "unsafe" ? 1 : 0;
  const files = paths.map((path) => basename(path)) as [string, string];
  const message = `Every row of ${oneName(files[0])} is read as ${own}, every row of ${oneName(files[1])} as ${other}${options.all || options.contrastAll ? "" : ", by the files' names"}.`;
  return {
    kind: "safety",
    names: ["safe", "unsafe"],
    values: cls === 1 ? [[files[1]], [files[0]]] : [[files[0]], [files[1]]],
    classOf: [always(cls), always((1 - cls) as 0 | 1)],
    labelled: [false, false],
    options: { all: own, contrastAll: other },
    notices: [{ code: "data/whole-file", message }],
  };
}

function asConcept(paths: readonly [string, string]): Settled {
  const stems = paths.map((path) => stemOf(path).replaceAll("_", " ").trim()) as [string, string];
  if (stems[0] === stems[1]) stems[1] += " (contrast)";
  const cls = stems[0] > stems[1] ? 1 : 0;
  const names = (cls === 1 ? [stems[1], stems[0]] : stems) as [string, string];
  const files = paths.map((path) => basename(path)) as [string, string];
  const message = `The classes are the two files, "${names[0]}" and "${names[1]}", not safe and unsafe: they are probed as a concept, and the alignment index is absent. "${names[1]}" is the positive class.`;
  const values: [string[], string[]] = cls === 1 ? [[files[1]], [files[0]]] : [[files[0]], [files[1]]];
  return {
    kind: "concept",
    names,
    values,
    classOf: [always(cls), always((1 - cls) as 0 | 1)],
    labelled: [false, false],
    options: { concept: true },
    notices: [{ code: "data/concept", message }],
  };
}

function askClasses(paths: readonly [string, string]) {
  const [a, b] = paths.map((path) => oneName(basename(path)));
  const contrast = flag("contrast", shown(paths[1]));
  const choices: Choice[] = [
    { label: `${a} is unsafe, ${b} safe`, options: { all: "unsafe", contrastAll: "safe" }, flags: `--all unsafe ${contrast}` },
    { label: `${a} is safe, ${b} unsafe`, options: { all: "safe", contrastAll: "unsafe" }, flags: `--all safe ${contrast}` },
    { label: "Neither: two classes of a concept", detail: "Probed without an alignment index", options: { concept: true }, flags: `--concept ${contrast}` },
  ];
  return ask("data/which-class", `Neither ${a} nor ${b} has labels, and their names do not tell their classes. Which one is unsafe?`, choices, {
    file: paths[0],
  });
}

function samePrompts(first: Part, second: Part): boolean {
  const texts = new Set(first.candidates.map((c) => c.text));
  const shared = second.candidates.filter((c) => texts.has(c.text)).length;
  return shared > second.candidates.length * 0.8;
}
