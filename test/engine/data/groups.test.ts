import { describe, expect, it } from "vitest";
import { card, jsonl, prompts, scratch } from "./files.js";

const files = scratch();
const P = prompts(120);
const shape = async (column: string, values: number) => {
  const path = files.write(
    `${column}-${values}.jsonl`,
    jsonl(P.map((p, i) => ({ prompt: p.text, label: p.unsafe ? "unsafe" : "safe", [column]: `v${i % values}` }))),
  );
  return (await card(path)).options.group;
};

describe("a column that says which rows belong together", () => {
  it.each(["group", "pair", "pair_id", "prompt_id", "group_id"])("%s is used however few values it has", async (column) => {
    expect(await shape(column, 2)).toBe(column);
    expect(await shape(column, 6)).toBe(column);
    expect(await shape(column, 40)).toBe(column);
  });

  it("is none under a name that may as well be a topic, unless it has many values", async () => {
    expect(await shape("subject", 6)).toBeUndefined();
    expect(await shape("subject", 40)).toBe("subject");
  });
});
