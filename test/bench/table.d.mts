export interface Measure {
  readonly id: string;
  readonly medianMs: number;
  /** What it is compared with in the same run; null where that was not to be had. */
  readonly peer: string | null;
  readonly peerMedianMs: number | null;
  /** Median of the pairs' ratios. */
  readonly ratio: number | null;
}
export function median(values: readonly number[]): number;
export function alternate(runs: readonly (readonly [string, () => Promise<unknown>])[], rounds: number): Promise<Map<string, number[]>>;
export function measure(id: string, times: readonly number[], peer?: string | null, peerTimes?: readonly number[]): Measure;
export function report(measures: readonly Measure[], more?: string): void;
export function option<T extends string | number | undefined>(args: string[], name: string, otherwise: T): T extends number ? number : string | T;
export function modelName(title: string, precision: string): string;
