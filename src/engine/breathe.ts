import { throwIfAborted } from "./errors.js";

/** Lets the process hear what has come in meanwhile, a cancel among it. @throws Problem `run/cancelled` */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  throwIfAborted(signal);
}
