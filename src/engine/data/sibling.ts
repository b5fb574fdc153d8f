import { opendir } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { classOfName, stemOf } from "./classes.js";
import { MAX_FOLDER_ENTRIES } from "./limits.js";
import { SPLIT_NAMES } from "./words.js";

const READABLE = new Set([".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".parquet", ".pq"]);

/**
 * The file of the same folder that by its name holds the other class: only-safe.txt for only-unsafe.txt,
 * benign-behaviors.csv for harmful-behaviors.csv, harmless_train.json for harmful_train.json.
 */
export async function findSibling(path: string): Promise<string | undefined> {
  const own = classOfName(path);
  if (!own) return undefined;
  const folder = dirname(path);
  const names = await fileNames(folder);
  const others = names.filter(
    (name) => name !== basename(path) && READABLE.has(extname(name).toLowerCase()) && classOfName(name) && classOfName(name)?.class !== own.class,
  );
  const score = (name: string): number => {
    const rest = classOfName(name)?.rest ?? "";
    const type = extname(name).toLowerCase() === extname(path).toLowerCase() ? 1 : 0;
    if (rest === own.rest) return 4 + type;
    return withoutSplit(rest) === withoutSplit(own.rest) ? 2 + type : 0;
  };
  const [best, next] = others
    .map((name) => ({ name, score: score(name) }))
    .filter((o) => o.score > 0)
    .sort((a, b) => b.score - a.score || stemOf(a.name).localeCompare(stemOf(b.name)));
  // Two loose matches: naming one of them would be a guess.
  if (!best || (best.score < 4 && next?.score === best.score)) return undefined;
  return join(folder, best.name);
}

const withoutSplit = (rest: string): string =>
  rest
    .split("_")
    .filter((word) => !SPLIT_NAMES.has(word))
    .join("_");

async function fileNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.isFile() || entry.isSymbolicLink()) names.push(entry.name);
      if (names.length >= MAX_FOLDER_ENTRIES) break;
    }
  } catch {
    return [];
  }
  return names.sort();
}
