import type { ChildProcess } from "node:child_process";
import type { AuditPlan, AuditView } from "../../src/protocol/index.js";

export class EngineProcess {
  readonly child: ChildProcess;
  readonly gone: Promise<number | null>;
  ask(method: "audit.run", params: AuditPlan): Promise<AuditView> & { cancel(): void };
  on(name: string, listener: (body: unknown) => void): void;
  hello(): Promise<unknown>;
  kill(): Promise<void>;
}
export function plan(data: string, model: string, more?: Partial<AuditPlan>): AuditPlan;
export function quantile(values: readonly number[], q: number): number;
export const SAMPLE: string;
export const EMBEDDED: string;
