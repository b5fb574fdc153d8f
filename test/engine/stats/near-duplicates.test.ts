import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import { NEAR, nearDuplicates } from "../../../src/engine/stats/minhash.js";
import { jaccard, normalText, wordPairs } from "../../../src/engine/stats/shingles.js";
import { random, SHARED } from "../data/files.js";

const together = (a: string, b: string) => {
  const { group } = nearDuplicates([a, "something else entirely, to be apart", b], 0);
  return group[0] === group[2];
};
const share = (a: string, b: string) => jaccard(wordPairs(normalText(a)), wordPairs(normalText(b)));

describe("texts that say the same", () => {
  it.each([
    ["How do I bake bread?", "  how do i  bake BREAD? "],
    ["How do I bake bread?", "How do I bake bread!"],
    ["Please tell me how I can bake a loaf of bread with a crisp crust", "Please tell me how I can bake a loaf of bread with a crisp top"],
    ["我想知道怎样在家里烤面包而且外皮很脆", "我想知道怎样在家里烤面包而且外皮很硬"],
    ["日本語の文章は単語の間に空白がありません。", "日本語の文章は単語の間に空白がありません!"],
    ["ผมอยากรู้ว่าจะอบขนมปังที่บ้านได้อย่างไร", "ผมอยากรู้ว่าจะอบขนมปังที่บ้านได้อย่างไรครับ"],
    ["ｆｕｌｌ ｗｉｄｔｈ letters here", "full width letters here"],
  ])("%j and %j are kept together", (a, b) => expect(together(a, b)).toBe(true));

  it.each([
    ["yes", "no"],
    ["Hi", "Hi there"],
    ["The city of Surat is in India.", "The city of Bareilly is in India."],
    ["12 + 7 = 19", "12 - 7 = 19"],
    ["😀😀", "😡😡"],
    ["怎样烤面包", "怎样骑自行车"],
    ["", "?"],
  ])("%j and %j are not", (a, b) => expect(together(a, b)).toBe(false));

  it("counts exactly, so that chance joins nothing below the bound", () => {
    const next = random(3);
    const word = () => `w${Math.floor(next() * 400)}`;
    const texts: string[] = [];
    for (let k = 0; k < 120; k++) {
      const words = Array.from({ length: 12 }, word);
      texts.push(words.join(" "), words.map((w, i) => (i % 4 === 1 ? word() : w)).join(" "));
    }
    const { group } = nearDuplicates(texts, 5);
    for (let i = 0; i < texts.length; i += 2) expect(group[i] === group[i + 1]).toBe(share(texts[i]!, texts[i + 1]!) >= NEAR);
  });

  it("finds all but a few of the pairs just above the bound", () => {
    const next = random(11);
    const word = () => `v${Math.floor(next() * 5_000)}`;
    const texts: string[] = [];
    for (let k = 0; k < 400; k++) {
      const words = Array.from({ length: 14 }, word);
      texts.push(words.join(" "), words.map((w, i) => (i === 6 ? word() : w)).join(" "));
    }
    const { group } = nearDuplicates(texts, 0);
    let found = 0;
    for (let i = 0; i < texts.length; i += 2) if (group[i] === group[i + 1]) found++;
    expect(share(texts[0]!, texts[1]!)).toBeCloseTo(13 / 17, 10);
    expect(found).toBeGreaterThanOrEqual(392);
  });

  it("never binds the rows of a template, only the copies in it", () => {
    const fill = (what: string) => `Please write a short and friendly note to my neighbour about the matter of the ${what} at the end of our street`;
    const texts = Array.from({ length: 100 }, (_, i) => fill(`thing${i % 90}`));
    const { group, templated } = nearDuplicates([...texts, "a text of its own", "and another one of its own"], 0);
    expect(templated).toBe(100);
    expect(new Set(group).size).toBe(92);
    expect(group[0]).toBe(group[90]);
    expect(group[0]).not.toBe(group[1]);
  });

  it("keeps copies together however many they are", () => {
    const { group, templated } = nearDuplicates(
      [...Array(60).fill("the very same words"), ...Array.from({ length: 40 }, (_, i) => `text number ${i * 7919}`)],
      0,
    );
    expect(templated).toBe(0);
    expect(new Set(group.slice(0, 60)).size).toBe(1);
  });

  it("takes time in proportion to the rows, also where all are alike", () => {
    const began = performance.now();
    nearDuplicates(
      Array.from({ length: 8_000 }, (_, i) => `one of the many rows of this very long list of rows, which is row number ${i}`),
      0,
    );
    expect(performance.now() - began).toBeLessThan(9_000);
  });
});

describe.skipIf(!existsSync(SHARED))("near-duplicates in real sets", () => {
  it.each([
    ["audit-small", 5],
    ["audit-matched", 10],
    ["truth-common-claim", 5],
    ["truth-cities", 20],
    ["truth-larger-than", 5],
    ["truth-facts", 70],
    ["litmus-like", 10],
  ])("%s: few, in small clusters, each of them near by count", async (name, most) => {
    const { rows } = await openDataset(join(SHARED, "curated", `${name}.jsonl`), {});
    const texts = rows.map((row) => row.text);
    const { group, templated } = nearDuplicates(texts, 0);
    const members = new Map<number, number[]>();
    group.forEach((g, i) => {
      members.set(g, [...(members.get(g) ?? []), i]);
    });
    const clusters = [...members.values()].filter((list) => list.length > 1);
    expect(templated).toBe(0);
    expect(clusters.flat().length).toBeLessThanOrEqual(most);
    for (const list of clusters) {
      expect(list.length).toBeLessThanOrEqual(6);
      for (const i of list) expect(Math.max(...list.filter((j) => j !== i).map((j) => share(texts[i]!, texts[j]!)))).toBeGreaterThanOrEqual(NEAR);
    }
  });
});
