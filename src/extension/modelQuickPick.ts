import { basename, sep } from "node:path";
import { type QuickPick, type QuickPickItem, QuickPickItemKind, ThemeIcon, window } from "vscode";
import { type ModelEntry, type ModelGlance, type ModelList, sizeOf } from "../protocol/index.js";
import { type ModelRow, notOffered, SECTIONS } from "./modelRows.js";

/** What the user wants, once the list is closed. */
export type Wish =
  | { readonly kind: "model"; readonly path: string }
  | { readonly kind: "browse"; readonly what: "folder" | "file" }
  | { readonly kind: "download" }
  | { readonly kind: "refused"; readonly files: readonly { readonly path: string; readonly message: string }[] };

type Item = QuickPickItem & { readonly wish?: Wish; readonly variants?: ModelEntry["files"] };

export interface PickSource {
  rows(list: ModelList, glances: ReadonlyMap<string, ModelGlance>): ModelRow[];
  readonly current: string | undefined;
  list(): Promise<ModelList>;
  glance(path: string): Promise<ModelGlance>;
}

const EMPTY: ModelList = { models: [], refused: [], cut: false };
/** Items are set anew at most this often, so that the list stands still under the user's hand. */
const REDRAW_MS = 250;

/** The list of models: open at once, filled as they are found, each with what its graph says as soon as that is known. */
export class ModelQuickPick {
  private readonly pick: QuickPick<Item> = window.createQuickPick<Item>();
  private readonly glances = new Map<string, ModelGlance>();
  private models = EMPTY;
  private failed: string | undefined;
  private closed = false;

  constructor(private readonly source: PickSource) {}

  async show(): Promise<Wish | undefined> {
    const { pick } = this;
    pick.title = "Layerscope: Choose a Model";
    pick.placeholder = "The model whose layers are looked into";
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.keepScrollPosition = true;
    pick.busy = true;
    this.draw();
    try {
      const chosen = await new Promise<Item | { readonly of: Item } | undefined>((resolve) => {
        pick.onDidTriggerItemButton(({ item }) => resolve({ of: item }));
        pick.onDidAccept(() => pick.selectedItems[0]?.wish && resolve(pick.selectedItems[0]));
        pick.onDidHide(() => resolve(undefined));
        pick.show();
        void this.fill();
      });
      return chosen && "of" in chosen ? await variantOf(chosen.of) : chosen?.wish;
    } finally {
      this.closed = true;
      pick.dispose();
    }
  }

  private async fill(): Promise<void> {
    try {
      this.models = await this.source.list();
    } catch (error) {
      this.failed = error instanceof Error ? error.message : String(error);
    }
    if (this.closed) return;
    this.draw();
    let drawn = Date.now();
    for (const { file, section } of this.source.rows(this.models, this.glances)) {
      if (section === "embedded") continue;
      const glance = await this.source.glance(file).catch(() => undefined);
      if (this.closed) return;
      if (glance) this.glances.set(file, glance);
      if (Date.now() - drawn < REDRAW_MS) continue;
      this.draw();
      drawn = Date.now();
    }
    this.draw();
    this.pick.busy = false;
  }

  private draw(): void {
    const { pick } = this;
    const active = pick.activeItems[0];
    pick.items = this.items();
    const again = active && pick.items.find((item) => item.wish && JSON.stringify(item.wish) === JSON.stringify(active.wish));
    if (again) pick.activeItems = [again];
  }

  private items(): Item[] {
    const rows = this.source.rows(this.models, this.glances);
    const refused = notOffered(this.models, this.glances);
    const separator = (label: string): Item => ({ label, kind: QuickPickItemKind.Separator });
    const items = SECTIONS.flatMap((section) => {
      const of = rows.filter((row) => row.section === section);
      return of.length === 0 ? [] : [separator(section), ...of.map((row) => this.item(row))];
    });
    return [
      ...items,
      separator("elsewhere"),
      {
        label: "$(folder-opened) Browse for a model folder…",
        description: "config.json, tokenizer.json and model.onnx or onnx/",
        wish: { kind: "browse", what: "folder" },
      },
      { label: "$(file) Browse for an .onnx file…", wish: { kind: "browse", what: "file" } },
      { label: "$(cloud-download) Download from the Hub…", description: "asks before anything is fetched", wish: { kind: "download" } },
      ...(refused.length > 0
        ? [
            {
              label: `$(info) ${refused.length} .onnx ${refused.length === 1 ? "file is" : "files are"} not offered`,
              description: "why",
              wish: { kind: "refused" as const, files: refused },
            },
          ]
        : []),
      ...(this.failed ? [{ label: "$(warning) Models could not be looked for", description: this.failed }] : []),
      ...(this.models.cut ? [{ label: "$(info) There are more; browse for them", description: "the list is cut" }] : []),
    ];
  }

  private item({ label, description, detail, path, variants }: ModelRow): Item {
    return {
      label: `${path === this.source.current ? "$(check) " : ""}${label}`,
      description,
      ...(detail && { detail }),
      wish: { kind: "model", path },
      variants,
      ...(variants.length > 1 && { buttons: [{ iconPath: new ThemeIcon("list-flat"), tooltip: "Choose one of its files" }] }),
    };
  }
}

async function variantOf(item: Item): Promise<Wish | undefined> {
  const folder = item.wish?.kind === "model" ? item.wish.path : "";
  const files = (item.variants ?? []).map(({ path, bytes, precision }) => ({
    label: path.startsWith(`${folder}${sep}`) ? path.slice(folder.length + 1) : basename(path),
    description: [precision, sizeOf(bytes)].filter(Boolean).join(" · "),
    path,
  }));
  const chosen = await window.showQuickPick(files, { title: "Choose a File of This Model", matchOnDescription: true });
  return chosen && { kind: "model", path: chosen.path };
}
