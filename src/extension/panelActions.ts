import { Uri } from "vscode";
import type { EngineClient } from "./engineClient.js";
import { exportRun } from "./export.js";
import type { Guard } from "./guard.js";
import { openImage, openRow, rowImages } from "./images.js";
import type { Models } from "./models.js";
import type { PanelActions } from "./panel.js";
import { findRows, rowTexts } from "./rowTexts.js";
import type { Session } from "./session.js";
import { showSkipped } from "./skipped.js";

/** What of an audit is different when it is run once more; lenses come on top of those it had. */
export interface Change {
  readonly model?: string;
  readonly tower?: string;
  readonly lenses?: readonly string[];
  readonly reference?: string;
}

export interface PanelParts {
  readonly engine: EngineClient;
  readonly models: Models;
  readonly guard: Guard;
  again(session: Session, change?: Change): Promise<void>;
  changeColumns(file: Uri): Promise<void>;
  openAbout(page: string): Promise<void>;
  resume(session: Session): Promise<void>;
}

/** What the buttons of an audit's panel cause. */
export function panelActions({ engine, models, guard, again, changeColumns, openAbout, resume }: PanelParts): PanelActions {
  return {
    rowTexts: (session, rows) => rowTexts(engine, session, rows),
    findRows: (session, words) => findRows(engine, session, words),
    rowImages: (session, rows, side) => rowImages(engine, session, rows, side),
    openRow: (session, row, keepFocus, panel) => openRow(engine, session, row, keepFocus, panel),
    openImage: (session, row, panel) => openImage(engine, session, row, false, panel),
    cancel: (session) => session.cancel(),
    again: async (session) => void again(session),
    export: async (session, wish) => void (await guard(() => exportRun(engine, session, wish))),
    openAbout,
    resume: async (session) => void resume(session),
    runLens: async (session, id) => {
      const known = session.plan?.reference ?? session.source.reference;
      const reference = id === "relative-anchors" ? (known ?? (await models.picker.chooseReference())) : known;
      if (id !== "relative-anchors" || reference) void again(session, { lenses: [id], ...(reference && { reference }) });
    },
    openSkipped: (session) => showSkipped(session),
    changeColumns: async (session) => void (await guard(() => changeColumns(Uri.file(session.source.dataset)))),
    pickTower: async (session) => {
      const now = session.view?.result.model.tower;
      const tower = (await guard(() => models.towers.choose(session.source.model, now))) as string | undefined;
      if (tower !== undefined && tower !== now && !session.running) void again(session, { tower });
    },
    pickModel: async (session) => {
      const model = await models.picker.choose();
      if (model && !session.running) void again(session, { model });
    },
  };
}
