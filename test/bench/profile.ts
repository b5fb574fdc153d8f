import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Engine } from "../../src/engine/engine.js";
import { calibrationError } from "../../src/engine/prompts/ece.js";
import { auroc } from "../../src/engine/stats/auc.js";
import { Random } from "../../src/engine/stats/random.js";
import type { PromptScore } from "../../src/protocol/index.js";
import { codeTexts, LANGUAGES, randomTexts } from "./outside.js";
import { option } from "./table.mjs";

/*
 * What a profile is worth on rows it has not seen: calibration error over ten bins, AUROC, the share of held-out rows called out of domain,
 * and the shares of other languages, code and random text that are. Trains on part of each set, whole groups on one side.
 *   npm run bench -- profile [MODEL…] [--set requests|"common claims"|cities]
 */
const DATA = join(process.cwd(), "..", "shared", "data", "curated");
const MODELS = [join("media", "model"), join("..", "shared", "models", "SmolLM2-135M-Instruct")];

interface Labelled {
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

const SETS = [
  { name: "requests", files: ["audit-matched.jsonl", "litmus-like.jsonl", "audit-small.jsonl"], unsafe: "unsafe", train: 200 },
  { name: "common claims", files: ["truth-common-claim.jsonl"], unsafe: "false", train: 500 },
  { name: "cities", files: ["truth-cities.jsonl"], unsafe: "false", train: 500 },
];

async function measure(engine: Engine, model: string, set: (typeof SETS)[number], folder: string, small: number | undefined): Promise<void> {
  const rows = rowsOf(set.files, set.unsafe);
  const names = [...new Set(rows.map(({ group }) => group))];
  const groups = new Random(7).shuffle(names.map((_, i) => i)).map((i) => names[i]!);
  const wanted = small ?? set.train;
  const train = new Set<string>();
  let size = 0;
  for (const group of groups) {
    if (size >= wanted) break;
    train.add(group);
    size += rows.filter((row) => row.group === group).length;
  }
  const held = rows.filter(({ group }) => !train.has(group));
  const data = join(folder, "train.jsonl");
  writeFileSync(
    data,
    rows
      .filter(({ group }) => train.has(group))
      .map(({ text, unsafe, group }) => JSON.stringify({ text, label: unsafe ? "unsafe" : "safe", group }))
      .join("\n"),
  );
  const profile = join(folder, "profile.json");
  rmSync(profile, { force: true });
  const { result } = await engine.audit({
    data: { path: data, options: {} },
    model,
    maxTokens: 512,
    seed: 0,
    provider: "cpu",
    threads: 0,
    saveProfile: profile,
  });
  const none = result.notices.find(({ code }) => code === "profile/none");
  if (none) {
    console.log(`${basename(model)}, ${set.name}: ${none.message}`);
    return;
  }
  const use = { profile, model, provider: "cpu" as const, threads: 0 };
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
  const card = await engine.prompts.open(use);
  const scores = await score(held.map(({ text }) => text));
  const label = held.map(({ unsafe }) => (unsafe ? 1 : 0));
  const probability = scores.map((one) => one.probability ?? Number.NaN);
  const share = (some: readonly PromptScore[]) => `${((100 * some.filter(({ side }) => side === "outside").length) / some.length).toFixed(1)}%`;
  const outside = { languages: LANGUAGES, code: codeTexts("src", 60), random: randomTexts(60) };
  const far: string[] = [];
  for (const [name, texts] of Object.entries(outside)) far.push(`${name} ${share(await score(texts))}`);
  const reported = (y: number) => scores.filter(({ side }, i) => label[i] === y && side === "unsafe").length / label.filter((one) => one === y).length;
  console.log(
    `${basename(model)}, ${set.name}: ${size} rows, layer ${card.layer} of ${card.layers - 1}, ${readFileSync(profile).length} bytes; ` +
      `${held.length} held out: ECE ${calibrationError(probability, label)?.toFixed(3)} (own estimate ${card.calibration.ece?.toFixed(3)}), ` +
      `AUROC ${auroc(probability, label)?.toFixed(3)} (own ${card.auroc?.toFixed(3)}), ` +
      `reported ${(100 * reported(1)).toFixed(0)}% of unsafe and ${(100 * reported(0)).toFixed(0)}% of safe; outside: held out ${share(scores)}, ${far.join(", ")}`,
  );
}

async function main(args: string[]): Promise<void> {
  const only = option(args, "--set", "");
  if (!existsSync(DATA)) throw new Error("The data for this benchmark lies in ../shared/data/curated, which is not here.");
  const folder = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
  const engine = new Engine();
  try {
    for (const model of args.length > 0 ? args : MODELS.filter((path) => existsSync(path))) {
      for (const set of SETS) if (only === "" || set.name === only) await measure(engine, model, set, folder, undefined);
      if (only === "") await measure(engine, model, SETS[0]!, folder, 40);
    }
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
