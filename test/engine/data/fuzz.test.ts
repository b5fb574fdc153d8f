import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import { ProblemError } from "../../../src/protocol/index.js";
import { jsonl, prompts, random, scratch } from "./files.js";
import { writeParquet } from "./write-parquet.js";

const files = scratch();
const P = prompts(12);
const ROWS = P.map((p) => ({ text: p.text, label: p.unsafe ? "unsafe" : "safe", tags: ["a", { b: null }] }));

const SEEDS: Readonly<Record<string, Buffer>> = {
  "a.jsonl": Buffer.from(jsonl(ROWS)),
  "a.json": Buffer.from(JSON.stringify({ data: ROWS, more: { deep: [[["x"]]] } })),
  "keys.json": Buffer.from(JSON.stringify({ safe: P.map((p) => p.text), unsafe: { a: P.map((p) => p.text) } })),
  "chat.jsonl": Buffer.from(jsonl(P.map((p) => ({ messages: [{ role: "user", content: p.text }], label: p.unsafe })))),
  "pairs.jsonl": Buffer.from(jsonl(P.map((p) => ({ prompt: p.text, chosen: [{ role: "user", content: p.text }], rejected: null })))),
  "a.csv": Buffer.from(`\ufefftext,label\r\n${P.map((p) => `"${p.text}\n""x""",${p.unsafe ? 1 : 0}`).join("\r\n")}`),
  "a.tsv": Buffer.from(`\ufefftext\tlabel\n${P.map((p) => `${p.text}\t${p.unsafe ? "bad" : "good"}`).join("\r")}`, "utf16le"),
  "a.txt": Buffer.from(P.map((p) => `__label__${p.unsafe ? "unsafe" : "safe"} ${p.text}`).join("\n")),
  "a.parquet": writeParquet(["text", "label"], [ROWS.map((row) => [row.text, row.label])]),
};

function mutate(next: () => number, bytes: Buffer): Buffer {
  let out = Buffer.from(bytes);
  const times = 1 + Math.floor(next() * 4);
  for (let i = 0; i < times; i++) {
    const at = Math.floor(next() * out.length);
    const kind = next();
    if (kind < 0.3) out[at] = Math.floor(next() * 256);
    else if (kind < 0.5) out = Buffer.concat([out.subarray(0, at), out.subarray(at + Math.floor(next() * 40))]);
    else if (kind < 0.7)
      out = Buffer.concat([
        out.subarray(0, at),
        Buffer.from(['"', "{", "]", ",", "\r", "null", "\\u", "\0"][Math.floor(next() * 8)] as string),
        out.subarray(at),
      ]);
    else if (kind < 0.85) out = Buffer.concat([out.subarray(0, at), out.subarray(0, Math.floor(next() * out.length)), out.subarray(at)]);
    else out = Buffer.from(out.subarray(0, at));
  }
  return out;
}

describe("damaged files", () => {
  it.each(Object.keys(SEEDS))("made of %s end in rows or in a sentence, never in a crash", async (name) => {
    let read = 0;
    let refused = 0;
    for (let seed = 1; seed <= 120; seed++) {
      const path = files.write(name, mutate(random(seed), SEEDS[name] as Buffer));
      for (const options of [{}, { expandAnswers: true }, { skipBad: true, header: false, unsafe: ["1", "unsafe"], safe: ["0", "safe"] }]) {
        try {
          const { rows, card } = await openDataset(path, options);
          read++;
          expect(rows.length).toBe(card.used);
          expect(card.classes[0].rows + card.classes[1].rows).toBe(card.used);
          expect(card.used + card.skipped.reduce((sum, skip) => sum + skip.count, 0)).toBe(card.rows);
          expect(card.classes.every((cls) => cls.rows > 0)).toBe(true);
        } catch (error) {
          if (!(error instanceof ProblemError)) throw new Error(`seed ${seed}, ${JSON.stringify(options)}`, { cause: error });
          refused++;
          expect(error.problem.message.length).toBeLessThan(1200);
          expect(error.problem.hint ?? error.problem.question).toBeTruthy();
        }
      }
    }
    expect(read + refused).toBe(360);
    expect(refused).toBeGreaterThan(0);
  });
});
