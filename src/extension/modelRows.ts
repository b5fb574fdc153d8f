import { basename } from "node:path";
import { type ModelEntry, type ModelGlance, type ModelList, sizeOf } from "../protocol/index.js";

/** One line of the picker, before it becomes a quick pick item. */
export interface ModelRow {
  readonly section: Section;
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly path: string;
  /** The file that a glance is taken at. */
  readonly file: string;
  readonly variants: ModelEntry["files"];
}

export const SECTIONS = ["embedded", "recently used", "workspace and configured folders", "single files", "Hugging Face cache"] as const;
export type Section = (typeof SECTIONS)[number];

export interface Embedded {
  readonly path: string;
  readonly label: string;
  readonly description: string;
}

/** What the picker lists, section by section, each model once: where it was used recently, it stands there. */
export function modelRows(
  embedded: readonly Embedded[],
  recent: readonly string[],
  list: ModelList,
  glances: ReadonlyMap<string, ModelGlance>,
  shorten: (path: string) => string,
): ModelRow[] {
  const rows: ModelRow[] = embedded.map((m) => ({ section: "embedded", ...m, detail: "", file: m.path, variants: [] }));
  const known = new Set(embedded.map(({ path }) => path));
  const of = (path: string) => list.models.find((entry) => entry.path === path || entry.files.some((file) => file.path === path));
  const add = (section: Section, entry: ModelEntry, path = entry.path) => {
    const file = path === entry.path ? (entry.files[0]?.path ?? path) : path;
    const glance = glances.get(file);
    if (known.has(path) || glance?.refusal) return;
    known.add(path);
    rows.push({
      section,
      label: labelOf(entry, path),
      description: factsOf(entry, file, glance),
      detail: detailOf(entry, path, shorten),
      path,
      file,
      variants: entry.files,
    });
  };
  for (const path of recent) {
    const entry = of(path);
    if (entry) add("recently used", entry, path);
  }
  for (const [where, section] of [
    ["folder", "workspace and configured folders"],
    ["file", "single files"],
    ["cache", "Hugging Face cache"],
  ] as const)
    for (const entry of list.models) if (entry.where === where) add(section, entry);
  return rows;
}

/** .onnx files that are not offered, with the reason: no models, or no transformers. */
export function notOffered(list: ModelList, glances: ReadonlyMap<string, ModelGlance>): { path: string; message: string }[] {
  const refused = [...glances.values()].flatMap(({ path, refusal }) => (refusal ? [{ path, message: refusal.message }] : []));
  return [...list.refused, ...refused];
}

const labelOf = (entry: ModelEntry, path: string) => (path === entry.path || entry.files[0]?.path === path ? entry.name : `${entry.name} (${basename(path)})`);

/** `llama · 30 blocks · int4 weights · 114 MB`: the graph's words where it was looked at, else what names and sizes say. */
function factsOf(entry: ModelEntry, file: string, glance: ModelGlance | undefined): string {
  const listed = entry.files.find(({ path }) => path === file);
  const bytes = glance?.bytes ?? listed?.bytes;
  return [
    glance?.architecture ?? entry.architecture,
    glance?.blocks === undefined ? "" : `${glance.blocks} blocks`,
    glance?.precision ?? listed?.precision,
    bytes === undefined ? "" : sizeOf(bytes),
  ]
    .filter(Boolean)
    .join(" · ");
}

function detailOf({ files, path: own }: ModelEntry, path: string, shorten: (path: string) => string): string {
  const others = path === own ? files.length - 1 : 0;
  return `${shorten(path)}${others > 0 ? ` · ${basename(files[0]!.path)} and ${others} other ${others === 1 ? "file" : "files"}` : ""}`;
}
