import { type Disposable, type ExtensionContext, type WebviewPanel, window } from "vscode";
import type { Log } from "./log.js";
import { AuditPanel, PANEL_TYPE, type PanelActions, titleOf } from "./panel.js";
import { isRunId } from "./runFolders.js";
import type { Session } from "./session.js";

/** Which run a panel's title last stood for: how a reloaded window finds it again. */
const KEY = "layerscope.panels";

/** The open panels: one for a dataset (and its contrast file), whatever its runs. */
export class Panels {
  private readonly open = new Set<AuditPanel>();
  private latest: AuditPanel | undefined;

  constructor(
    private readonly context: ExtensionContext,
    private readonly actions: PanelActions,
    private readonly log: Log,
  ) {}

  [Symbol.iterator](): Iterator<AuditPanel> {
    return this.open.values();
  }

  /** Shows a session in its dataset's panel, made when there is none. */
  show(session: Session): AuditPanel {
    const known = this.of(session);
    if (known) {
      if (known.shows !== session) known.show(session);
      known.reveal();
      this.latest = known;
      return known;
    }
    return this.keep(AuditPanel.create(this.context, session, this.actions, this.log, (panel) => this.forget(panel)));
  }

  /** Brings the panel used last to the front; false when none is open. */
  revealLatest(): boolean {
    this.latest?.reveal();
    return this.latest !== undefined;
  }

  /** The session a command without an argument means: of the active panel, else of the one used last. */
  get current(): Session | undefined {
    for (const panel of this.open) if (panel.webviewPanel.active) return panel.shows;
    return this.latest?.shows;
  }

  byRun(run: string): Session | undefined {
    for (const panel of this.open) if (panel.shows.state.run === run) return panel.shows;
    return undefined;
  }

  /** The panel of a session's dataset. */
  of(session: Session): AuditPanel | undefined {
    return [...this.open].find((panel) => keyOf(panel.shows) === keyOf(session));
  }

  /** Takes a session back that came to nothing: the former one is shown again, or the panel closes. */
  withdraw(session: Session, former: Session | undefined): void {
    const panel = [...this.open].find((p) => p.shows === session);
    if (former && panel) panel.show(former);
    else panel?.webviewPanel.dispose();
  }

  async rememberRun(session: Session): Promise<void> {
    const known = this.context.workspaceState.get<Record<string, string>>(KEY, {});
    if (session.state.run) await this.context.workspaceState.update(KEY, { ...known, [titleOf(session)]: session.state.run });
  }

  /** Panels come back with a reloaded window: `restore` makes the session of a run, undefined when it is gone. */
  registerSerializer(restore: (run: string) => Promise<Session | undefined>): Disposable {
    return window.registerWebviewPanelSerializer(PANEL_TYPE, {
      deserializeWebviewPanel: async (webviewPanel: WebviewPanel, state: unknown) => {
        const inState = typeof state === "object" && state !== null ? (state as { run?: unknown }).run : undefined;
        const run = isRunId(inState) ? inState : this.context.workspaceState.get<Record<string, string>>(KEY, {})[webviewPanel.title];
        const session = isRunId(run) ? await restore(run) : undefined;
        if (!session || this.of(session)) return webviewPanel.dispose();
        this.keep(new AuditPanel(this.context, webviewPanel, session, this.actions, this.log, (panel) => this.forget(panel)));
      },
    });
  }

  dispose(): void {
    for (const panel of [...this.open]) panel.webviewPanel.dispose();
  }

  private keep(panel: AuditPanel): AuditPanel {
    this.open.add(panel);
    this.latest = panel;
    return panel;
  }

  private forget(panel: AuditPanel): void {
    this.open.delete(panel);
    if (this.latest === panel) this.latest = [...this.open].at(-1);
  }
}

const keyOf = (session: Session): string => session.files.join("\n");
