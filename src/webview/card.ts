import { type CardEvents, type CardMethods, type CardState, ProblemError, Rpc } from "../protocol/index.js";
import { cardView } from "./cardView.js";
import { el } from "./dom.js";

interface VsCodeApi {
  postMessage(message: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

// The API stays in here: a script that gets into the page some other way cannot post as the card.
const vscode = acquireVsCodeApi();
const rpc = new Rpc<CardMethods, CardEvents, Record<string, never>, Record<string, never>>(
  { post: (message) => vscode.postMessage(message), onMessage: (listener) => addEventListener("message", (event) => listener(event.data)) },
  {},
  (reason) => console.warn(`Layerscope refused ${reason}.`),
);

const app = document.getElementById("app")!;
const live = el("div", { class: "live", attrs: { role: "status" } });
document.body.append(live);

const said = (error: unknown): void => {
  if (!(error instanceof ProblemError)) throw error;
  live.textContent = [error.problem.message, error.problem.hint].filter(Boolean).join(" ");
};

const show = (state: CardState): void => {
  const focused = document.activeElement?.getAttribute("data-focus");
  const open = new Set([...app.querySelectorAll("details[open]")].map((details) => details.id));
  app.replaceChildren(
    cardView(state, {
      use: () => void rpc.ask("card.use", {}).catch(said),
      audit: () => void rpc.ask("card.audit", {}).catch(said),
      copy: () =>
        void rpc.ask("card.copy", {}).then(() => {
          live.textContent = "Copied.";
          setTimeout(() => (live.textContent = ""), 2000);
        }, said),
      reveal: () => void rpc.ask("card.reveal", {}).catch(said),
      trust: () => void rpc.ask("card.trust", {}).catch(said),
      variant: (index) => void rpc.ask("card.variant", { index }).catch(said),
    }),
  );
  // A card that was read again keeps what was open and where the keyboard was.
  for (const details of app.querySelectorAll("details")) details.open = open.has(details.id);
  if (focused) app.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
};

rpc.on("card.state", show);
void rpc.ask("card.ready", {}).then(show).catch(said);
