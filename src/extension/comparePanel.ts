import { Disposable, type ExtensionContext, Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import { COMPARE_PARAMS, type ComparePanelEvents, type ComparePanelMethods, type Envelope, Rpc } from "../protocol/index.js";
import type { Comparison } from "./comparison.js";
import type { Log } from "./log.js";
import { gateBy } from "./panelGate.js";
import { panelHtml } from "./panelHtml.js";

export const COMPARE_TYPE = "layerscope.compare";

type Handlers = {
  readonly [K in keyof ComparePanelMethods]: (params: ComparePanelMethods[K]["params"]) => Promise<ComparePanelMethods[K]["result"]>;
};

/** What a comparison's panel may cause, done by others. */
export interface CompareActions {
  rowTexts(comparison: Comparison, rows: readonly number[]): Promise<ComparePanelMethods["rows.text"]["result"]>;
  /** @param panel the panel's group, which the file must not cover */
  openRow(comparison: Comparison, row: number, keepFocus: boolean, panel?: ViewColumn): Promise<void>;
  save(comparison: Comparison, wish: ComparePanelMethods["compare.export"]["params"]): Promise<void>;
  openAbout(page: string): Promise<void>;
  openRun(comparison: Comparison, run: number): Promise<void>;
}

/** A webview that shows one comparison. Nothing is kept in it: it asks `panel.ready` and is told the state. */
export class ComparePanel {
  private readonly toDispose: Disposable[] = [];

  constructor(
    context: ExtensionContext,
    readonly webviewPanel: WebviewPanel,
    readonly comparison: Comparison,
    actions: CompareActions,
    log: Log,
    onDispose: (panel: ComparePanel) => void,
  ) {
    const { webview } = webviewPanel;
    const at = (...path: string[]) => Uri.joinPath(context.extensionUri, ...path);
    webview.options = { enableScripts: true, localResourceRoots: [at("dist"), at("media")] };
    webviewPanel.iconPath = at("media", "icon.svg");
    const refused = (reason: string) => log.warn(`Refused from the comparison: ${reason}.`);
    const rpc = new Rpc<Record<never, never>, Record<never, never>, ComparePanelMethods, ComparePanelEvents>(
      {
        post: (message: Envelope) => void webview.postMessage(message),
        onMessage: (listener) => void webview.onDidReceiveMessage(listener, undefined, this.toDispose),
      },
      gateBy(COMPARE_PARAMS, handlersOf(comparison, actions, webviewPanel), refused),
      refused,
    );
    const tell = () => {
      webviewPanel.title = titleOf(comparison);
      if (webviewPanel.visible) rpc.tell("compare.state", comparison.state);
    };
    this.toDispose.push(comparison.onDidChange(tell));
    webviewPanel.onDidChangeViewState(() => webviewPanel.visible && tell(), undefined, this.toDispose);
    webviewPanel.onDidDispose(
      () => {
        rpc.close({ code: "panel/closed", message: "The panel was closed." });
        Disposable.from(...this.toDispose).dispose();
        comparison.dispose();
        onDispose(this);
      },
      undefined,
      this.toDispose,
    );
    webview.html = panelHtml({
      script: webview.asWebviewUri(at("dist", "compare.js")).toString(),
      styles: [webview.asWebviewUri(at("media", "webview.css")).toString()],
      cspSource: webview.cspSource,
    });
  }

  static create(context: ExtensionContext, comparison: Comparison, actions: CompareActions, log: Log, onDispose: (panel: ComparePanel) => void): ComparePanel {
    const made = window.createWebviewPanel(COMPARE_TYPE, titleOf(comparison), { viewColumn: ViewColumn.Beside, preserveFocus: true }, { enableScripts: true });
    return new ComparePanel(context, made, comparison, actions, log, onDispose);
  }
}

export const titleOf = (comparison: Comparison): string => `Compare: ${comparison.title}`;

function handlersOf(comparison: Comparison, actions: CompareActions, panel: WebviewPanel): Handlers {
  const done = async (doing: unknown): Promise<null> => {
    await doing;
    return null;
  };
  return {
    "panel.ready": async () => comparison.state,
    "rows.text": ({ rows }) => actions.rowTexts(comparison, rows),
    "row.open": ({ row, keepFocus }) => done(actions.openRow(comparison, row, keepFocus, panel.viewColumn)),
    "pair.show": ({ pair }) => done(comparison.show(pair)),
    "pair.swap": () => done(comparison.swap()),
    "compare.again": () => done(comparison.run()),
    "compare.export": (wish) => done(actions.save(comparison, wish)),
    "about.open": ({ page }) => done(actions.openAbout(page)),
    "run.open": ({ run }) => done(actions.openRun(comparison, run)),
  };
}
