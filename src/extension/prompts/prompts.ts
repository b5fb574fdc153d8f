import { join } from "node:path";
import { type ExtensionContext, type TextDocument, Uri, workspace } from "vscode";
import type { HeatMethod } from "../../protocol/index.js";
import type { Audits } from "../audits.js";
import type { CommandHandlers } from "../commands.js";
import type { EngineClient } from "../engineClient.js";
import type { Guard } from "../guard.js";
import type { Log } from "../log.js";
import type { Panels } from "../panels.js";
import type { Session } from "../session.js";
import { readSettings } from "../settings.js";
import { Baselines } from "./baselines.js";
import { PromptLenses } from "./codeLens.js";
import { PromptDiagnostics } from "./diagnostics.js";
import { PromptDocuments } from "./documents.js";
import { type Finder, finderIn } from "./finder.js";
import { TokenHeat } from "./heat.js";
import { PromptHovers } from "./hover.js";
import { PanelPoints } from "./panelPoints.js";
import { Profiles } from "./profiles.js";
import { type PromptCommand, promptCommands } from "./promptCommands.js";
import { PromptFixes } from "./quickFixes.js";
import { WorkspaceScan } from "./scan.js";
import { Scorer } from "./scorer.js";
import { PromptStatus } from "./status.js";
import { CheckPromptTool } from "./tool.js";
import { PromptsTree } from "./tree.js";
import { WorkspacePrompts } from "./workspacePrompts.js";

export interface PromptParts {
  readonly context: ExtensionContext;
  readonly engine: EngineClient;
  readonly audits: Audits;
  readonly panels: Panels;
  readonly runsRoot: string;
  readonly guard: Guard;
  readonly log: Log;
  /** Models to try where a profile's own is not at its place. */
  models(): readonly string[];
  openRun(folder: string): Promise<void>;
}

/** Prompts in source code: found while a file is on screen, scored as they are written. Making it loads no finder and asks no engine. */
export class Prompts {
  readonly finder: Finder;
  readonly profiles: Profiles;
  readonly scorer: Scorer;
  readonly baselines: Baselines;
  readonly documents: PromptDocuments;
  readonly known: WorkspacePrompts;
  readonly scan: WorkspaceScan;
  readonly heat: TokenHeat;
  readonly points: PanelPoints;
  readonly tool: CheckPromptTool;
  private readonly tree: PromptsTree;

  constructor(private readonly parts: PromptParts) {
    const { context, engine, audits, log } = parts;
    const finder = finderIn(context.asAbsolutePath(join("dist", "finder.js")));
    this.finder = finder;
    this.profiles = new Profiles({ engine, runsRoot: parts.runsRoot, models: () => parts.models() });
    this.scorer = new Scorer(engine, () => audits.running !== undefined);
    this.baselines = new Baselines(log);
    this.documents = new PromptDocuments({ finder, profiles: this.profiles, scorer: this.scorer, baselines: this.baselines, log });
    this.known = new WorkspacePrompts(this.documents);
    this.heat = new TokenHeat(engine, this.documents);
    this.scan = new WorkspaceScan({
      finder,
      profiles: this.profiles,
      scorer: this.scorer,
      baselines: this.baselines,
      documents: this.documents,
      prompts: this.known,
      log,
    });
    this.points = new PanelPoints({ panels: parts.panels, prompts: this.known, runsRoot: parts.runsRoot, openRun: (folder) => parts.openRun(folder) });
    this.tool = new CheckPromptTool({ finder, profiles: this.profiles, scorer: this.scorer, baselines: this.baselines });
    this.tree = new PromptsTree(this.known, () => void parts.guard(() => this.firstLook()));
  }

  register(): void {
    const { context, audits } = this.parts;
    const page = (code: string) => Uri.joinPath(context.extensionUri, "docs", "prompts-editor.md").with({ fragment: code });
    const tool = this.tool.register();
    context.subscriptions.push(
      this.finder,
      this.profiles,
      this.baselines,
      this.documents,
      this.known,
      this.heat,
      this.points,
      this.tree,
      new PromptDiagnostics(this.documents, page),
      new PromptLenses(this.documents, this.heat),
      new PromptHovers(this.documents),
      new PromptFixes(this.documents),
      new PromptStatus(this.documents),
      ...(tool ? [tool] : []),
      // Prompts wait for an audit; its profile may be the new one.
      audits.onDidBegin(() => this.documents.renew()),
      audits.onDidEnd(() => {
        this.scorer.wake();
        this.profiles.renew();
      }),
      workspace.onDidGrantWorkspaceTrust(() => this.known.report && void this.parts.guard(() => this.scan.run())),
      this.profiles.onDidChange(() => {
        this.known.forgetScores();
        void this.tellState();
      }),
    );
    // Activation is everybody's time: looking around comes behind it.
    setImmediate(() => {
      void this.tellState();
      this.documents.lookAround();
    });
  }

  handlers(): Pick<CommandHandlers, PromptCommand> {
    return promptCommands(this, this.tree, this.parts);
  }

  /** The panel's point of a prompt was chosen. */
  async openPoint(key: string): Promise<void> {
    await this.parts.guard(() => this.points.open(key));
  }

  /** A row's menu asks for the prompts nearest to it. */
  async listNear(session: Session, row: number): Promise<void> {
    await this.parts.guard(() => this.points.near(session, row));
  }

  /** For tests: the heat of a prompt, without a question. */
  async showHeat(document: TextDocument, start: number, method: HeatMethod): Promise<void> {
    const prompt = this.documents.at(document, start);
    if (prompt) await this.heat.show(document, prompt, method);
  }

  /** The view is opened for the first time: the workspace is read, and scored where there is a profile. */
  private async firstLook(): Promise<void> {
    if (!readSettings().prompts.enabled) return;
    if (!workspace.isTrusted || (await this.profiles.some())) await this.scan.run();
  }

  private async tellState(): Promise<void> {
    this.tree.tell(!workspace.isTrusted ? "restricted" : (await this.profiles.some()) ? "ready" : "no-profile");
  }
}
