import type { DataOptions } from "../../protocol/index.js";
import { MAX_CATEGORIES } from "./limits.js";
import type { Profile } from "./profile.js";
import { columnBy } from "./refs.js";
import { isRecord } from "./shapes.js";
import type { RawTable } from "./table.js";
import { CATEGORY_NAMES, GROUP_NAMES, ID_NAMES, SURE_GROUP_NAMES } from "./words.js";

export interface SideRoles {
  readonly category?: Profile;
  readonly group?: Profile;
  readonly id?: Profile;
}

/** Category, group and id columns among those that are neither text nor label. */
export function sideRoles(
  path: string,
  table: RawTable,
  profiles: readonly Profile[],
  taken: readonly (Profile | undefined)[],
  options: DataOptions,
): SideRoles {
  const free = profiles.filter((p) => !taken.includes(p) && p.filled > 0);
  const rows = table.records.length;
  const group = options.group !== undefined ? columnBy(path, profiles, "group", options.group) : pickGroup(free, rows);
  const category = options.category !== undefined ? columnBy(path, profiles, "category", options.category) : pickCategory(table, free, group, rows);
  const id = free.find((p) => p !== group && p !== category && (ID_NAMES.has(p.normal) || p.name === ""));
  return { category, group, id };
}

/** A group repeats: with a row each it would be an id, with one for all it would leave no folds. Few values under a name such as `city` may be topics. */
function pickGroup(free: readonly Profile[], rows: number): Profile | undefined {
  for (const name of GROUP_NAMES) {
    const column = free.find((p) => p.normal === name);
    if (!column || column.distinct < 2 || column.distinct >= column.filled) continue;
    if (SURE_GROUP_NAMES.has(name) || column.distinct >= Math.min(10, rows / 4)) return column;
  }
  return undefined;
}

function pickCategory(table: RawTable, free: readonly Profile[], group: Profile | undefined, rows: number): Profile | undefined {
  const candidates = [table.keyColumn ?? "", ...CATEGORY_NAMES].map((name) => free.find((p) => p.normal === name && p !== group));
  return candidates.find((column): column is Profile => {
    if (!column || column.isUrl || column.meanLength > 120) return false;
    if (column.kind === "object" || column.kind === "list")
      return table.records.slice(0, 50).some(({ values }) => categoryOf(values[column.index]) !== undefined);
    return column.distinct > 1 && column.distinct <= MAX_CATEGORIES && column.distinct <= Math.max(2, rows * 0.6);
  });
}

/** A category cell as text: of a list its first entry, of an object of flags its first true key. */
export function categoryOf(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() || undefined;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return categoryOf(value[0]);
  if (isRecord(value)) return Object.entries(value).find(([, flag]) => flag === true || flag === 1)?.[0];
  return undefined;
}
