import { createHash } from "node:crypto";
import type { HeatMethod, ProfileCard, ProfileUse, PromptAsk, PromptHeat, PromptScore } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { tooManyPrompts } from "./errors.js";
import { heatOf } from "./heat.js";
import { cardOf, type OpenedProfile, openProfile, stampOf } from "./open.js";
import { scorePrompts } from "./score.js";
import { openSession, type ScoringSession, stampsOf } from "./session.js";
import { writeProfile } from "./write.js";

/** Prompts that may be asked for at once. */
const MOST_PROMPTS = 500;
/** Scores that are remembered, so that a prompt that has not changed costs nothing. */
const MOST_REMEMBERED = 4096;

/** Scores prompts on one profile at a time, whose model it keeps open beside the audit's. */
export class PromptDesk {
  private session: { key: string; session: ScoringSession } | undefined;
  private profile: { key: string; opened: OpenedProfile } | undefined;
  private readonly remembered = new Map<string, PromptScore>();
  private turn: Promise<unknown> = Promise.resolve();

  async open(use: ProfileUse): Promise<ProfileCard> {
    return cardOf(await this.opened(use));
  }

  /** Copies a profile to where a team keeps it; the paths in it are made anew from there. */
  async save(from: string, to: string): Promise<void> {
    const opened = await openProfile({ profile: from, provider: "cpu", threads: 0 });
    await writeProfile(to, opened.profile, { model: opened.model, dataset: opened.dataset.linked ? opened.dataset.path : undefined });
  }

  /** In turn: the model runs one batch at a time anyway. */
  score(use: ProfileUse, prompts: readonly PromptAsk[], signal?: AbortSignal): Promise<PromptScore[]> {
    if (prompts.length > MOST_PROMPTS) throw tooManyPrompts(MOST_PROMPTS);
    return this.inTurn(async () => {
      const opened = await this.opened(use);
      const keys = prompts.map(({ text }) => hashOf(`${opened.sha256} ${opened.dataset.linked} ${use.model ?? ""}\n${text}`));
      const session = await this.sessionOf(opened, use, signal);
      const fresh = [...new Set(keys)].filter((key) => !this.remembered.has(key));
      const asked = fresh.map((key) => ({ ...prompts[keys.indexOf(key)]!, key }));
      const found = new Map((await scorePrompts(session, asked, signal)).map((score) => [score.key, score]));
      const answers = keys.map((key, i) => ({ ...(found.get(key) ?? this.remembered.get(key)!), key: prompts[i]!.key }));
      keys.forEach((key, i) => {
        this.remember(key, answers[i]!);
      });
      return answers;
    }, signal);
  }

  heat(use: ProfileUse, prompt: PromptAsk, method: HeatMethod, signal?: AbortSignal): Promise<PromptHeat> {
    return this.inTurn(async () => heatOf(await this.sessionOf(await this.opened(use), use, signal), prompt, method, signal), signal);
  }

  async close(): Promise<void> {
    await this.turn.catch(() => {});
    const { session } = this;
    this.session = undefined;
    await session?.session.model.close();
  }

  private inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const next = this.turn.then(() => {
      throwIfAborted(signal);
      return work();
    });
    this.turn = next.catch(() => {});
    return next;
  }

  private async opened(use: ProfileUse): Promise<OpenedProfile> {
    const key = JSON.stringify([use.profile, use.model, await stampOf(use.profile)]);
    const known = this.profile;
    // The dataset may have changed since; its hash is remembered by its stamp.
    if (known?.key === key && (await this.datasetUnchanged(known.opened))) return known.opened;
    const opened = await openProfile(use);
    this.profile = { key, opened };
    this.datasets.set(opened, await datasetStamp(opened));
    return opened;
  }

  private readonly datasets = new WeakMap<OpenedProfile, string>();

  private async datasetUnchanged(opened: OpenedProfile): Promise<boolean> {
    return this.datasets.get(opened) === (await datasetStamp(opened));
  }

  private async sessionOf(opened: OpenedProfile, use: ProfileUse, signal?: AbortSignal): Promise<ScoringSession> {
    const key = JSON.stringify([opened.sha256, opened.model, use.provider, use.threads]);
    const known = this.session;
    if (known?.key === key && known.session.stamp === (await stampsOf(known.session.model))) {
      if (known.session.opened !== opened) known.session = { ...known.session, opened };
      return known.session;
    }
    this.session = undefined;
    await known?.session.model.close();
    // What was scored on files that have changed since is not the answer any more.
    if (known?.key === key) this.remembered.clear();
    const session = await openSession(opened, use, signal);
    this.session = { key, session };
    return session;
  }

  private remember(key: string, score: PromptScore): void {
    this.remembered.delete(key);
    this.remembered.set(key, score);
    if (this.remembered.size > MOST_REMEMBERED) this.remembered.delete(this.remembered.keys().next().value!);
  }
}

const datasetStamp = async ({ dataset }: OpenedProfile): Promise<string> =>
  `${await stampOf(dataset.path)} ${dataset.options.contrast === undefined ? "" : await stampOf(dataset.options.contrast)}`;

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64");
