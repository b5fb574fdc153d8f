import { describe, expect, it } from "vitest";
import { previewRows } from "../../../src/engine/lenses/preview.js";
import { Random } from "../../../src/engine/stats/random.js";

const random = new Random(4);
const rows = (n: number, d: number, effect: number) => {
  const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const states = Float32Array.from(
    { length: n * d },
    (_, at) => 50 * (at % d === 3 ? 1 : 0) + random.normal() + (at % d === 0 ? effect * label[Math.floor(at / d)]! : 0),
  );
  return { label, states, width: d };
};

describe("preview", () => {
  it("sees a signal, and none where there is none; scores of held-out rows lie on their side", () => {
    const a = rows(200, 40, 4);
    const b = rows(200, 40, 0);
    const { auroc, geometry, score } = previewRows({ label: a.label, states: [b.states, a.states], width: 40 });
    expect(Math.abs(auroc[0]! - 0.5)).toBeLessThan(0.15);
    expect(auroc[1]!).toBeGreaterThan(0.9);
    expect(geometry[1]!.chi).toBeGreaterThan(geometry[0]!.chi);
    let right = 0;
    for (let i = 0; i < 200; i++) if (score[i * 2 + 1]! > 0 === (a.label[i] === 1)) right++;
    expect(right).toBeGreaterThan(170);
  });

  it("waits for two rows of each class on both sides", () => {
    const few = rows(6, 4, 2);
    const { auroc, score } = previewRows({ label: few.label, states: [few.states], width: 4 });
    expect(auroc).toEqual([null]);
    expect(score.every(Number.isNaN)).toBe(true);
  });

  it("keeps a group on one side: a pair that shares a spot does not tell on itself", () => {
    const n = 80;
    const label = Uint8Array.from({ length: n }, (_, i) => Math.floor(i / 2) % 2);
    const group = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 2));
    const d = 200;
    const states = new Float32Array(n * d);
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) states[i * d + j] = i % 2 ? states[(i - 1) * d + j]! : random.normal();
    const open = previewRows({ label, states: [states], width: d });
    const kept = previewRows({ label, states: [states], width: d, group });
    expect(open.auroc[0]!).toBeGreaterThan(0.9);
    expect(kept.auroc[0]!).toBeLessThan(0.75);
  });

  it("is quick: 200 rows, 31 layers, 576 dimensions (guard: five times the aim of 60 ms)", () => {
    const one = rows(200, 576, 1);
    const states = Array.from({ length: 31 }, () => one.states);
    previewRows({ label: one.label, states, width: 576 });
    const before = process.cpuUsage();
    previewRows({ label: one.label, states, width: 576 });
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(300);
  });
});
