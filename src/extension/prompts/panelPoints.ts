import { basename, dirname, join } from "node:path";
import { type TextDocument, Uri, ViewColumn, window } from "vscode";
import { ProblemError, type PromptPoint } from "../../protocol/index.js";
import type { AuditPanel } from "../panel.js";
import type { Panels } from "../panels.js";
import { listRuns, readRun } from "../runFolders.js";
import type { Session } from "../session.js";
import type { Listed } from "./order.js";
import { revealPrompt } from "./place.js";
import type { Target } from "./profiles.js";
import { percent } from "./sentences.js";
import { freshScore, isQuiet, type PromptAt } from "./state.js";
import type { WorkspacePrompts } from "./workspacePrompts.js";

/** Points on one map: more would hide the rows. */
const MOST_POINTS = 200;

export interface PanelPointParts {
  readonly panels: Panels;
  readonly prompts: WorkspacePrompts;
  readonly runsRoot: string;
  openRun(folder: string): Promise<void>;
}

/** Prompts in code among the rows of the audit that their profile was learnt from: they move on the map while they are edited. */
export class PanelPoints {
  /** Panels that show prompts, and the only prompt shown first, if one was asked for. */
  private readonly shown = new Map<AuditPanel, string | undefined>();
  /** A panel whose map is to come into sight once the prompt has its point there. */
  private revealing: AuditPanel | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: PanelPointParts) {
    parts.prompts.onDidChange(() => this.draw());
  }

  /** Brings the audit to the front on which this prompt's profile rests. @throws ProblemError `prompts/no-run` */
  async show(document: TextDocument, prompt: PromptAt, target: Target): Promise<void> {
    let panel = this.panelOf(target);
    if (!panel) {
      const folder = await this.runOf(target);
      if (folder) await this.parts.openRun(folder);
      panel = this.panelOf(target);
    }
    if (!panel)
      throw new ProblemError({
        code: "prompts/no-run",
        message: "No run of this workspace belongs to the profile, so there is no map to show the prompt on.",
        hint: `Audit ${basename(target.card.dataset.path)} with ${target.card.model.name}.`,
      });
    this.revealing = panel;
    this.shown.set(panel, keyOf({ uri: document.uri.toString(), prompt }));
    // Beside the code, so that the point is seen to move while the prompt is edited.
    const inFront = window.activeTextEditor?.viewColumn;
    if (inFront !== undefined && panel.webviewPanel.viewColumn === inFront) panel.webviewPanel.reveal(ViewColumn.Beside, true);
    else panel.reveal();
    this.draw();
  }

  /** Goes to the prompt behind a point. */
  async open(key: string): Promise<void> {
    const found = this.parts.prompts.list().find((listed) => keyOf(listed) === key);
    if (!found) throw new ProblemError({ code: "prompts/gone", message: "That prompt is no longer there.", hint: "Score the workspace's prompts again." });
    await revealPrompt(Uri.parse(found.uri), found.prompt.found.start, found.prompt.found.end);
  }

  /** Lists the prompts in code that lie nearest to a row, and goes to the chosen one. */
  async near(session: Session, row: number): Promise<void> {
    const near = this.parts.prompts
      .list()
      .flatMap((listed) => {
        const target = this.parts.prompts.targetOf(listed.uri);
        const found = target && belongs(session, target) ? freshScore(listed.prompt)?.nearest.find((one) => one.row === row) : undefined;
        return found ? [{ listed, distance: found.distance }] : [];
      })
      .sort((a, b) => a.distance - b.distance);
    if (near.length === 0) {
      void window.showInformationMessage(`Row ${row + 1} is among the nearest rows of no prompt that was scored. The Prompts view scores the whole workspace.`);
      return;
    }
    const items = near.map(({ listed, distance }) => {
      const score = freshScore(listed.prompt);
      return {
        label: labelOf(listed),
        description: `distance ${distance.toPrecision(3)}${score?.probability == null ? "" : ` · ${percent(score.probability)} unsafe`}`,
        listed,
      };
    });
    const chosen = await window.showQuickPick(items, { title: `Prompts in Code Nearest to Row ${row + 1}`, placeHolder: "Enter opens the prompt" });
    if (chosen) await this.open(keyOf(chosen.listed));
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private draw(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const open = new Set(this.parts.panels);
      for (const [panel, chosen] of this.shown) {
        if (open.has(panel)) {
          const points = this.pointsFor(panel.shows, chosen);
          const reveal = this.revealing === panel && points.some(({ key }) => key === chosen);
          if (reveal) this.revealing = undefined;
          panel.showPrompts(points, reveal);
        } else this.shown.delete(panel);
      }
    }, 30);
  }

  /** What is stale has no place on the map until it is scored again. */
  private pointsFor(session: Session, chosen: string | undefined): PromptPoint[] {
    const points = this.parts.prompts.list().flatMap((listed): PromptPoint[] => {
      const target = this.parts.prompts.targetOf(listed.uri);
      const score = freshScore(listed.prompt);
      if (!target || !score || score.decision === null || isQuiet(listed.prompt) || !belongs(session, target)) return [];
      const near = [...score.nearest].sort((a, b) => a.distance - b.distance).map(({ row }) => row);
      return [
        {
          key: keyOf(listed),
          label: labelOf(listed),
          side: score.side,
          probability: score.probability,
          layer: target.card.layer,
          decision: score.decision,
          near,
        },
      ];
    });
    // The one that was asked for first, so that it is among those shown.
    return points.sort((a, b) => Number(b.key === chosen) - Number(a.key === chosen) || (b.probability ?? 0) - (a.probability ?? 0)).slice(0, MOST_POINTS);
  }

  private panelOf(target: Target): AuditPanel | undefined {
    return [...this.parts.panels].find((panel) => belongs(panel.shows, target));
  }

  private async runOf(target: Target): Promise<string | undefined> {
    const own = target.chosen.origin === "run" ? await readRun(dirname(target.chosen.path)) : undefined;
    if (own) return own.folder;
    // Any finished run of the same rows with the same model shows the same map.
    const { readFile } = await import("node:fs/promises");
    for (const run of await listRuns(this.parts.runsRoot)) {
      if (run.state !== "done") continue;
      const result = await readFile(join(run.folder, "result.json"), "utf8").then(
        (s) => JSON.parse(s) as { dataset?: { sha256?: string }; model?: { sha256?: string } },
        () => undefined,
      );
      if (result?.dataset?.sha256 === target.card.dataset.sha256 && result?.model?.sha256 === target.card.model.sha256) return run.folder;
    }
    return undefined;
  }
}

/** Whether a session shows the very rows and model that a profile was learnt from. */
const belongs = (session: Session, { card }: Target): boolean => {
  const result = session.view?.result;
  return result?.final === true && result.dataset.sha256 === card.dataset.sha256 && result.model.sha256 === card.model.sha256;
};

/** Stays the same while the prompt's text changes, so that its point moves. */
const keyOf = ({ uri, prompt }: Pick<Listed, "uri" | "prompt">): string => `${uri}#${prompt.found.shape}#${prompt.found.name ?? ""}#${prompt.found.role}`;
const labelOf = ({ uri, prompt, line }: Listed): string => `${prompt.found.name ?? prompt.found.role}, ${basename(Uri.parse(uri).path)}:${line + 1}`;
