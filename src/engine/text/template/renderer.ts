import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cancelled, throwIfAborted } from "../../errors.js";
import { badTemplate } from "./errors.js";
import type { ChatTemplate } from "./find.js";
import type { RenderAnswer, RenderBatch, Rendered, Wanted } from "./messages.js";

/** Time to start the process. */
const START_MS = 10_000;
/** Time to render one batch, which takes 2 to 20 ms; a template that loops is ended here. CWE-835 */
export const BATCH_MS = 2_000;
/** Old space of the process in MB. CWE-770 */
const HEAP_MB = 64;
const BATCH_ROWS = 64;
const BATCH_CHARS = 1_000_000;

/**
 * Renders conversations with a model's template in a process that can be thrown away: a template is a program of the model's
 * author, and no interpreter inside the engine survives `range(10 ** 9)` (V8 aborts the process). So there is no list of known
 * formats: every template goes this way, at about 60 ms for the start and 0.1 ms a row.
 * @param program the bundled child.ts
 * @throws Problem `template/bad` when it takes too long or too much memory, or is no template; `run/cancelled`
 */
export async function renderAll(template: ChatTemplate, rows: readonly Wanted[], signal?: AbortSignal, program = childProgram()): Promise<Rendered[]> {
  if (!existsSync(program)) throw badTemplate(template.file, "the program that renders it is missing from this installation");
  const child = start(program);
  try {
    const all: Rendered[] = [];
    await answerOf(child, undefined, START_MS, (reason, details) => badTemplate(template.file, reason, details), signal);
    for (const batch of batches(rows)) {
      throwIfAborted(signal);
      const wish: RenderBatch = { template: template.source, tokens: template.tokens, rows: batch };
      const answer = (await answerOf(child, wish, BATCH_MS, (reason, details) => badTemplate(template.file, reason, details), signal)) as RenderAnswer;
      if ("failed" in answer) throw badTemplate(template.file, answer.failed, answer.details);
      all.push(...answer.rows);
    }
    return all;
  } finally {
    child.kill("SIGKILL");
  }
}

/** Beside the bundle that asks; when run from source, in the folder of bundles. */
function childProgram(): string {
  const near = join(__dirname, "templates.js");
  return existsSync(near) ? near : join(__dirname, "..", "..", "..", "..", "dist", "templates.js");
}

function start(program: string): ChildProcess {
  const kept = ["ELECTRON_RUN_AS_NODE", "SystemRoot", "LD_LIBRARY_PATH"].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  return fork(program, [], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    env: Object.fromEntries(kept) as NodeJS.ProcessEnv,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

/** The next message of the process, after a wish if there is one. */
function answerOf(
  child: ChildProcess,
  wish: RenderBatch | undefined,
  ms: number,
  failure: (reason: string, details?: string) => Error,
  signal?: AbortSignal,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      child.removeAllListeners();
      settle();
    };
    const fail = (reason: string, details?: string) => end(() => reject(failure(reason, details)));
    const onAbort = () => end(() => reject(cancelled()));
    const timer = setTimeout(
      () => fail(wish ? `it takes longer than ${BATCH_MS / 1000} seconds for a few conversations` : "the process that renders it does not start"),
      ms,
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    child.on("message", (answer) => end(() => resolve(answer)));
    child.on("error", (error) => fail("the process that renders it cannot be started", error.message));
    child.on("exit", (code, how) => fail(`it takes more than ${HEAP_MB} MB of memory, or stops the process that renders it`, `exit ${code ?? how}`));
    if (wish) child.send(wish, (error) => error && fail("the process that renders it cannot be reached", error.message));
  });
}

function* batches(rows: readonly Wanted[]): Generator<Wanted[]> {
  let batch: Wanted[] = [];
  let chars = 0;
  for (const row of rows) {
    const size = row.messages.reduce((sum, m) => sum + m.content.length, 0);
    if (batch.length > 0 && (batch.length >= BATCH_ROWS || chars + size > BATCH_CHARS)) {
      yield batch;
      batch = [];
      chars = 0;
    }
    batch.push(row);
    chars += size;
  }
  if (batch.length > 0) yield batch;
}
