import { window } from "vscode";
import { problemOf } from "../protocol/index.js";
import { Dismissed } from "./errors.js";
import type { Log } from "./log.js";

export type Guard = (run: () => unknown) => Promise<unknown>;

/** Runs a command; what goes wrong is said in one sentence with its hint, the rest is in the log. */
export const guardWith =
  (log: Log & { show(): void }): Guard =>
  async (run) => {
    try {
      return await run();
    } catch (error) {
      if (error instanceof Dismissed) return undefined;
      const problem = problemOf(error);
      if (problem.code === "run/cancelled") return undefined;
      log.error(`${problem.code}: ${problem.message}${problem.details ? `\n${problem.details}` : ""}`);
      const show = "Show Log";
      void window.showErrorMessage(`${problem.message}${problem.hint ? ` ${problem.hint}` : ""}`, show).then((chosen) => chosen && log.show());
      return undefined;
    }
  };
