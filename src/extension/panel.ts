import { Disposable, type ExtensionContext, Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import {
  type AuditView,
  columnsAt,
  type Envelope,
  laterLayers,
  lightenView,
  type PanelEvents,
  type PanelImage,
  type PanelMethods,
  type PanelState,
  type PromptPoint,
  type RowText,
  Rpc,
  type Wire,
} from "../protocol/index.js";
import type { Log } from "./log.js";
import { gate, type PanelHandlers } from "./panelGate.js";
import { panelHtml } from "./panelHtml.js";
import type { Session } from "./session.js";

export const PANEL_TYPE = "layerscope.audit";

/** What a panel may cause, done by others; each names the session it belongs to. */
export interface PanelActions {
  rowTexts(session: Session, rows: readonly number[]): Promise<RowText[]>;
  findRows(session: Session, words: readonly string[]): Promise<Uint32Array[]>;
  rowImages(session: Session, rows: readonly number[], side: number): Promise<PanelImage[]>;
  /** @param panel the panel's group, which the file must not cover */
  openRow(session: Session, row: number, keepFocus: boolean, panel?: ViewColumn): Promise<void>;
  openImage(session: Session, row: number, panel?: ViewColumn): Promise<void>;
  cancel(session: Session): void;
  again(session: Session): Promise<void>;
  resume?(session: Session): Promise<void>;
  export(session: Session, wish: PanelMethods["run.export"]["params"]): Promise<void>;
  openAbout(page: string): Promise<void>;
  runLens(session: Session, id: string): Promise<void>;
  openSkipped(session: Session): Promise<void>;
  openPrompt?(session: Session, key: string): Promise<void>;
  nearPrompts?(session: Session, row: number): Promise<void>;
  pickModel(session: Session): Promise<void>;
  pickTower(session: Session): Promise<void>;
  changeColumns(session: Session): Promise<void>;
}

/** Partial views reach the panel at most this often. */
const VIEW_EVERY_MS = 250;

type PanelRpc = Rpc<Record<never, never>, Record<never, never>, PanelMethods, PanelEvents>;

/** A webview that shows one session at a time. Nothing is kept in it: hidden and shown again, it asks `panel.ready` and is told the state. */
export class AuditPanel {
  private session: Session;
  private readonly rpc: PanelRpc;
  private readonly toDispose: Disposable[] = [];
  private listening: Disposable | undefined;
  private viewTimer: NodeJS.Timeout | undefined;
  private lastView = 0;
  private lightened: { whole: AuditView; light: AuditView } | undefined;
  private stamp = 0;
  private prompts: readonly PromptPoint[] = [];
  private revealing = false;
  private disposed = false;

  constructor(
    context: ExtensionContext,
    readonly webviewPanel: WebviewPanel,
    session: Session,
    private readonly actions: PanelActions,
    private readonly log: Log,
    onDispose: (panel: AuditPanel) => void,
  ) {
    this.session = session;
    const { webview } = webviewPanel;
    const at = (...path: string[]) => Uri.joinPath(context.extensionUri, ...path);
    webview.options = { enableScripts: true, localResourceRoots: [at("dist"), at("media")] };
    webviewPanel.iconPath = at("media", "icon.svg");
    const wire: Wire = {
      post: (message: Envelope) => void webview.postMessage(message),
      onMessage: (listener) => void webview.onDidReceiveMessage(listener, undefined, this.toDispose),
    };
    const refused = (reason: string) => this.log.warn(`Refused from the panel: ${reason}.`);
    this.rpc = new Rpc<Record<never, never>, Record<never, never>, PanelMethods, PanelEvents>(wire, gate(this.handlers(), refused), refused);
    webviewPanel.onDidDispose(() => this.dispose(onDispose), undefined, this.toDispose);
    webviewPanel.onDidChangeViewState(() => this.seen && this.tellState(), undefined, this.toDispose);
    this.listen();
    webview.html = panelHtml({
      script: webview.asWebviewUri(at("dist", "webview.js")).toString(),
      styles: [webview.asWebviewUri(at("media", "webview.css")).toString()],
      cspSource: webview.cspSource,
    });
  }

  static create(context: ExtensionContext, session: Session, actions: PanelActions, log: Log, onDispose: (panel: AuditPanel) => void): AuditPanel {
    const made = window.createWebviewPanel(PANEL_TYPE, titleOf(session), { viewColumn: ViewColumn.Beside, preserveFocus: true }, { enableScripts: true });
    return new AuditPanel(context, made, session, actions, log, onDispose);
  }

  /** A panel that was closed may still be told something by a timer; it must not be asked whether it is visible. */
  private get seen(): boolean {
    return !this.disposed && this.webviewPanel.visible;
  }

  get shows(): Session {
    return this.session;
  }

  /** Another run of the same dataset takes the place of the former one. */
  show(session: Session): void {
    this.session = session;
    this.listen();
    this.tellState();
  }

  reveal(): void {
    if (!this.disposed) this.webviewPanel.reveal(undefined, true);
  }

  markRow(row: number | null): void {
    if (this.seen) this.rpc.tell("row.active", { row });
  }

  /** What the panel is told: a large view without its values by row and layer, which it asks for. */
  private light(view: AuditView): AuditView {
    if (this.lightened?.whole !== view) this.lightened = { whole: view, light: lightenView(view, ++this.stamp) };
    return this.lightened.light;
  }

  private get lightState(): PanelState {
    const { state } = this.session;
    return state.view ? { ...state, view: this.light(state.view) } : state;
  }

  /** Prompts in code among the rows on the map; none takes them away. @param reveal brings the map into sight, at the first one's layer */
  showPrompts(prompts: readonly PromptPoint[], reveal = false): void {
    this.prompts = prompts;
    this.revealing ||= reveal;
    if (this.seen) this.tellPrompts();
  }

  private tellPrompts(): void {
    this.rpc.tell("prompts.shown", { prompts: this.prompts, ...(this.revealing && { reveal: true }) });
    this.revealing = false;
  }

  private handlers(): PanelHandlers {
    const { actions } = this;
    /** Done when it is done; there is nothing to tell. */
    const answer = async (doing: unknown): Promise<null> => {
      await doing;
      return null;
    };
    return {
      "panel.ready": () => {
        if (this.prompts.length > 0) this.tellPrompts();
        return this.lightState;
      },
      "view.columns": ({ stamp, layer }) =>
        this.lightened && stamp === this.stamp && layer < laterLayers(this.lightened.light) ? columnsAt(this.lightened.whole, layer) : null,
      "rows.text": ({ rows }) => actions.rowTexts(this.session, rows),
      "rows.find": ({ words }) => actions.findRows(this.session, words),
      "rows.image": ({ rows, side }) => actions.rowImages(this.session, rows, side),
      "image.open": ({ row }) => answer(actions.openImage(this.session, row, this.webviewPanel.viewColumn)),
      "row.open": ({ row, keepFocus }) => answer(actions.openRow(this.session, row, keepFocus, this.webviewPanel.viewColumn)),
      "run.cancel": () => answer(actions.cancel(this.session)),
      "run.again": () => answer(actions.again(this.session)),
      "run.resume": () => answer(actions.resume?.(this.session)),
      "run.export": (wish) => answer(actions.export(this.session, wish)),
      "about.open": ({ page }) => answer(actions.openAbout(page)),
      "lens.run": ({ id }) => answer(actions.runLens(this.session, id)),
      "skipped.open": () => answer(actions.openSkipped(this.session)),
      "prompt.open": ({ key }) => answer(actions.openPrompt?.(this.session, key)),
      "row.prompts": ({ row }) => answer(actions.nearPrompts?.(this.session, row)),
      "tower.pick": () => answer(actions.pickTower(this.session)),
      "model.pick": () => answer(actions.pickModel(this.session)),
      "columns.change": () => answer(actions.changeColumns(this.session)),
    };
  }

  private listen(): void {
    this.listening?.dispose();
    this.listening = this.session.onDidChange((what) => {
      if (what === "progress") {
        const { progress } = this.session.state;
        if (progress && this.seen) this.rpc.tell("audit.progress", progress);
      } else if (what === "view") this.tellView();
      else this.tellState();
    });
  }

  private tellState(): void {
    clearTimeout(this.viewTimer);
    this.viewTimer = undefined;
    if (this.disposed) return;
    this.webviewPanel.title = titleOf(this.session);
    if (this.seen) this.rpc.tell("panel.state", this.lightState);
  }

  /** The newest view, at most four a second; what came in between is left out. */
  private tellView(): void {
    if (this.viewTimer || !this.seen) return;
    this.viewTimer = setTimeout(
      () => {
        this.viewTimer = undefined;
        const { view } = this.session;
        if (!view || !this.session.running || !this.seen) return;
        this.lastView = Date.now();
        this.rpc.tell("audit.view", this.light(view));
      },
      Math.max(0, this.lastView + VIEW_EVERY_MS - Date.now()),
    );
  }

  private dispose(onDispose: (panel: AuditPanel) => void): void {
    this.disposed = true;
    clearTimeout(this.viewTimer);
    this.listening?.dispose();
    this.rpc.close({ code: "panel/closed", message: "The panel was closed." });
    Disposable.from(...this.toDispose).dispose();
    onDispose(this);
  }
}

export const titleOf = (session: Session): string => `Audit: ${session.title}`;
