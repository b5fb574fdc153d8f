import { commands, Disposable, type Uri } from "vscode";
import type { HeatMethod } from "../protocol/index.js";
import type { PromptItem } from "./prompts/tree.js";
import type { RunItem } from "./runsTree.js";

/** A document, an entry of the Prompts view, or nothing: the prompt under the cursor. */
export type PromptPlace = Uri | string | PromptItem;

/** Every command and what it is called with; package.json declares the same ids (a test compares them). */
export interface Commands {
  "layerscope.auditAlignment": [file?: Uri, selected?: readonly Uri[]];
  "layerscope.auditAgainstReference": [file?: Uri, selected?: readonly Uri[]];
  "layerscope.changeColumns": [file?: Uri];
  "layerscope.chooseModel": [];
  "layerscope.chooseTower": [];
  "layerscope.downloadModel": [];
  "layerscope.showModelCard": [file?: Uri];
  "layerscope.useModel": [file?: Uri];
  "layerscope.checkAccelerators": [];
  "layerscope.setServerToken": [];
  "layerscope.clearServerToken": [];
  "layerscope.showPanel": [];
  "layerscope.cancelRun": [];
  "layerscope.restartEngine": [];
  "layerscope.showLog": [];
  "layerscope.openSample": [];
  "layerscope.openRun": [item?: RunItem];
  "layerscope.runAgain": [item?: RunItem];
  "layerscope.exportRun": [item?: RunItem];
  "layerscope.compareRuns": [item?: RunItem, selected?: readonly RunItem[]];
  "layerscope.compareWith": [item?: RunItem];
  "layerscope.selectForCompare": [item?: RunItem];
  "layerscope.compareWithSelected": [item?: RunItem];
  "layerscope.deleteRun": [item?: RunItem, selected?: readonly RunItem[]];
  "layerscope.deleteAllRuns": [];
  "layerscope.refreshRuns": [];
  "layerscope.resumeRun": [item?: RunItem];
  "layerscope.deleteStoredActivations": [];
  "layerscope.useProfile": [];
  "layerscope.saveProfile": [item?: RunItem];
  "layerscope.scorePrompts": [];
  "layerscope.showTokenHeat": [prompt?: PromptPlace, start?: number, method?: HeatMethod];
  "layerscope.clearTokenHeat": [];
  "layerscope.promptActions": [prompt?: PromptPlace, start?: number];
  "layerscope.ignorePrompt": [prompt?: PromptPlace, start?: number];
  "layerscope.addToBaseline": [prompt?: PromptPlace, start?: number];
  "layerscope.showPromptInPanel": [prompt?: PromptPlace, start?: number];
  "layerscope.copyPromptEvidence": [prompt?: PromptPlace, start?: number, format?: "markdown" | "json"];
  "layerscope.openPrompt": [item?: PromptItem];
  "layerscope.groupPromptsByFile": [];
  "layerscope.sortPromptsByRisk": [];
}

export type CommandHandlers = { readonly [K in keyof Commands]: (...args: Commands[K]) => unknown };

/** Registers all of them; `guard` turns what a handler throws into something the user can read. */
export function registerCommands(handlers: CommandHandlers, guard: (run: () => unknown) => Promise<unknown>): Disposable {
  const entries = Object.entries(handlers) as [keyof Commands, (...args: unknown[]) => unknown][];
  return Disposable.from(...entries.map(([id, handler]) => commands.registerCommand(id, (...args: unknown[]) => guard(() => handler(...args)))));
}
