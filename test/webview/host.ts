import type { Envelope, PanelState } from "../../src/protocol/index.js";
import { checkEnvelope, PANEL_PARAMS } from "../../src/protocol/index.js";
import { makeText, makeView, stateOf, type Wish } from "./fixture.js";

/** Stands for VS Code and the extension inside the test page: it answers as they would and notes what was asked. */
export interface Setup {
  readonly wish?: Wish;
  readonly phase?: PanelState["phase"];
  readonly noView?: boolean;
  readonly more?: Partial<PanelState>;
  readonly texts?: Record<number, string>;
  /** What getState() gives at first. */
  readonly saved?: unknown;
}

interface Mock {
  asked: { method: string; params: Record<string, unknown> }[];
  refused: string[];
  violations: string[];
  saved: unknown;
  send(name: string, body: unknown): void;
  view(wish: Wish): void;
  state(wish: Wish | undefined, phase: PanelState["phase"], more?: Partial<PanelState>): void;
}
declare global {
  interface Window {
    mock: Mock;
    acquireVsCodeApi(): unknown;
  }
}

const setup = JSON.parse(decodeURIComponent(location.hash.slice(1) || "{}")) as Setup;
const post = (message: unknown) => window.postMessage(message, "*");
const mock: Mock = {
  asked: [],
  refused: [],
  violations: [],
  saved: setup.saved,
  send: (name, body) => post({ v: 1, kind: "event", name, body }),
  view: (wish) => mock.send("audit.view", makeView(wish)),
  state: (wish, phase, more) => mock.send("panel.state", stateOf(wish && makeView(wish), phase, more)),
};
window.mock = mock;
document.addEventListener("securitypolicyviolation", (event) =>
  mock.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`),
);

function answer(method: string, params: Record<string, unknown>): unknown {
  if (method === "panel.ready") return stateOf(setup.noView ? undefined : makeView(setup.wish), setup.phase ?? "done", setup.more);
  if (method === "rows.text")
    return (params["rows"] as number[]).map((row) => (setup.texts?.[row] === undefined ? makeText(row) : { row, text: setup.texts[row] }));
  if (method === "rows.find") {
    const { rows } = makeView(setup.wish);
    const text = (row: number) => (setup.texts?.[row] === undefined ? makeText(row).text : setup.texts[row]).toLowerCase();
    return (params["words"] as string[]).map((word) => rows.id.filter((row) => text(row).includes(word)));
  }
  if (method === "rows.image") return (params["rows"] as number[]).map((row) => picture(row, params["side"] as number));
  return null;
}

/** A picture as the engine would send it; every seventh cannot be shown. */
function picture(row: number, side: number) {
  if (row % 7 === 3) return { row, fault: "the image is damaged" };
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [side, Math.round(side * 0.75)];
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = `hsl(${(row * 47) % 360} 60% 50%)`;
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "white";
  pen.fillRect(side * 0.2, side * 0.2, side * 0.3, side * 0.3);
  return { row, url: canvas.toDataURL(), width: 640, height: 480 };
}

window.acquireVsCodeApi = () => ({
  getState: () => mock.saved,
  setState: (state: unknown) => {
    mock.saved = structuredClone(state);
  },
  postMessage(message: unknown) {
    const envelope = checkEnvelope(message);
    if (typeof envelope === "string" || envelope.kind !== "ask") return void mock.refused.push(String(envelope));
    const { id, method, params } = envelope as Extract<Envelope, { kind: "ask" }>;
    const wrong = Object.hasOwn(PANEL_PARAMS, method) ? PANEL_PARAMS[method as keyof typeof PANEL_PARAMS](params, method) : `${method} is unknown`;
    if (wrong) mock.refused.push(wrong);
    mock.asked.push({ method, params: params as Record<string, unknown> });
    setTimeout(() => post({ v: 1, kind: "answer", id, result: answer(method, params as Record<string, unknown>) }), 5);
  },
});
