import { type Check, PANEL_PARAMS, type PanelMethods, type ProblemError } from "../protocol/index.js";
import { panelRefused } from "./errors.js";

type Method = keyof PanelMethods & keyof typeof PANEL_PARAMS;
type Handler<K extends Method> = (params: PanelMethods[K]["params"], signal: AbortSignal) => PanelMethods[K]["result"] | Promise<PanelMethods[K]["result"]>;
export type PanelHandlers = { readonly [K in Method]: Handler<K> };

/** Tokens that refill with time: `rate` a second, at most `burst` at once. */
export class Allowance {
  private left: number;
  private at: number;

  constructor(
    private readonly rate: number,
    private readonly burst: number,
    private readonly now: () => number = Date.now,
  ) {
    this.left = burst;
    this.at = now();
  }

  take(): boolean {
    const now = this.now();
    this.left = Math.min(this.burst, this.left + ((now - this.at) / 1000) * this.rate);
    this.at = now;
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}

export const gate = (handlers: PanelHandlers, refused: (reason: string) => void, allowance?: Allowance): PanelHandlers =>
  gateBy(PANEL_PARAMS, handlers, refused, allowance);

/** Handlers that see only parameters of the declared shape, and only as many a second as a person with a mouse can cause. */
export function gateBy<H extends object>(
  checks: { readonly [K in keyof H]: Check },
  handlers: H,
  refused: (reason: string) => void,
  allowance = new Allowance(60, 240),
): H {
  const refuse = (reason: string): ProblemError => {
    refused(reason);
    return panelRefused(reason);
  };
  const guarded = Object.entries(handlers).map(([method, handler]) => [
    method,
    (params: unknown, signal: AbortSignal) => {
      const wrong = checks[method as keyof H](params, method);
      if (wrong) throw refuse(wrong);
      if (!allowance.take()) throw refuse("too many questions at once");
      return (handler as (p: unknown, s: AbortSignal) => unknown)(params, signal);
    },
  ]);
  return Object.fromEntries(guarded) as H;
}
