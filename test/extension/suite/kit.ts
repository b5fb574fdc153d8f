/// <reference types="vscode" />
/// <reference types="mocha" />
import { join } from "node:path";
import { type Diagnostic, extensions, languages, Uri, workspace } from "vscode";
import type { Layerscope } from "../../../src/extension/layerscope.js";

export const EXTENSION = "layerscope.layerscope";

export interface Api {
  readonly layerscope: Layerscope;
  readonly activationMs: number;
}

export async function activated(): Promise<Api> {
  const extension = extensions.getExtension<Api>(EXTENSION);
  if (!extension) throw new Error("the extension is not installed");
  const api = await extension.activate();
  if (!api) throw new Error("activate() gave the tests no way in");
  return api;
}

export const folder = (): string => {
  const first = workspace.workspaceFolders?.[0];
  if (!first) throw new Error("no workspace is open");
  return first.uri.fsPath;
};
export const inWorkspace = (...path: string[]): string => join(folder(), ...path);

export async function until(what: () => boolean, why: string, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !what(); await new Promise((r) => setTimeout(r, 20))) if (Date.now() > end) throw new Error(`waited in vain: ${why}`);
}

export const marksOf = (path: string): Diagnostic[] => languages.getDiagnostics(Uri.file(path)).filter((d) => d.source === "Layerscope");

/**
 * Rows made by rule, two classes that words tell apart, `wrong` of them with the other label: enough for every fold.
 * Seeded by position, so each row has its own text.
 */
export function madeRows(count: number, wrong = 0): { text: string; label: string }[] {
  const harmless = ["bake bread", "water a garden", "paint a fence", "learn to swim", "plan a picnic", "sort old photos"];
  const harmful = ["poison a dog", "burn a house down", "steal a car", "forge a passport", "hurt a neighbour", "rob a bank"];
  const who = ["my uncle", "a teacher", "the new tenant", "our coach", "a friend", "the baker", "my cousin"];
  const when = ["today", "next week", "before noon", "in winter", "after work"];
  return Array.from({ length: count }, (_, i) => {
    const bad = i % 2 === 1;
    const things = bad ? harmful : harmless;
    const text = `Tell me how ${who[i % who.length]} can ${things[(i * 5 + (i >> 3)) % things.length]} ${when[(i >> 1) % when.length]}, number ${i}.`;
    return { text, label: bad !== i < wrong ? "unsafe" : "safe" };
  });
}

/**
 * The longest time the extension host could answer nobody because it was at work itself: the gap between two ticks, as far
 * as this process spent processor time in it. A gap without is another program's, on a busy machine.
 */
export function watchBlocks(): { stop(): number } {
  let longest = 0;
  let at = performance.now();
  let cpu = process.cpuUsage();
  const timer = setInterval(() => {
    const used = process.cpuUsage(cpu);
    longest = Math.max(longest, Math.min(performance.now() - at - 10, (used.user + used.system) / 1000));
    at = performance.now();
    cpu = process.cpuUsage();
  }, 10);
  return {
    stop: () => {
      clearInterval(timer);
      return longest;
    },
  };
}
