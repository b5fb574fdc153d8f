import { type Uri, workspace } from "vscode";
import { CHAT_MODES, type ChatMode, POOLINGS, type Pooling, PROVIDERS, type Provider, TOKEN_SETS, type TokenSet } from "../protocol/index.js";

export interface Settings {
  readonly nodePath: string | undefined;
  readonly model: string | undefined;
  readonly modelFolders: readonly string[];
  readonly provider: Provider;
  readonly threads: number;
  /** undefined = by the kind of model. */
  readonly pooling: Pooling | undefined;
  /** undefined = the completion's where every row has one. */
  readonly tokens: TokenSet | undefined;
  readonly chatTemplate: ChatMode;
  readonly maxTokens: number;
  readonly seed: number;
  /** Ids of lenses to run in every audit beside the core ones. */
  readonly lenses: readonly string[];
  readonly diagnostics: { readonly enabled: boolean; readonly probability: number };
}

const within = (value: unknown, lo: number, hi: number, otherwise: number) =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(hi, Math.max(lo, value)) : otherwise;
const path = (value: unknown) => (typeof value === "string" && value.trim() !== "" ? value.trim() : undefined);

/**
 * The settings as they hold now for a file, every value checked. Paths, provider and threads are machine-scoped in
 * package.json; that a workspace's own value of them counts for nothing is kept here as well.
 */
export function readSettings(scope?: Uri): Settings {
  const all = workspace.getConfiguration("layerscope", scope);
  const machine = (key: string): unknown => {
    const found = all.inspect(key);
    return found?.globalValue ?? found?.defaultValue;
  };
  const provider = machine("provider");
  const pooling = all.get<unknown>("pooling");
  const folders = machine("modelFolders");
  const lenses = all.get<unknown>("lenses");
  return {
    nodePath: path(machine("nodePath")),
    model: path(machine("model")),
    modelFolders: Array.isArray(folders) ? folders.map(path).filter((p) => p !== undefined) : [],
    provider: PROVIDERS.find((p) => p === provider) ?? "auto",
    threads: Math.round(within(machine("threads"), 0, 256, 0)),
    pooling: POOLINGS.find((p) => p === pooling),
    tokens: TOKEN_SETS.find((t) => t === all.get<unknown>("tokens")),
    chatTemplate: CHAT_MODES.find((m) => m === all.get<unknown>("chatTemplate")) ?? "auto",
    maxTokens: Math.round(within(all.get("maxTokens"), 8, 32_768, 512)),
    seed: Math.round(within(all.get("seed"), 0, 2 ** 31 - 1, 0)),
    lenses: Array.isArray(lenses) ? lenses.filter((id) => typeof id === "string" && /^[a-z0-9-]{1,64}$/.test(id)).slice(0, 100) : [],
    diagnostics: { enabled: all.get<unknown>("diagnostics.enabled") !== false, probability: within(all.get("diagnostics.probability"), 0.5, 1, 0.9) },
  };
}
