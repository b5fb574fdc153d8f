import { type Memento, window } from "vscode";
import { ProblemError } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";
import { nameOfModel } from "./runFolders.js";

const KEY = "layerscope.towers";

/** Which residual stream of a model with several (encoder-decoder, CLIP) is looked at: remembered by model in this workspace. */
export class Towers {
  constructor(
    private readonly engine: EngineClient,
    private readonly memory: Memento,
  ) {}

  /** @returns undefined where the model's own choice stands */
  remembered(model: string): string | undefined {
    return this.memory.get<Record<string, string>>(KEY, {})[model];
  }

  /** Asks once, right after such a model was chosen; leaving the list keeps what stands. */
  async offer(model: string): Promise<void> {
    const { towers } = await this.engine.ask("model.glance", { path: model });
    if ((towers?.length ?? 0) > 1 && this.remembered(model) === undefined) await this.choose(model);
  }

  /** @param now the tower that is looked at, where that is known. @returns the chosen one, undefined when it was let be */
  async choose(model: string, now?: string): Promise<string | undefined> {
    const { tower, towers = [], refusal } = await this.engine.ask("model.glance", { path: model });
    if (refusal) throw new ProblemError(refusal);
    if (towers.length < 2) return void window.showInformationMessage(`${nameOfModel(model)} has one residual stream: there is no tower to choose.`);
    const current = now ?? this.remembered(model) ?? tower;
    const items = towers.map((name) => ({
      label: `${name === current ? "$(check) " : ""}${name}`,
      description: name === tower ? "looked at unless another is chosen" : "",
      name,
    }));
    const chosen = await window.showQuickPick(items, {
      title: `Layerscope: Choose a Tower of ${nameOfModel(model)}`,
      placeHolder: "The residual stream whose layers are looked into",
    });
    if (!chosen) return undefined;
    await this.memory.update(KEY, { ...this.memory.get<Record<string, string>>(KEY, {}), [model]: chosen.name });
    return chosen.name;
  }
}
