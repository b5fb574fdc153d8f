/** Runs a generator to its end, with a breath after each step. */
export async function runSteps<T>(steps: Generator<void, T>, breathe: () => Promise<void>): Promise<T> {
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
    await breathe();
  }
}
