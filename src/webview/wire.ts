import { ProblemError, Rpc } from "../protocol/index.js";
import type { Keeper } from "./state.js";

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** A panel's way to the extension, and where its choices are kept. The API stays in here: a script that gets into the page some other way cannot post as the panel. */
export function connect<Methods extends object, Events extends object>() {
  const vscode = acquireVsCodeApi();
  const rpc = new Rpc<Methods, Events, Record<string, never>, Record<string, never>>(
    { post: (message) => vscode.postMessage(message), onMessage: (listener) => addEventListener("message", (event) => listener(event.data)) },
    {},
    (reason) => console.warn(`Layerscope refused ${reason}.`),
  );
  const keeper: Keeper = { load: () => vscode.getState(), save: (state) => vscode.setState(state) };
  /** Says why a wish was refused; anything else is a fault of ours. */
  const toldTo =
    (say: (sentence: string) => void) =>
    (error: unknown): void => {
      if (error instanceof ProblemError) say([error.problem.message, error.problem.hint].filter(Boolean).join(" "));
      else throw error;
    };
  return { rpc, keeper, toldTo };
}
