import { describe, expect, it } from "vitest";
import { planBatches, tokensPerBatch } from "../../../src/engine/text/batches.js";
import { poolingWeights } from "../../../src/engine/text/pooling.js";

describe("batches", () => {
  const lengths = Array.from({ length: 500 }, (_, i) => 1 + ((i * 7919) % 97));

  it("hold every row once, within the budget of padded tokens", () => {
    const { batches } = planBatches(lengths, 512, 1);
    expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    for (const batch of batches) expect(Math.max(...batch.map((i) => lengths[i])) * batch.length).toBeLessThanOrEqual(512);
  });

  it("waste little on padding", () => {
    const { batches } = planBatches(lengths, 512, 1);
    const padded = batches.reduce((sum, batch) => sum + Math.max(...batch.map((i) => lengths[i])) * batch.length, 0);
    expect(padded / lengths.reduce((a, b) => a + b)).toBeLessThan(1.1);
  });

  it("are the same for a seed, shuffled for streaming, and never cut a row that is longer than the budget", () => {
    expect(planBatches(lengths, 512, 3)).toEqual(planBatches(lengths, 512, 3));
    const first = planBatches(lengths, 512, 3).batches.map((batch) => lengths[batch[0]]);
    expect(first).not.toEqual([...first].sort((a, b) => a - b));
    expect(planBatches([2000, 3], 64, 0).batches.flat().sort()).toEqual([0, 1]);
  });

  it("run one row at a time where an export accepts no more", () => {
    expect(planBatches(lengths, 4096, 0, true).batches.every((batch) => batch.length === 1)).toBe(true);
  });

  it("aim at 75 ms on a ladder of powers of two", () => {
    expect(tokensPerBatch(0.15)).toBe(256);
    expect(tokensPerBatch(100)).toBe(64);
    expect(tokensPerBatch(0)).toBe(4096);
  });
});

describe("pooling weights", () => {
  it("are what their names say", () => {
    expect([...poolingWeights("mean", 4)!]).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect([...poolingWeights("mean-skip-first", 3)!]).toEqual([0, 0.5, 0.5]);
    expect([...poolingWeights("last", 3)!]).toEqual([0, 0, 1]);
    expect([...poolingWeights("first", 3)!]).toEqual([1, 0, 0]);
  });

  it("have no mean without the first of a single token", () => {
    expect(poolingWeights("mean-skip-first", 1)).toBeUndefined();
    expect(poolingWeights("last", 1)).toBeDefined();
  });
});
