// npm run bench -- find [--rounds N] [a.py a.ts a.yaml a.jsonl]: processor time of one keystroke in a file of 5,000 lines, from the change to the list of its prompts, beside
// reading the same file from scratch; for Python, TypeScript, YAML and JSONL, in the middle of a prompt and in the middle of code.
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "../../scripts/setup.mjs";
import { measure, option, report } from "./table.mjs";

const args = process.argv.slice(2);
const rounds = Number(option(args, "--rounds", "30"));
const { openFinder } = createRequire(import.meta.url)(join(ROOT, "dist", "prompts.js"));
const finder = await openFinder(join(ROOT, "dist"));

/** Files of 5,000 lines, as dense as code with many prompts is. */
const FILES = {
  "a.py": [
    8,
    (i) =>
      `def ask_${i}(client, topic: str, limit=${i}):\n    """Asks about a topic."""\n    system = f"You are assistant ${i}; you know about {topic} and nothing else."\n    rows = [x * ${i} for x in range(limit) if x % 2 == 0]\n    answer = client.chat.completions.create(\n        model="m", messages=[{"role": "system", "content": system}, {"role": "user", "content": "Tell me about ${i}"}])\n    return answer.choices[0].message.content, rows\n\n`,
  ],
  "a.ts": [
    8,
    (i) =>
      `export async function ask${i}(topic: string, limit = ${i}): Promise<string> {\n  const system = \`You are assistant ${i}; you know about \${topic} and nothing else.\`;\n  const rows = Array.from({ length: limit }, (_, x) => x * ${i}).filter((x) => x % 2 === 0);\n  const { text } = await generateText({\n    model: openai("m"), system, messages: [{ role: "user", content: "Tell me about ${i}" }],\n  });\n  return text + rows.join(",");\n}\n`,
  ],
  "a.yaml": [5, (i) => `entry_${i}:\n  model: m\n  system: >-\n    You are assistant ${i} and you know a lot\n    about everything there is.\n`],
  "a.jsonl": [1, (i) => `{"messages": [{"role": "system", "content": "You are assistant ${i}"}, {"role": "user", "content": "Tell me about ${i}"}]}\n`],
};

const measures = [];
for (const [fileName, [lines, chunk]] of Object.entries(FILES)) {
  if (args.length > 0 && !args.includes(fileName)) continue;
  const source = Array.from({ length: Math.ceil(5000 / lines) }, (_, i) => chunk(i)).join("");
  const edits = [];
  const wholes = [];
  const document = finder.open(source, { fileName });
  document.prompts();
  const at = source.indexOf("ou are", source.length >> 1);
  for (let round = 0; round < rounds + 3; round++) {
    const inPrompt = round % 2 === 0 ? at : Math.min(source.length, source.indexOf("\n", at) + 3);
    for (const change of [
      { rangeOffset: inPrompt, rangeLength: 0, text: "x" },
      { rangeOffset: inPrompt, rangeLength: 1, text: "" },
    ]) {
      const from = process.cpuUsage();
      document.edit([change]);
      document.prompts();
      const { user, system } = process.cpuUsage(from);
      if (round >= 3) edits.push((user + system) / 1000);
    }
  }
  for (let round = 0; round < Math.max(3, rounds / 5); round++) {
    const from = process.cpuUsage();
    finder.find(source, { fileName });
    const { user, system } = process.cpuUsage(from);
    wholes.push((user + system) / 1000);
  }
  edits.sort((a, b) => a - b);
  const n = document.prompts().prompts.length;
  measures.push(
    measure(
      `${fileName}: an edit`,
      edits,
      "from scratch",
      Array.from(edits, (_, i) => wholes[i % wholes.length]),
    ),
  );
  console.log(
    `${fileName}: ${source.split("\n").length - 1} lines, ${n} prompts; 95th percentile of an edit ${edits[Math.floor(edits.length * 0.95)].toFixed(1)} ms`,
  );
  document.dispose();
}
report(measures);
