import type { PromptScore } from "../../protocol/index.js";

/** Scores by profile and prompt; the ones not asked for longest go first. A prompt whose text has not changed costs nothing. */
export class ScoreCache {
  private readonly scores = new Map<string, PromptScore>();

  constructor(private readonly most = 10_000) {}

  get(profile: string, hash: string): PromptScore | undefined {
    const key = `${profile}:${hash}`;
    const known = this.scores.get(key);
    if (known) {
      this.scores.delete(key);
      this.scores.set(key, known);
    }
    return known;
  }

  set(profile: string, hash: string, score: PromptScore): void {
    // What failed is tried again.
    if (score.fault) return;
    this.scores.set(`${profile}:${hash}`, score);
    if (this.scores.size > this.most) for (const oldest of [...this.scores.keys()].slice(0, Math.ceil(this.most / 10))) this.scores.delete(oldest);
  }

  clear(): void {
    this.scores.clear();
  }
}
