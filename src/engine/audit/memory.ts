import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Gives back what nobody holds any longer. The collector counts little of typed arrays, so that layers of many rows would pile up; a call takes
 * about 20 ms, and is worth it before as large an array is made.
 */
export function releaseMemory(): void {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
    collect = typeof found === "function" ? (found as () => void) : () => {};
  }
  collect();
}
