import { describe, expect, it } from "vitest";
import { LowMemory, releaseMemory } from "../../../src/engine/audit/memory.js";

/** A heap that garbage piles up in. */
function heap() {
  const state = { held: 100e6, live: 100e6, now: 0, collected: 0 };
  const memory = new LowMemory(
    () => state.held,
    () => {
      state.held = state.live;
      state.collected++;
    },
    () => state.now,
  );
  return { state, memory };
}

describe("memory of many rows", () => {
  it("is given back when enough garbage has piled up, and no oftener than pays", () => {
    const { state, memory } = heap();
    let most = 0;
    for (let i = 0; i < 1000; i++) {
      state.held += 1e6;
      state.now += 25;
      memory.look();
      most = Math.max(most, state.held);
    }
    expect(most).toBeLessThan(140e6);
    expect(state.collected).toBeGreaterThan(30);
    expect(state.collected).toBeLessThan(50);
    // Faster than it may collect: the time between two collections is kept.
    const before = state.collected;
    for (let i = 0; i < 100; i++) {
      state.held += 50e6;
      state.now += 3;
      memory.look();
    }
    expect(state.collected - before).toBeLessThanOrEqual(2);
  });

  it("is left alone while what is in use grows and nothing can be given back", () => {
    const { state, memory } = heap();
    memory.look();
    state.held = state.live = 300e6;
    state.now += 1000;
    memory.look();
    for (let i = 0; i < 50; i++) {
      state.now += 1000;
      memory.look();
    }
    // Once at the first look, once when it had grown.
    expect(state.collected).toBe(2);
  });

  it("really is collected", async () => {
    const gone = new WeakRef(new Float64Array(1000));
    await new Promise((done) => setImmediate(done));
    releaseMemory();
    expect(gone.deref()).toBeUndefined();
  });
});
