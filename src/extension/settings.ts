import { type Uri, workspace } from "vscode";
import { CHAT_MODES, type ChatMode, POOLINGS, type Pooling, PROVIDERS, type Provider, TOKEN_SETS, type TokenSet } from "../protocol/index.js";

/** How prompts in source code are scored and shown. */
export interface PromptSettings {
  readonly enabled: boolean;
  /** A profile's file, from the workspace folder or absolute; undefined = the committed one, else the last run's. */
  readonly profile: string | undefined;
  readonly model: string | undefined;
  /** Whether texts that may be prompts count, too. */
  readonly possible: boolean;
  /** Calibrated probabilities; null = the profile's own. */
  readonly warningAt: number | null;
  readonly errorAt: number | null;
  readonly codeLens: boolean;
  readonly exclude: readonly string[];
  readonly baseline: string;
  /** Score while typing; else when a file is opened or saved. */
  readonly live: boolean;
}

export interface Settings {
  readonly nodePath: string | undefined;
  readonly model: string | undefined;
  readonly modelFolders: readonly string[];
  readonly provider: Provider;
  readonly threads: number;
  /** Addresses of servers that compute in place of this machine. */
  readonly engine: readonly string[];
  /** undefined = by the kind of model. */
  readonly pooling: Pooling | undefined;
  /** undefined = the completion's where every row has one. */
  readonly tokens: TokenSet | undefined;
  readonly chatTemplate: ChatMode;
  readonly maxTokens: number;
  readonly seed: number;
  /** Ids of lenses to run in every audit beside the core ones. */
  readonly lenses: readonly string[];
  /** States that are kept from run to run, in GB; 0 = none. */
  readonly storeGigabytes: number;
  readonly diagnostics: { readonly enabled: boolean; readonly probability: number };
  readonly prompts: PromptSettings;
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
  const servers = machine("engine");
  const lenses = all.get<unknown>("lenses");
  const exclude = all.get<unknown>("prompts.exclude");
  const warningAt = all.get<unknown>("prompts.warningAt");
  const errorAt = all.get<unknown>("prompts.errorAt");
  return {
    nodePath: path(machine("nodePath")),
    model: path(machine("model")),
    modelFolders: Array.isArray(folders) ? folders.map(path).filter((p) => p !== undefined) : [],
    provider: PROVIDERS.find((p) => p === provider) ?? "auto",
    threads: Math.round(within(machine("threads"), 0, 256, 0)),
    engine: Array.isArray(servers) ? servers.map(path).filter((p) => p !== undefined) : [],
    pooling: POOLINGS.find((p) => p === pooling),
    tokens: TOKEN_SETS.find((t) => t === all.get<unknown>("tokens")),
    chatTemplate: CHAT_MODES.find((m) => m === all.get<unknown>("chatTemplate")) ?? "auto",
    maxTokens: Math.round(within(all.get("maxTokens"), 8, 32_768, 512)),
    seed: Math.round(within(all.get("seed"), 0, 2 ** 31 - 1, 0)),
    lenses: Array.isArray(lenses) ? lenses.filter((id) => typeof id === "string" && /^[a-z0-9-]{1,64}$/.test(id)).slice(0, 100) : [],
    storeGigabytes: within(machine("store.maxGigabytes"), 0, 10_000, 4),
    diagnostics: { enabled: all.get<unknown>("diagnostics.enabled") !== false, probability: within(all.get("diagnostics.probability"), 0.5, 1, 0.9) },
    prompts: {
      enabled: all.get<unknown>("prompts.enabled") !== false,
      profile: path(all.get<unknown>("prompts.profile")),
      model: path(machine("prompts.model")),
      possible: all.get<unknown>("prompts.possible") === true,
      warningAt: typeof warningAt === "number" ? within(warningAt, 0, 1, 1) : null,
      errorAt: typeof errorAt === "number" ? within(errorAt, 0, 1, 1) : null,
      codeLens: all.get<unknown>("prompts.codeLens") !== false,
      exclude: Array.isArray(exclude)
        ? exclude
            .map(path)
            .filter((p) => p !== undefined)
            .slice(0, 100)
        : [],
      baseline: path(all.get<unknown>("prompts.baseline")) ?? ".layerscope/baseline.json",
      live: all.get<unknown>("prompts.live") !== false,
    },
  };
}
