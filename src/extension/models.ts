import { commands, type Disposable, type ExtensionContext, Uri, window } from "vscode";
import { type EngineEvents, type HubProgress, ProblemError } from "../protocol/index.js";
import { Accelerators } from "./accelerators.js";
import type { CommandHandlers } from "./commands.js";
import type { EngineClient } from "./engineClient.js";
import { HubDownload } from "./hubDownload.js";
import type { Log } from "./log.js";
import { CARD_TYPE, ModelCardEditor } from "./modelCard.js";
import { ModelPicker } from "./modelPicker.js";
import { Towers } from "./towers.js";
import { isTrusted } from "./trust.js";

/** What the rest of the extension does with a model. */
export interface ModelActions {
  chosen(path: string): void;
  /** Runs a command of this part; tells the user what goes wrong. */
  guard(run: () => unknown): Promise<unknown>;
  audit(model: string): Promise<unknown>;
}

type Handled =
  | "layerscope.chooseModel"
  | "layerscope.chooseTower"
  | "layerscope.downloadModel"
  | "layerscope.showModelCard"
  | "layerscope.useModel"
  | "layerscope.checkAccelerators";

/** Everything about models: choosing, downloading, cards, what computes them. */
export class Models {
  readonly picker: ModelPicker;
  readonly cards: ModelCardEditor;
  readonly towers: Towers;
  private readonly downloads: HubDownload;
  private readonly accelerators: Accelerators;

  constructor(
    context: ExtensionContext,
    private readonly engine: EngineClient,
    actions: ModelActions,
    log: Log,
  ) {
    this.downloads = new HubDownload(context, engine);
    this.towers = new Towers(engine, context.workspaceState);
    this.picker = new ModelPicker(context, engine, {
      chosen: (path) => {
        actions.chosen(path);
        this.cards.modelChosen();
      },
      download: () => this.downloads.run(),
      showCard: (path) => this.showCard(Uri.file(path)),
      settled: (path) => this.towers.offer(path),
    });
    this.cards = new ModelCardEditor(
      context,
      engine,
      { chosen: () => this.picker.remembered, use: (path) => actions.guard(() => this.use(path)), audit: (path) => actions.guard(() => actions.audit(path)) },
      log,
    );
    this.accelerators = new Accelerators(engine, () => this.picker.embedded()[0]?.path);
  }

  register(): Disposable {
    return window.registerCustomEditorProvider(CARD_TYPE, this.cards, { supportsMultipleEditorsPerDocument: true });
  }

  onEngineEvent<K extends keyof EngineEvents>(name: K, body: EngineEvents[K]): void {
    if (name === "hub.progress") this.downloads.onProgress(body as HubProgress);
  }

  handlers(): Pick<CommandHandlers, Handled> {
    return {
      "layerscope.chooseModel": async () => (await isTrusted()) && this.picker.choose(),
      "layerscope.chooseTower": async () => {
        const model = (await isTrusted()) && (this.picker.remembered ?? (await this.picker.choose()));
        if (model) await this.towers.choose(model);
      },
      "layerscope.downloadModel": async () => {
        if (!(await isTrusted())) return;
        const path = await this.downloads.run();
        if (path) await this.picker.remember(path);
      },
      // In Restricted Mode the card opens and says that it reads nothing.
      "layerscope.showModelCard": async (file) => {
        const uri = file ?? (await pickOnnx());
        if (uri) await this.showCard(uri);
      },
      "layerscope.useModel": async (file) => {
        if (!(await isTrusted())) return;
        const uri = file ?? (await pickOnnx());
        if (uri) await this.use(uri.fsPath);
      },
      "layerscope.checkAccelerators": async () => (await isTrusted()) && this.accelerators.check(),
    };
  }

  private async showCard(uri: Uri): Promise<void> {
    await commands.executeCommand("vscode.openWith", uri, CARD_TYPE);
  }

  /** Takes a model as this workspace's, unless it cannot be looked into. */
  private async use(path: string): Promise<void> {
    const { refusal } = await this.engine.ask("model.glance", { path });
    if (refusal) throw new ProblemError(refusal);
    await this.picker.remember(path);
    void window.setStatusBarMessage(`Layerscope looks into ${this.picker.nameOf(path)}.`, 5000);
  }
}

async function pickOnnx(): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({ canSelectMany: false, openLabel: "Show Model", filters: { "ONNX models": ["onnx"] } });
  return chosen?.[0];
}
