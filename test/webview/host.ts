import type { AuditView, LayerColumns, PanelState } from "../../src/protocol/index.js";
import { columnsAt, lightenView, PANEL_PARAMS } from "../../src/protocol/index.js";
import { makeText, makeView, stateOf, type Wish } from "./fixture.js";
import { type BaseMock, standIn } from "./mock.js";

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

interface Mock extends BaseMock {
  /** Layers that were asked for; `columnMs`: how long an answer about a layer takes. */
  layers: number[];
  columnMs: number;
  send(name: string, body: unknown): void;
  view(wish: Wish): void;
  state(wish: Wish | undefined, phase: PanelState["phase"], more?: Partial<PanelState>): void;
}
declare global {
  interface Window {
    mock: Mock;
  }
}

const setup = JSON.parse(decodeURIComponent(location.hash.slice(1) || "{}")) as Setup;

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

const post = standIn(mock, PANEL_PARAMS, answer, (method) => (method === "view.columns" ? mock.columnMs : 5));
