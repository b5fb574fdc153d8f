import { COMPARE_PARAMS, type CompareState, decodeCompare } from "../../src/protocol/index.js";
import { makeText } from "./fixture.js";
import { type BaseMock, standIn } from "./mock.js";

/** Stands for VS Code and the extension around a comparison; what it shows was compared by the engine itself. */
interface CompareSetup {
  readonly carried?: unknown;
  readonly more?: Partial<CompareState>;
  readonly saved?: unknown;
}
interface CompareMock extends BaseMock {
  state(more: Partial<CompareState>): void;
}

const setup = (window as unknown as { compareSetup?: CompareSetup }).compareSetup ?? {};
const view = decodeCompare(setup.carried)?.view;
const stateOf = (more: Partial<CompareState> = {}): CompareState => ({
  phase: view ? "done" : "working",
  names: ["one", "other"],
  ids: ["20260101-000000-aaaaaa", "20260101-000001-bbbbbb"],
  ...(view ? { view } : {}),
  ...more,
});
const mock: CompareMock = {
  asked: [],
  refused: [],
  violations: [],
  saved: setup.saved,
  largest: 0,
  state: (more) => post({ v: 1, kind: "event", name: "compare.state", body: stateOf(more) }),
};

function answer(method: string, params: Record<string, unknown>): unknown {
  if (method === "panel.ready") return stateOf(setup.more);
  return method === "rows.text" ? (params["rows"] as number[]).map((row) => makeText(row)) : null;
}

const post = standIn(mock, COMPARE_PARAMS, answer);
