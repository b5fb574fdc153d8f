import { COMPARE_PARAMS, type CompareState, checkEnvelope, decodeCompare, type Envelope } from "../../src/protocol/index.js";
import { makeText } from "./fixture.js";

/** Stands for VS Code and the extension around a comparison; what it shows was compared by the engine itself. */
interface CompareSetup {
  readonly carried?: unknown;
  readonly more?: Partial<CompareState>;
  readonly saved?: unknown;
}
interface CompareMock {
  asked: { method: string; params: Record<string, unknown> }[];
  refused: string[];
  violations: string[];
  saved: unknown;
  state(more: Partial<CompareState>): void;
}
const page = window as unknown as { compareSetup: CompareSetup; mock: CompareMock; acquireVsCodeApi(): unknown };
const setup = page.compareSetup ?? {};
const view = decodeCompare(setup.carried)?.view;
const stateOf = (more: Partial<CompareState> = {}): CompareState => ({
  phase: view ? "done" : "working",
  names: ["one", "other"],
  ids: ["20260101-000000-aaaaaa", "20260101-000001-bbbbbb"],
  ...(view ? { view } : {}),
  ...more,
});
const post = (message: unknown) => window.postMessage(message, "*");
const mock: CompareMock = {
  asked: [],
  refused: [],
  violations: [],
  saved: setup.saved,
  state: (more) => post({ v: 1, kind: "event", name: "compare.state", body: stateOf(more) }),
};
page.mock = mock;
document.addEventListener("securitypolicyviolation", (event) => mock.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));

function answer(method: string, params: Record<string, unknown>): unknown {
  if (method === "panel.ready") return stateOf(setup.more);
  return method === "rows.text" ? (params["rows"] as number[]).map((row) => makeText(row)) : null;
}

page.acquireVsCodeApi = () => ({
  getState: () => mock.saved,
  setState: (state: unknown) => {
    mock.saved = structuredClone(state);
  },
  postMessage(message: unknown) {
    const envelope = checkEnvelope(message);
    if (typeof envelope === "string" || envelope.kind !== "ask") return void mock.refused.push(String(envelope));
    const { id, method, params } = envelope as Extract<Envelope, { kind: "ask" }>;
    const wrong = Object.hasOwn(COMPARE_PARAMS, method) ? COMPARE_PARAMS[method as keyof typeof COMPARE_PARAMS](params, method) : `${method} is unknown`;
    if (wrong) mock.refused.push(wrong);
    mock.asked.push({ method, params: params as Record<string, unknown> });
    setTimeout(() => post({ v: 1, kind: "answer", id, result: answer(method, params as Record<string, unknown>) }), 5);
  },
});
