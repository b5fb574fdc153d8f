import type { AuditView, Chunk, Envelope, LayerColumns, PanelState } from "../../src/protocol/index.js";
import { checkEnvelope, columnsAt, lightenView, PANEL_PARAMS, splitMessage } from "../../src/protocol/index.js";
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
  /** Bytes of the largest message so far, and layers that were asked for; `columnMs`: how long an answer about a layer takes. */
  largest: number;
  layers: number[];
  columnMs: number;
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
let transfers = 1;
const post = (message: Envelope) => {
  for (const part of splitMessage(message, transfers++)) {
    mock.largest = Math.max(mock.largest, sizeOf(part));
    window.postMessage(part, "*");
  }
};

/** Bytes that a message takes at most, roughly as it is written. */
function sizeOf(value: Envelope | Chunk | unknown): number {
  if (typeof value === "string") return value.length * 2;
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
  if (typeof value !== "object" || value === null) return 8;
  return Object.entries(value).reduce((sum, [key, one]) => sum + key.length + sizeOf(one), 0);
}

/** The view as the extension tells it, and the whole of it for what is asked later. */
let whole: AuditView | undefined;
let stamp = 0;
function lightened(view: AuditView): AuditView {
  whole = view;
  return lightenView(view, ++stamp);
}
const made = new Map<string, AuditView>();
/** A large view takes seconds to make. */
function viewOf(wish: Wish | undefined): AuditView {
  const key = JSON.stringify(wish ?? {});
  const view = made.get(key) ?? makeView(wish);
  made.set(key, view);
  return view;
}
const told = (wish: Wish | undefined, phase: PanelState["phase"], more?: Partial<PanelState>) => stateOf(wish && lightened(viewOf(wish)), phase, more);
const mock: Mock = {
  asked: [],
  refused: [],
  violations: [],
  saved: setup.saved,
  largest: 0,
  layers: [],
  columnMs: 5,
  send: (name, body) => post({ v: 1, kind: "event", name, body }),
  view: (wish) => mock.send("audit.view", lightened(makeView(wish))),
  state: (wish, phase, more) => mock.send("panel.state", told(wish, phase, more)),
};
window.mock = mock;
document.addEventListener("securitypolicyviolation", (event) =>
  mock.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`),
);

function answer(method: string, params: Record<string, unknown>): unknown {
  if (method === "panel.ready") return told(setup.noView ? undefined : (setup.wish ?? {}), setup.phase ?? "done", setup.more);
  if (method === "view.columns") return columns(params["stamp"] as number, params["layer"] as number);
  if (method === "rows.text")
    return (params["rows"] as number[]).map((row) => (setup.texts?.[row] === undefined ? makeText(row) : { row, text: setup.texts[row] }));
  if (method === "rows.find") {
    const { rows } = viewOf(setup.wish);
    const text = (row: number) => (setup.texts?.[row] === undefined ? makeText(row).text : setup.texts[row]).toLowerCase();
    return (params["words"] as string[]).map((word) => rows.id.filter((row) => text(row).includes(word)));
  }
  if (method === "rows.image") return (params["rows"] as number[]).map((row) => picture(row, params["side"] as number));
  return null;
}

function columns(of: number, layer: number): LayerColumns | null {
  mock.layers.push(layer);
  return whole && of === stamp ? columnsAt(whole, layer) : null;
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
    const answerIt = () => post({ v: 1, kind: "answer", id, result: answer(method, params as Record<string, unknown>) });
    setTimeout(answerIt, method === "view.columns" ? mock.columnMs : 5);
  },
});
