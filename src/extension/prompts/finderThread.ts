import { createRequire } from "node:module";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { type PromptDocument, type PromptFinder, problemOf } from "../../protocol/index.js";
import type { FinderAnswer, FinderQuestion } from "./finder.js";

// The program of the finder's thread: the parsers are loaded with the first question.
let loaded: Promise<PromptFinder> | undefined;
const finder = () => {
  loaded ??= (createRequire(join(__dirname, "prompts.js"))("./prompts.js") as { openFinder(folder: string): Promise<PromptFinder> }).openFinder(__dirname);
  return loaded;
};

const documents = new Map<number, PromptDocument>();

async function answerTo(question: FinderQuestion): Promise<unknown> {
  if (question.ask === "close") {
    documents.get(question.document)?.dispose();
    documents.delete(question.document);
    return undefined;
  }
  const found = await finder();
  if (question.ask === "reads") return found.reads(question.fileName, question.languageId);
  const { source, options, document } = question;
  if (document === undefined) return found.find(source, options);
  const open = documents.get(document);
  const one = open ?? found.open(source, options);
  documents.set(document, one);
  one.replace(source);
  return one.prompts();
}

parentPort?.on("message", (question: FinderQuestion) => {
  const { id } = question;
  answerTo(question)
    .then(
      (answer): FinderAnswer => ({ id, answer }),
      (error: unknown): FinderAnswer => ({ id, problem: problemOf(error) }),
    )
    .then((message) => parentPort?.postMessage(message));
});
