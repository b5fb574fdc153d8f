import { type Check, type Chunk, checkEnvelope, type Envelope, splitMessage } from "../../src/protocol/index.js";

/** What every page under test tells of itself. */
export interface BaseMock {
  asked: { method: string; params: Record<string, unknown> }[];
  refused: string[];
  violations: string[];
  saved: unknown;
  /** Bytes of the largest message so far. */
  largest: number;
}

/** Stands for VS Code around a page: posts as the extension does, refuses what it would refuse, notes what was asked. */
export function standIn<Mock extends BaseMock>(
  mock: Mock,
  checks: Readonly<Record<string, Check>>,
  answer: (method: string, params: Record<string, unknown>) => unknown,
  waitMs: (method: string) => number = () => 5,
): (message: Envelope) => void {
  let transfers = 1;
  const post = (message: Envelope) => {
    for (const part of splitMessage(message, transfers++)) {
      mock.largest = Math.max(mock.largest, sizeOf(part));
      window.postMessage(part, "*");
    }
  };
  document.addEventListener("securitypolicyviolation", (event) =>
    mock.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`),
  );
  Object.assign(window, {
    mock,
    acquireVsCodeApi: () => ({
      getState: () => mock.saved,
      setState: (state: unknown) => {
        mock.saved = structuredClone(state);
      },
      postMessage(message: unknown) {
        const envelope = checkEnvelope(message);
        if (typeof envelope === "string" || envelope.kind !== "ask") return void mock.refused.push(String(envelope));
        const { id, method } = envelope;
        const params = envelope.params as Record<string, unknown>;
        const wrong = Object.hasOwn(checks, method) ? checks[method]!(params, method) : `${method} is unknown`;
        if (wrong) mock.refused.push(wrong);
        mock.asked.push({ method, params });
        setTimeout(() => post({ v: 1, kind: "answer", id, result: answer(method, params) }), waitMs(method));
      },
    }),
  });
  return post;
}

/** Bytes that a message takes at most, roughly as it is written. */
function sizeOf(value: Envelope | Chunk | unknown): number {
  if (typeof value === "string") return value.length * 2;
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
  if (typeof value !== "object" || value === null) return 8;
  return Object.entries(value).reduce((sum, [key, one]) => sum + key.length + sizeOf(one), 0);
}
