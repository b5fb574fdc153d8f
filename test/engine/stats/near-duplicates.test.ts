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
const wordsIn = (text: string) => normalText(text).match(/[\p{L}\p{M}\p{N}_]+|\p{S}/gu) ?? [];

/** Words to replace, leave out or put in (Levenshtein's table). */
function edits(a: string, b: string): number {
  const [x, y] = [wordsIn(a), wordsIn(b)];
  let row = Array.from({ length: y.length + 1 }, (_, j) => j);
  x.forEach((word, i) => {
    const next = [i + 1];
    for (const [j, other] of y.entries()) next.push(Math.min(row[j]! + (word === other ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    row = next;
  });
  return row.at(-1)!;
}
const alike = (a: string, b: string) => share(a, b) >= NEAR || (Math.min(wordsIn(a).length, wordsIn(b).length) >= 8 && edits(a, b) <= 2);

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
    for (let i = 0; i < texts.length; i += 2) expect(group[i] === group[i + 1]).toBe(alike(texts[i]!, texts[i + 1]!));
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

  it.each([9, 12, 18])("keeps edits of one text of %i words together, each of another word", (length) => {
    const next = random(length);
    const word = () => `u${Math.floor(next() * 5_000)}`;
    const texts: string[] = [];
    for (let k = 0; k < 40; k++) {
      const words = Array.from({ length }, word);
      for (let e = 0; e < 5; e++) texts.push(words.flatMap((w, i) => (i !== (e * 2) % length ? w : e === 1 ? [] : e === 2 ? [w, word()] : word())).join(" "));
    }
    const { group, templated } = nearDuplicates(texts, 0);
    expect(templated).toBe(0);
    expect(new Set(group).size).toBe(40);
    for (let i = 0; i < texts.length; i++) expect(group[i]).toBe(group[i - (i % 5)]);
  });

  it("says how many rows fill a template of one word, and binds none of them", () => {
    const texts = Array.from({ length: 60 }, (_, i) => `Is there a good shop for thing${i} near here?`);
    const { group, templated } = nearDuplicates([...texts, "One of its own kind, and of no other", "a second one of that sort that is alone"], 0);
    expect(templated).toBe(60);
    expect(new Set(group).size).toBe(62);
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
    ["audit-small", 5, 0],
    ["audit-matched", 40, 0],
    ["truth-common-claim", 5, 0],
    ["truth-cities", 80, 174],
    ["truth-larger-than", 5, 0],
    ["truth-facts", 230, 0],
    ["litmus-like", 32, 0],
  ])("%s: in small clusters, each of them near by count", async (name, most, ofTemplate) => {
    const { rows } = await openDataset(join(SHARED, "curated", `${name}.jsonl`), {});
    const texts = rows.map((row) => row.text);
    const { group, templated } = nearDuplicates(texts, 0);
    const members = new Map<number, number[]>();
    group.forEach((g, i) => {
      members.set(g, [...(members.get(g) ?? []), i]);
    });
    const clusters = [...members.values()].filter((list) => list.length > 1);
    expect(templated).toBe(ofTemplate);
    expect(clusters.flat().length).toBeLessThanOrEqual(most);
    for (const list of clusters) {
      expect(list.length).toBeLessThanOrEqual(rows.length / 10);
      for (const i of list) expect(list.some((j) => j !== i && alike(texts[i]!, texts[j]!))).toBe(true);
    }
  });
});
