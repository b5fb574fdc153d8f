import { type ExtensionContext, ExtensionMode } from "vscode";
import { Layerscope } from "./layerscope.js";

/** Registers, and does nothing else: no file is read, no process started before a command asks for it. */
export function activate(context: ExtensionContext): { readonly layerscope: Layerscope; readonly activationMs: number } | undefined {
  const from = performance.now();
  const layerscope = new Layerscope(context);
  layerscope.register();
  const activationMs = performance.now() - from;
  layerscope.log.debug(`Activated in ${activationMs.toFixed(1)} ms.`);
  // The tests' way in; other extensions get nothing.
  return context.extensionMode === ExtensionMode.Test ? { layerscope, activationMs } : undefined;
}

export function deactivate(): void {}
