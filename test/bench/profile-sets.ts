import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../src/engine/engine.js";
import { Random } from "../../src/engine/stats/random.js";
import type { ProfileCard, PromptScore } from "../../src/protocol/index.js";

export const DATA = join(process.cwd(), "..", "shared", "data", "curated");

export interface Labelled {
  readonly text: string;
  readonly unsafe: boolean;
  readonly group: string;
}

/** Rows of several files, each text once. */
function rowsOf(files: readonly string[], unsafe: string): Labelled[] {
  const seen = new Set<string>();
  return files.flatMap((file) =>
    readFileSync(join(DATA, file), "utf8")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .flatMap((line, i) => {
        const row = JSON.parse(line) as Record<string, string>;
        const text = row["text"] ?? row["input"] ?? "";
        const key = text
          .toLowerCase()
          .replace(/[^\p{L}\p{N}]+/gu, " ")
          .trim();
        if (seen.has(key)) return [];
        seen.add(key);
        return [{ text, unsafe: (row["label"] ?? row["safety_label"]) === unsafe, group: row["pair"] ?? row["group"] ?? `${file} ${i}` }];
      }),
  );
}

export const SETS = [
  { name: "requests", files: ["audit-matched.jsonl", "litmus-like.jsonl", "audit-small.jsonl"], unsafe: "unsafe", train: 200 },
  { name: "common claims", files: ["truth-common-claim.jsonl"], unsafe: "false", train: 500 },
  { name: "cities", files: ["truth-cities.jsonl"], unsafe: "false", train: 500 },
];

/** Rows to train on and rows to hold out, whole groups on one side. */
export function splitSet(set: (typeof SETS)[number], wanted: number, seed = 7): { readonly train: readonly Labelled[]; readonly held: readonly Labelled[] } {
  const rows = rowsOf(set.files, set.unsafe);
  const names = [...new Set(rows.map(({ group }) => group))];
  const groups = new Random(seed).shuffle(names.map((_, i) => i)).map((i) => names[i]!);
  const train = new Set<string>();
  let size = 0;
  for (const group of groups) {
    if (size >= wanted) break;
    train.add(group);
    size += rows.filter((row) => row.group === group).length;
  }
  return { train: rows.filter(({ group }) => train.has(group)), held: rows.filter(({ group }) => !train.has(group)) };
}

export interface Profiled {
  readonly card: ProfileCard;
  readonly bytes: number;
  score(texts: readonly string[]): Promise<PromptScore[]>;
}

/** A profile of these rows; a sentence where none can be made. */
export async function profiled(engine: Engine, model: string, train: readonly Labelled[], folder: string, threads = 0): Promise<Profiled | string> {
  const data = join(folder, "train.jsonl");
  writeFileSync(data, train.map(({ text, unsafe, group }) => JSON.stringify({ text, label: unsafe ? "unsafe" : "safe", group })).join("\n"));
  const profile = join(folder, "profile.json");
  rmSync(profile, { force: true });
  const { result } = await engine.audit({
    data: { path: data, options: {} },
    model,
    maxTokens: 512,
    seed: 0,
    provider: "cpu",
    threads,
    saveProfile: profile,
  });
  const none = result.notices.find(({ code }) => code === "profile/none");
  if (none) return none.message;
  const use = { profile, model, provider: "cpu" as const, threads };
  const score = async (texts: readonly string[]) => {
    const out: PromptScore[] = [];
    for (let from = 0; from < texts.length; from += 500)
      out.push(
        ...(await engine.prompts.score(
          use,
          texts.slice(from, from + 500).map((text, i) => ({ key: String(i), text, role: "user" })),
        )),
      );
    return out;
  };
  return { card: await engine.prompts.open(use), bytes: readFileSync(profile).length, score };
}
