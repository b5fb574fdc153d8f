import { CARD_PARAMS, type CardState, checkEnvelope } from "../../src/protocol/index.js";

/** Stands for VS Code and the extension around a model card. */
export interface CardMock {
  asked: { method: string; params: unknown }[];
  refused: string[];
  violations: string[];
  state(state: CardState): void;
}
const page = window as unknown as { cardState: CardState; mock: CardMock; acquireVsCodeApi(): unknown };
const post = (message: unknown) => window.postMessage(message, "*");
const mock: CardMock = {
  asked: [],
  refused: [],
  violations: [],
  state: (state) => post({ v: 1, kind: "event", name: "card.state", body: state }),
};
page.mock = mock;
document.addEventListener("securitypolicyviolation", (event) => mock.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));

page.acquireVsCodeApi = () => ({
  postMessage(message: unknown) {
    const envelope = checkEnvelope(message);
    if (typeof envelope === "string" || envelope.kind !== "ask") return void mock.refused.push(String(envelope));
    const { id, method, params } = envelope;
    const wrong = Object.hasOwn(CARD_PARAMS, method) ? CARD_PARAMS[method as keyof typeof CARD_PARAMS](params, method) : `${method} is unknown`;
    if (wrong) mock.refused.push(wrong);
    mock.asked.push({ method, params });
    setTimeout(() => post({ v: 1, kind: "answer", id, result: method === "card.ready" ? page.cardState : null }), 5);
  },
});
