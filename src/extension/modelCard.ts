import { type StatWatcher, unwatchFile, watchFile } from "node:fs";
import { basename } from "node:path";
import {
  type CustomDocument,
  type CustomReadonlyEditorProvider,
  commands,
  Disposable,
  type ExtensionContext,
  env,
  Uri,
  type WebviewPanel,
  workspace,
} from "vscode";
import { CARD_PARAMS, type CardEvents, type CardMethods, type CardState, type Envelope, problemOf, Rpc, type Wire } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import type { Log } from "./log.js";
import { gateBy } from "./panelGate.js";
import { panelHtml } from "./panelHtml.js";
import { readSettings } from "./settings.js";

export const CARD_TYPE = "layerscope.modelCard";
/** A watcher may lose events; asking for size and time does not. */
const LOOK_EVERY_MS = 1500;

/** What the buttons of a card cause, done by others. */
export interface CardActions {
  /** The model of this workspace, if one is chosen. */
  chosen(): string | undefined;
  use(path: string): Promise<unknown>;
  audit(path: string): Promise<unknown>;
}

type CardHandlers = {
  readonly [K in keyof CardMethods]: (params: CardMethods[K]["params"]) => CardMethods[K]["result"] | Promise<CardMethods[K]["result"]>;
};

/** A read-only editor for .onnx files: what the model is. The engine reads the graph; nothing is read in Restricted Mode. */
export class ModelCardEditor implements CustomReadonlyEditorProvider {
  /** Cards on the screen, for the tests. */
  readonly open = new Map<string, CardState>();

  constructor(
    private readonly context: ExtensionContext,
    private readonly engine: EngineClient,
    private readonly actions: CardActions,
    private readonly log: Log,
  ) {}

  openCustomDocument(uri: Uri): CustomDocument {
    return { uri, dispose() {} };
  }

  resolveCustomEditor({ uri }: CustomDocument, panel: WebviewPanel): void {
    const at = (...path: string[]) => Uri.joinPath(this.context.extensionUri, ...path);
    const { webview } = panel;
    const toDispose: Disposable[] = [];
    webview.options = { enableScripts: true, localResourceRoots: [at("dist"), at("media")] };
    let state: CardState = { phase: "reading", name: basename(uri.fsPath), chosen: false };
    let watched: string[] = [];
    let asked = 0;
    let disposed = false;
    const tell = (next: CardState) => {
      state = next;
      this.open.set(uri.toString(), state);
      if (!disposed && panel.visible) rpc.tell("card.state", state);
    };
    const read = async () => {
      const mine = ++asked;
      const { name } = state;
      if (uri.scheme !== "file")
        return tell({
          phase: "failed",
          name,
          chosen: false,
          problem: { code: "card/not-local", message: "Models must lie on this machine’s disk.", hint: "Copy the file to this machine first." },
        });
      if (!workspace.isTrusted) return tell({ phase: "restricted", name, chosen: false });
      tell({ ...state, phase: "reading" });
      try {
        const sheet = await this.engine.ask("model.sheet", { path: uri.fsPath, provider: readSettings().provider });
        if (mine !== asked || disposed) return;
        const chosen = [uri.fsPath, sheet.folder].includes(this.actions.chosen() ?? "");
        watch(sheet.files.map(({ path }) => path));
        tell({ phase: "done", name, sheet, chosen });
      } catch (error) {
        if (mine === asked) tell({ phase: "failed", name, chosen: false, problem: problemOf(error) });
      }
    };
    const changed = (now: { mtimeMs: number; size: number }, before: { mtimeMs: number; size: number }) => {
      if (now.mtimeMs !== before.mtimeMs || now.size !== before.size) void read();
    };
    const watch = (files: readonly string[]) => {
      const wanted = [...new Set([uri.fsPath, ...files])];
      for (const file of watched) if (!wanted.includes(file)) unwatchFile(file, changed);
      for (const file of wanted) if (!watched.includes(file)) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, changed) satisfies StatWatcher;
      watched = wanted;
    };
    const wire: Wire = {
      post: (message: Envelope) => void webview.postMessage(message),
      onMessage: (listener) => void webview.onDidReceiveMessage(listener, undefined, toDispose),
    };
    const refused = (reason: string) => this.log.warn(`Refused from a model card: ${reason}.`);
    const handlers = gateBy<CardHandlers>(
      CARD_PARAMS,
      this.handlers(uri, () => state),
      refused,
    );
    const rpc = new Rpc<Record<never, never>, Record<never, never>, CardMethods, CardEvents>(wire, handlers, refused);
    const again = () => void read();
    toDispose.push(workspace.onDidGrantWorkspaceTrust(again), this.onDidChoose(again));
    panel.onDidChangeViewState(() => panel.visible && rpc.tell("card.state", state), undefined, toDispose);
    panel.onDidDispose(() => {
      disposed = true;
      this.open.delete(uri.toString());
      for (const file of watched) unwatchFile(file, changed);
      rpc.close({ code: "card/closed", message: "The model card was closed." });
      Disposable.from(...toDispose).dispose();
    });
    if (uri.scheme === "file" && workspace.isTrusted) watch([]);
    webview.html = panelHtml({
      script: webview.asWebviewUri(at("dist", "card.js")).toString(),
      styles: ["webview.css", "card.css"].map((name) => webview.asWebviewUri(at("media", name)).toString()),
      cspSource: webview.cspSource,
    });
    void read();
  }

  private readonly listeners = new Set<() => void>();

  /** Another model was chosen: cards show whether it is theirs. */
  modelChosen(): void {
    for (const listener of this.listeners) listener();
  }

  private onDidChoose(listener: () => void): Disposable {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  }

  private handlers(uri: Uri, state: () => CardState): CardHandlers {
    const answer = async (doing: unknown): Promise<null> => {
      await doing;
      return null;
    };
    return {
      "card.ready": () => state(),
      "card.use": () => answer(this.actions.use(uri.fsPath)),
      "card.audit": () => answer(this.actions.audit(uri.fsPath)),
      "card.copy": () => answer(env.clipboard.writeText(JSON.stringify(state().sheet ?? state(), null, 1))),
      "card.reveal": () => answer(commands.executeCommand("revealFileInOS", uri)),
      "card.trust": () => answer(commands.executeCommand("workbench.trust.manage")),
      "card.variant": ({ index }) => {
        const path = state().sheet?.variants[index]?.path;
        return answer(path && commands.executeCommand("vscode.openWith", Uri.file(path), CARD_TYPE));
      },
    };
  }
}
