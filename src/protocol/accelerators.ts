import type { Provider } from "./model.js";

/** One way to compute, as this machine has it. */
export interface AcceleratorRow {
  readonly id: Exclude<Provider, "auto">;
  readonly name: string;
  /**
   * `computes`: opened, and its states agree with the CPU's. `disagrees`: opened, and they do not. `fails`: part of the runtime, but it
   * does not start. `absent`: not part of this runtime.
   */
  readonly state: "computes" | "disagrees" | "fails" | "absent";
  readonly sentence: string;
  /** What to do to get it, one step each; empty when there is nothing to do. */
  readonly how: readonly string[];
  readonly tokensPerSecond?: number;
  /** Speed as a multiple of the CPU's. */
  readonly timesCpu?: number;
  /** Largest difference of a state from the CPU's, relative to the largest state. */
  readonly difference?: number;
}

export interface AcceleratorReport {
  readonly rows: readonly AcceleratorRow[];
  /** What `auto` takes here. */
  readonly auto: Exclude<Provider, "auto">;
  /** To be sent in: versions, processor and figures; no paths, no names. */
  readonly text: string;
}
