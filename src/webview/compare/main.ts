import { type ComparePanelEvents, type ComparePanelMethods, ProblemError, Rpc } from "../../protocol/index.js";
import { toolkit } from "../controls.js";
import { CompareApp } from "./app.js";
import type { CompareHost } from "./host.js";

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

// The API stays in here, as in the audit's panel.
const vscode = acquireVsCodeApi();
const rpc = new Rpc<ComparePanelMethods, ComparePanelEvents, Record<string, never>, Record<string, never>>(
  { post: (message) => vscode.postMessage(message), onMessage: (listener) => addEventListener("message", (event) => listener(event.data)) },
  {},
  (reason) => console.warn(`Layerscope refused ${reason}.`),
);

const said = (error: unknown): void => {
  if (error instanceof ProblemError) app.say([error.problem.message, error.problem.hint].filter(Boolean).join(" "));
  else throw error;
};

const host: CompareHost = {
  keeper: { load: () => vscode.getState(), save: (state) => vscode.setState(state) },
  texts: async (rows) => [...(await rpc.ask("rows.text", { rows }))],
  actions: {
    open: (row, keepFocus) => void rpc.ask("row.open", { row, keepFocus }).catch(said),
    showPair: (pair) => void rpc.ask("pair.show", { pair }).catch(said),
    swap: () => void rpc.ask("pair.swap", {}).catch(said),
    again: () => void rpc.ask("compare.again", {}).catch(said),
    about: (page) => void rpc.ask("about.open", { page }).catch(said),
    openRun: (run) => void rpc.ask("run.open", { run }).catch(said),
    save: (format, withText, svgs) => void rpc.ask("compare.export", { format, withText, ...(svgs ? { svgs } : {}) }).catch(said),
  },
};

const app = new CompareApp(document.getElementById("app")!, toolkit, host);
rpc.on("compare.state", (state) => app.show(state));
void rpc
  .ask("panel.ready", {})
  .then((state) => app.show(state))
  .catch(said);
