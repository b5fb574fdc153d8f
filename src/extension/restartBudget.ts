/** At most `most` restarts in `withinMs`; the language client of VS Code allows the same 4 in 3 minutes. */
export class RestartBudget {
  private times: number[] = [];

  constructor(
    private readonly most = 4,
    private readonly withinMs = 180_000,
    private readonly now: () => number = Date.now,
  ) {}

  /** Takes one restart out of the budget; false when none is left. */
  take(): boolean {
    const now = this.now();
    this.times = this.times.filter((t) => now - t < this.withinMs);
    if (this.times.length >= this.most) return false;
    this.times.push(now);
    return true;
  }

  /** Somebody asked to try again. */
  refill(): void {
    this.times = [];
  }
}
