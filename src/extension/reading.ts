import type { Memento } from "vscode";
import { type DataCard, type DataOptions, ProblemError } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import { Dismissed } from "./errors.js";
import { askQuestion } from "./questions.js";

/** More questions than this about one file is a loop, not a conversation. */
const MOST_QUESTIONS = 12;
const key = (path: string) => `layerscope.data:${path}`;

/** How a dataset is read, as answered so far; remembered by workspace, so that it is asked once. */
export class Reading {
  constructor(
    private readonly engine: EngineClient,
    private readonly memory: Memento,
  ) {}

  remembered(path: string): DataOptions {
    return this.memory.get<DataOptions>(key(path)) ?? {};
  }

  async remember(path: string, options: DataOptions | undefined): Promise<void> {
    await this.memory.update(key(path), options);
  }

  /** Inspects the file, asking until nothing is open. @throws Dismissed when a question is left unanswered */
  async card(path: string, options: DataOptions, signal?: AbortSignal): Promise<DataCard> {
    let now = options;
    for (let i = 0; i < MOST_QUESTIONS; i++) {
      const answer = await this.engine.ask("data.inspect", { path, options: now }, signal).catch((error: unknown) => {
        if (error instanceof ProblemError && error.problem.question) return { kind: "question" as const, question: error.problem.question };
        throw error;
      });
      if (answer.kind === "card") {
        if (i > 0) await this.remember(path, now);
        return answer.card;
      }
      const next = await askQuestion(path, answer.question, now);
      if (!next) throw new Dismissed();
      now = next;
    }
    throw new ProblemError({
      code: "data/too-many-questions",
      message: "The file raises more questions than can be asked.",
      hint: "Set its columns with “Layerscope: Change Columns”.",
    });
  }
}
