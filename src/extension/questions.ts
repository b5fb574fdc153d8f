import { basename, dirname } from "node:path";
import { type QuickPickItem, Uri, window } from "vscode";
import type { Column, DataCard, DataOptions, Question } from "../protocol/index.js";

/** Where a dataset may be opened from; the menus of package.json name the same. */
export const DATASET_EXTENSIONS = ["jsonl", "ndjson", "json", "csv", "tsv", "txt", "parquet"];

type Answer = QuickPickItem & { readonly options: DataOptions };

/** Puts a question about a dataset to the user. @returns the options with the answer merged in, undefined when dismissed */
export async function askQuestion(path: string, question: Question, options: DataOptions): Promise<DataOptions | undefined> {
  const items: Answer[] = question.choices.map((c) => ({ label: c.label, ...(c.detail && { detail: c.detail }), options: c.options }));
  const chosen = await window.showQuickPick(items, { title: basename(path), placeHolder: question.message, ignoreFocusOut: true, matchOnDetail: true });
  if (!chosen) return undefined;
  const merged = { ...options, ...chosen.options };
  // An empty contrast stands for a file still to be chosen.
  if (merged.contrast !== "") return merged;
  const contrast = await pickDataset(Uri.file(dirname(path)), "Set Against This File");
  return contrast && { ...merged, contrast: contrast.fsPath };
}

export async function pickDataset(near: Uri | undefined, openLabel: string): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({ canSelectMany: false, openLabel, filters: { Datasets: DATASET_EXTENSIONS }, ...(near && { defaultUri: near }) });
  return chosen?.[0];
}

type ColumnRole = "text" | "label" | "category" | "group";
const ROLES: readonly { readonly role: ColumnRole; readonly title: string; readonly what: string }[] = [
  { role: "text", title: "Text", what: "what the model reads" },
  { role: "label", title: "Label", what: "safe or unsafe, or a concept's two values" },
  { role: "category", title: "Category", what: "rows of the category heatmap" },
  { role: "group", title: "Group", what: "rows that never lie on both sides of a fold" },
];

/** Names a column so that reading it again finds it, also when two columns have one name. */
export const columnKey = (column: Column, all: readonly Column[]): string =>
  all.filter((c) => c.name === column.name).length > 1 || column.name === "" ? `#${column.position}` : column.name;

/** Shows how the columns are read and lets one be changed. @returns new options; undefined when dismissed */
export async function changeColumns(path: string, card: DataCard, options: DataOptions): Promise<DataOptions | undefined> {
  type RoleItem = QuickPickItem & { readonly role?: ColumnRole | "axes" };
  const now = (role: ColumnRole) => card.columns.find((c) => c.role === role);
  const roles: RoleItem[] = ROLES.map(({ role, title, what }) => ({ label: title, description: now(role)?.name ?? "none", detail: what, role }));
  const axes = (card.axes ?? []).map((axis) => axis.name);
  roles.push({
    label: "Axes",
    description: axes.length > 3 ? `${axes.length} columns` : axes.join(", ") || "none",
    detail: "other columns of classes, for the lenses",
    role: "axes",
  });
  roles.push({ label: "$(discard) Find the columns by themselves again", detail: "Forgets what was chosen for this file" });
  const chosen = await window.showQuickPick(roles, { title: basename(path), placeHolder: "Which column to change" });
  if (!chosen) return undefined;
  if (!chosen.role) return {};
  const { role } = chosen;
  if (role === "axes") return changeAxes(path, card, options);
  const columns = card.columns.map((c) => ({
    label: c.name || `(column ${c.position})`,
    description: `#${c.position} · ${c.kind}${c.role === "other" ? "" : ` · now ${c.role}`}`,
    key: columnKey(c, card.columns),
  }));
  const column = await window.showQuickPick(columns, {
    title: `${basename(path)}: ${chosen.label} column`,
    placeHolder: "Which column holds it",
    matchOnDescription: true,
  });
  if (!column) return undefined;
  // Values of a former label column mean nothing in another one.
  const { safe: _safe, unsafe: _unsafe, threshold: _threshold, all: _all, concept: _concept, ...rest } = options;
  return { ...(role === "label" ? rest : options), [role]: column.key };
}

/** Which columns of classes are looked at beside the label: those that are now, and any other column. */
async function changeAxes(path: string, card: DataCard, options: DataOptions): Promise<DataOptions | undefined> {
  const now = (card.axes ?? []).map(({ name, classes }) => ({ label: name, description: `${classes.length} classes`, key: name, picked: true }));
  const others = card.columns
    .filter((c) => c.role === "other" || c.role === "category" || c.role === "axis")
    .map((c) => ({ label: c.name || `(column ${c.position})`, description: `#${c.position} · ${c.kind}`, key: columnKey(c, card.columns), picked: false }))
    .filter(({ key }) => !now.some((axis) => axis.key === key));
  const chosen = await window.showQuickPick([...now, ...others], {
    title: `${basename(path)}: axes`,
    placeHolder: "Columns of 2 to 20 classes that lenses look at beside the label",
    canPickMany: true,
  });
  return chosen && { ...options, axes: chosen.length === 0 ? ["none"] : chosen.map(({ key }) => key) };
}
