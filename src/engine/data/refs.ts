import { noSuchColumn } from "./errors.js";
import type { Profile } from "./profile.js";
import { quoted } from "./say.js";
import { normalName } from "./words.js";

/** How a column is named in options: by its name, or as #N where the name is missing, taken twice or looks like #N. */
export function refOf(profiles: readonly Profile[], column: Profile): string {
  const { name } = column;
  const unique = profiles.filter((other) => other.name === name).length === 1;
  return unique && name !== "" && name === name.trim() && !name.startsWith("#") && !name.includes("+") ? name : `#${column.index + 1}`;
}

function find(profiles: readonly Profile[], ref: string): Profile | undefined {
  const exact = profiles.find((p) => p.name === ref);
  if (exact) return exact;
  const position = /^#(\d+)$/.exec(ref);
  if (position) return profiles[Number(position[1]) - 1];
  return profiles.find((p) => p.normal === normalName(ref));
}

export function hasColumn(profiles: readonly Profile[], ref: string): boolean {
  return find(profiles, ref) !== undefined;
}

/** The column that an option names; refused with the names there are. */
export function columnBy(path: string, profiles: readonly Profile[], role: string, ref: string): Profile {
  const found = find(profiles, ref);
  if (!found) throw noSuchColumn(path, role, ref, quoted(profiles.map((p) => p.name || `#${p.index + 1}`)));
  return found;
}

/** `instruction+input` names two columns to be joined. */
export function columnsBy(path: string, profiles: readonly Profile[], role: string, ref: string): Profile[] {
  if (find(profiles, ref) || !ref.includes("+")) return [columnBy(path, profiles, role, ref)];
  return ref.split("+").map((part) => columnBy(path, profiles, role, part.trim()));
}
