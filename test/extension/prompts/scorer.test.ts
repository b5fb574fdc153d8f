import { describe, expect, it } from "vitest";
import type { Target } from "../../../src/extension/prompts/profiles.js";
import { ScoreCache } from "../../../src/extension/prompts/scoreCache.js";
import { Scorer, URGENCY } from "../../../src/extension/prompts/scorer.js";
import type { PromptAsk, PromptScore } from "../../../src/protocol/index.js";

const target = { key: "profile", use: { profile: "p", provider: "cpu", threads: 1 } } as unknown as Target;
const ask = (key: string): PromptAsk => ({ key, text: key, role: "user" });
const scoreOf = (key: string, fault = false): PromptScore => ({ key, ...(fault && { fault: { code: "x", message: "no" } }) }) as unknown as PromptScore;

/** An engine that answers when told to, and remembers what it was asked. */
function engine() {
  const asked: string[][] = [];
  const open: (() => void)[] = [];
  return {
    asked,
    answer: async () => {
      for (let i = 0; open.length === 0 && i < 50; i++) await new Promise((r) => setTimeout(r, 1));
      open.shift()?.();
      await new Promise((r) => setTimeout(r, 1));
    },
    ask: ((_method: string, { prompts }: { prompts: PromptAsk[] }) => {
      asked.push(prompts.map(({ key }) => key));
      return new Promise((resolve) => open.push(() => resolve(prompts.map(({ key }) => scoreOf(key)))));
    }) as never,
  };
}

const wish = (keys: string[], urgency: number, told: string[] = [], signal = new AbortController().signal) => ({
  target,
  asks: keys.map(ask),
  urgency,
  signal,
  onScores: (scores: ReadonlyMap<string, PromptScore>) => void told.push(...scores.keys()),
});

describe("scores are asked for", () => {
  it("once: what is known, and what is asked for twice, costs nothing", async () => {
    const fake = engine();
    const scorer = new Scorer(fake, () => false);
    const first = scorer.score(wish(["a", "b", "a"], URGENCY.seen));
    await fake.answer();
    await first;
    const told: string[] = [];
    await scorer.score(wish(["b", "a"], URGENCY.seen, told));
    expect(fake.asked).toEqual([["a", "b"]]);
    expect(told).toEqual(["b", "a"]);
  });

  it("in small portions, the urgent between those of the workspace", async () => {
    const fake = engine();
    const scorer = new Scorer(fake, () => false);
    const many = scorer.score(
      wish(
        Array.from({ length: 40 }, (_, i) => `w${i}`),
        URGENCY.workspace,
      ),
    );
    const seen = scorer.score(wish(["now"], URGENCY.seen));
    for (let i = 0; i < 4; i++) await fake.answer();
    await Promise.all([many, seen]);
    expect(fake.asked.map((keys) => keys.length)).toEqual([16, 1, 16, 8]);
    expect(fake.asked[1]).toEqual(["now"]);
  });

  it("not while an audit has the engine, and again when it has ended", async () => {
    const fake = engine();
    let busy = true;
    const scorer = new Scorer(fake, () => busy);
    const waiting = scorer.score(wish(["a"], URGENCY.seen));
    await new Promise((r) => setTimeout(r, 5));
    expect([fake.asked.length, scorer.waits]).toEqual([0, true]);
    busy = false;
    scorer.wake();
    await fake.answer();
    await waiting;
    expect(fake.asked).toEqual([["a"]]);
  });

  it("no longer once cancelled: what comes late is kept, but not told", async () => {
    const fake = engine();
    const scorer = new Scorer(fake, () => false);
    const told: string[] = [];
    const control = new AbortController();
    const cancelled = scorer
      .score(
        wish(
          Array.from({ length: 20 }, (_, i) => `c${i}`),
          URGENCY.seen,
          told,
          control.signal,
        ),
      )
      .catch(() => "cancelled");
    await new Promise((r) => setTimeout(r, 1));
    control.abort(new Error("edited"));
    await fake.answer();
    expect(await cancelled).toBe("cancelled");
    expect(told).toEqual([]);
    expect(fake.asked).toHaveLength(1);
    expect(scorer.cache.get("profile", "c0")).toBeDefined();
  });
});

describe("the cache of scores", () => {
  it("forgets the longest unused first, keeps nothing that failed, and knows profiles apart", () => {
    const cache = new ScoreCache(3);
    for (const key of ["a", "b", "c"]) cache.set("p", key, scoreOf(key));
    cache.get("p", "a");
    cache.set("p", "d", scoreOf("d"));
    expect(["a", "b", "c", "d"].map((key) => cache.get("p", key) !== undefined)).toEqual([true, false, true, true]);
    cache.set("p", "e", scoreOf("e", true));
    expect(cache.get("p", "e")).toBeUndefined();
    expect(cache.get("q", "a")).toBeUndefined();
  });
});
