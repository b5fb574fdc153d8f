import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { Disposable, EventEmitter, type Uri, workspace } from "vscode";
import { type Problem, type ProfileCard, type ProfileUse, problemOf } from "../../protocol/index.js";
import type { EngineClient } from "../engineClient.js";
import { exists, listRuns } from "../runFolders.js";
import { readSettings } from "../settings.js";

/** Where a team keeps its profile, from the workspace folder. */
export const COMMITTED = join(".layerscope", "profile.json");

export interface ChosenProfile {
  readonly path: string;
  /** `setting`: named by layerscope.prompts.profile. `workspace`: the committed file. `run`: left by the last finished run. */
  readonly origin: "setting" | "workspace" | "run";
}

/** A profile that was opened on its model: what scoring is asked with. */
export interface Target {
  readonly chosen: ChosenProfile;
  readonly use: ProfileUse;
  readonly card: ProfileCard;
  /** Tells apart what scores depend on: the profile's bytes, the model's by them, and whether its rows have lines. */
  readonly key: string;
}

export interface ProfileParts {
  readonly engine: EngineClient;
  readonly runsRoot: string;
  /** Models to try where the one that the profile names is not at its place: this workspace's, the embedded ones. */
  models(): readonly string[];
}

/** Which profile holds for a document; each is opened once, on the model it was learnt on. */
export class Profiles {
  private readonly changed = new EventEmitter<void>();
  /** Fired when what holds may have changed: settings, the committed file, a finished run. */
  readonly onDidChange = this.changed.event;
  private readonly chosen = new Map<string, Promise<ChosenProfile | undefined>>();
  private readonly opened = new Map<string, Promise<Target | Problem>>();
  private readonly datasets = new Set<string>();
  private readonly watched: Disposable;

  constructor(private readonly parts: ProfileParts) {
    const watcher = workspace.createFileSystemWatcher("**/.layerscope/*.json");
    const renew = () => this.renew();
    this.watched = Disposable.from(
      this.changed,
      watcher,
      watcher.onDidChange(renew),
      watcher.onDidCreate(renew),
      watcher.onDidDelete(renew),
      workspace.onDidChangeConfiguration(
        (e) => ["prompts.profile", "prompts.model", "provider", "threads"].some((key) => e.affectsConfiguration(`layerscope.${key}`)) && this.renew(),
      ),
      workspace.onDidGrantWorkspaceTrust(renew),
      // Lines of nearest rows are those of the dataset as it was audited.
      workspace.onDidSaveTextDocument(({ uri }) => this.datasets.has(uri.fsPath) && this.renew()),
    );
  }

  /** What was found before is looked for again. */
  renew(): void {
    this.chosen.clear();
    this.opened.clear();
    this.changed.fire();
  }

  /** Whether any folder of the workspace has one. */
  async some(): Promise<boolean> {
    const folders = workspace.workspaceFolders ?? [];
    const found = await Promise.all(folders.length === 0 ? [this.find()] : folders.map(({ uri }) => this.find(uri)));
    return found.some((one) => one !== undefined);
  }

  /** The profile for a document (absent: for the workspace), by setting, committed file, last finished run. No engine is asked. */
  find(uri?: Uri): Promise<ChosenProfile | undefined> {
    const folder = uri && workspace.getWorkspaceFolder(uri);
    const root = folder?.uri.fsPath ?? workspace.workspaceFolders?.[0]?.uri.fsPath;
    const key = root ?? "";
    const known = this.chosen.get(key);
    if (known) return known;
    const looking = this.look(uri, root);
    this.chosen.set(key, looking);
    return looking;
  }

  /** Opens a document's profile. @returns the target, a Problem when it cannot be used, undefined when there is none */
  async open(uri?: Uri): Promise<Target | Problem | undefined> {
    if (!workspace.isTrusted) return undefined;
    const chosen = await this.find(uri);
    if (!chosen) return undefined;
    const { model, provider, threads } = useOf(uri);
    const stats = await stat(chosen.path).catch(() => undefined);
    const key = JSON.stringify([chosen.path, stats?.mtimeMs, stats?.size, model, provider, threads]);
    const known = this.opened.get(key);
    if (known) return known;
    const opening = this.attempt(chosen, model, { provider, threads }).then((opened) => {
      if (isTarget(opened)) this.datasets.add(opened.card.dataset.path);
      return opened;
    });
    this.opened.set(key, opening);
    return opening;
  }

  dispose(): void {
    this.watched.dispose();
  }

  private async look(uri: Uri | undefined, root: string | undefined): Promise<ChosenProfile | undefined> {
    const { prompts } = readSettings(uri);
    if (prompts.profile) return { path: isAbsolute(prompts.profile) || !root ? prompts.profile : join(root, prompts.profile), origin: "setting" };
    const committed = root && join(root, COMMITTED);
    if (committed && (await exists(committed))) return { path: committed, origin: "workspace" };
    for (const run of await listRuns(this.parts.runsRoot)) {
      const path = join(run.folder, "profile.json");
      if (run.state === "done" && (await exists(path))) return { path, origin: "run" };
    }
    return undefined;
  }

  private async attempt(chosen: ChosenProfile, model: string | undefined, how: Pick<ProfileUse, "provider" | "threads">): Promise<Target | Problem> {
    const { engine } = this.parts;
    const use: ProfileUse = { profile: chosen.path, ...(model && { model }), ...how };
    try {
      const card = await engine.ask("profile.open", { use });
      if (model || card.model.path) return targetOf(chosen, use, card);
      // On another machine the model lies elsewhere: perhaps it is the workspace's, or comes with the extension.
      for (const place of this.parts.models()) {
        const there = { ...use, model: place };
        // Without prompts this opens the model and compares hashes.
        const fits = await engine.ask("prompts.score", { use: there, prompts: [] }).then(
          () => true,
          () => false,
        );
        if (fits) return targetOf(chosen, there, await engine.ask("profile.open", { use: there }));
      }
      const message = card.notices.find(({ code }) => code === "profile/no-model")?.message ?? `The model ${card.model.name} was not found.`;
      return { code: "profile/no-model", message, hint: "Choose the model, or name it in the setting layerscope.prompts.model." };
    } catch (error) {
      return problemOf(error);
    }
  }
}

const targetOf = (chosen: ChosenProfile, use: ProfileUse, card: ProfileCard): Target => ({
  chosen,
  use,
  card,
  key: `${card.sha256}:${card.dataset.linked ? "linked" : "apart"}`,
});

const useOf = (uri: Uri | undefined) => {
  const { provider, threads, prompts } = readSettings(uri);
  return { provider, threads, model: prompts.model };
};

export const isTarget = (opened: Target | Problem | undefined): opened is Target => opened !== undefined && "card" in opened;
