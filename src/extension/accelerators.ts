import { env, ProgressLocation, type QuickPickItem, window } from "vscode";
import { type AcceleratorReport, type AcceleratorRow, ProblemError } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";

const ICONS = { computes: "$(pass)", disagrees: "$(warning)", fails: "$(circle-slash)", absent: "$(circle-outline)" } as const;

/** Which accelerators compute here: a list, what to do for each, and a block of text to send in. */
export class Accelerators {
  constructor(
    private readonly engine: EngineClient,
    private readonly model: () => string | undefined,
  ) {}

  async check(): Promise<AcceleratorReport | undefined> {
    const model = this.model();
    if (!model)
      throw new ProblemError({ code: "model/missing", message: "The embedded model is missing from this installation.", hint: "Install the extension again." });
    const report = await window.withProgress(
      { location: ProgressLocation.Notification, title: "Checking accelerators (about ten seconds)", cancellable: true },
      (_told, cancel) => {
        const stop = new AbortController();
        cancel.onCancellationRequested(() => stop.abort());
        return this.engine.ask("accelerators.check", { model }, stop.signal);
      },
    );
    void this.show(report);
    return report;
  }

  private async show(report: AcceleratorReport): Promise<void> {
    const copy: QuickPickItem & { readonly row?: AcceleratorRow } = {
      label: "$(copy) Copy as text",
      description: "versions, processor and figures; no paths, no names",
    };
    const items = [
      ...report.rows.map((row) => ({ label: `${ICONS[row.state]} ${row.name}`, description: figures(row, report), detail: row.sentence, row })),
      copy,
    ];
    const chosen = await window.showQuickPick(items, {
      title: "Accelerators",
      placeHolder: `auto takes ${report.auto}. Choose one for what to do.`,
      matchOnDetail: true,
    });
    if (!chosen) return;
    if (!chosen.row) {
      await env.clipboard.writeText(report.text);
      void window.setStatusBarMessage("The check was copied.", 5000);
    } else if (chosen.row.how.length > 0) {
      const steps = chosen.row.how.map((step, i) => `${i + 1}. ${step}`).join("\n\n");
      const copySteps = "Copy the Steps";
      if ((await window.showInformationMessage(`${chosen.row.name}: ${chosen.row.sentence}`, { modal: true, detail: steps }, copySteps)) === copySteps)
        await env.clipboard.writeText(steps);
    } else await this.show(report);
  }
}

function figures({ state, id, tokensPerSecond, timesCpu }: AcceleratorRow, { auto }: AcceleratorReport): string {
  const speed = tokensPerSecond === undefined ? "" : `${Math.round(tokensPerSecond).toLocaleString("en")} tokens/s`;
  const against = timesCpu === undefined || id === "cpu" ? "" : `${timesCpu.toFixed(1)} × the CPU`;
  return [state, speed, against, id === auto ? "taken by auto" : ""].filter(Boolean).join(" · ");
}
