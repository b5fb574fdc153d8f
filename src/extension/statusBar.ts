import { StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import type { Progress } from "../protocol/index.js";
import type { EngineState } from "./engineClient.js";

/** One item: the model and provider, progress while a run lasts, a warning only on fault. */
export class StatusBar {
  private readonly item: StatusBarItem;
  private model: string | undefined;
  private provider: string | undefined;
  private engine: EngineState = "stopped";
  private run: { readonly title: string; readonly progress?: Progress } | undefined;

  constructor() {
    this.item = window.createStatusBarItem("layerscope.status", StatusBarAlignment.Right, 90);
    this.item.name = "Layerscope";
    this.draw();
    this.item.show();
  }

  setModel(name: string | undefined): void {
    if (name !== this.model) this.provider = undefined;
    this.model = name;
    this.draw();
  }

  setProvider(provider: string): void {
    this.provider = provider;
    this.draw();
  }

  setEngine(state: EngineState): void {
    this.engine = state;
    this.draw();
  }

  setRun(run: { readonly title: string; readonly progress?: Progress } | undefined): void {
    this.run = run;
    this.draw();
  }

  dispose(): void {
    this.item.dispose();
  }

  private draw(): void {
    const { item } = this;
    const model = this.model ?? "no model chosen";
    const faulty = this.engine === "crashed";
    item.backgroundColor = faulty ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    if (this.run) {
      const { progress } = this.run;
      const share = progress && progress.of > 0 ? ` ${Math.floor((100 * progress.done) / progress.of)}%` : "";
      item.text = `$(sync~spin) Layerscope${share}`;
      item.tooltip = `Auditing ${this.run.title} with ${model}. Click to show the panel.`;
      item.command = "layerscope.showPanel";
      item.accessibilityInformation = { label: `Layerscope is auditing${share}` };
      return;
    }
    item.text = faulty ? "$(warning) Layerscope: engine ended" : `$(layers) ${model}${this.provider ? ` · ${this.provider}` : ""}`;
    item.tooltip = faulty
      ? "The engine ended. Click to start it again."
      : `Layerscope: ${model}${this.provider ? ` on ${this.provider}` : ""}, engine ${this.engine}. Click to choose the model.`;
    item.command = faulty ? "layerscope.restartEngine" : "layerscope.chooseModel";
    item.accessibilityInformation = { label: faulty ? "Layerscope engine ended, start it again" : `Layerscope model ${model}` };
  }
}
