import { Worker } from "node:worker_threads";
import { type FindOptions, type FoundPrompts, type Problem, ProblemError } from "../../protocol/index.js";

/** The finder of prompts, at work in a thread of its own: a file of any size holds nobody up. */
export interface Finder {
  /** Whether a file of this name can hold prompts; others are not worth reading. */
  reads(fileName: string, languageId?: string): Promise<boolean>;
  find(source: string, options: FindOptions): Promise<FoundPrompts>;
  /** A document that is read again and again; what an edit left as it was is not parsed again. */
  open(options: FindOptions): FinderDocument;
  dispose(): void;
}

export interface FinderDocument {
  read(source: string): Promise<FoundPrompts>;
  dispose(): void;
}

/** What the thread is asked. `document`: absent where nothing is to be kept for the next reading. */
export type FinderQuestion =
  | { readonly id: number; readonly ask: "reads"; readonly fileName: string; readonly languageId?: string }
  | { readonly id: number; readonly ask: "read"; readonly source: string; readonly options: FindOptions; readonly document?: number }
  | { readonly id: number; readonly ask: "close"; readonly document: number };

export type FinderAnswer = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly problem: Problem };

interface Pending {
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** Each of the questions without its number. */
type Asked<Q = FinderQuestion> = Q extends FinderQuestion ? Omit<Q, "id"> : never;

/** @param program the thread's bundle; it begins with the first question and, should it die over a file, again with the next one */
export function finderIn(program: string): Finder {
  const pending = new Map<number, Pending>();
  let [last, documents] = [0, 0];
  let thread: Worker | undefined;

  const begin = (): Worker => {
    const worker = new Worker(program);
    const gone = () => {
      if (thread === worker) thread = undefined;
      for (const { reject } of pending.values())
        reject(new ProblemError({ code: "prompts/finder-ended", message: "The finder of prompts ended over a file.", hint: "Edit or open the file again." }));
      pending.clear();
    };
    worker.on("message", (message: FinderAnswer) => {
      const one = pending.get(message.id);
      pending.delete(message.id);
      if ("problem" in message) one?.reject(new ProblemError(message.problem));
      else one?.resolve(message.answer);
    });
    // The event "exit" follows an "error".
    worker.on("error", () => {});
    worker.on("exit", gone);
    worker.unref();
    return worker;
  };
  const ask = <T>(question: Asked): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const id = ++last;
      pending.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      thread ??= begin();
      thread.postMessage({ ...question, id });
    });

  return {
    reads: (fileName, languageId) => ask({ ask: "reads", fileName, ...(languageId !== undefined && { languageId }) }),
    find: (source, options) => ask({ ask: "read", source, options }),
    open: (options) => {
      const document = ++documents;
      return {
        read: (source) => ask({ ask: "read", source, options, document }),
        dispose: () => {
          if (thread) void ask({ ask: "close", document }).catch(() => {});
        },
      };
    },
    dispose: () => void thread?.terminate(),
  };
}
