import { Disposable, type LanguageStatusItem, LanguageStatusSeverity, languages, window, workspace } from "vscode";
import { readSettings } from "../settings.js";
import type { DocumentPrompts, PromptDocuments } from "./documents.js";
import { severityOf } from "./severity.js";
import { freshScore, isQuiet } from "./state.js";

const PLACES = [{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }];

/** What stands behind the numbers of the file in front: the profile, the layer, whether scoring is done or waits. Under `{}` in the status bar. */
export class PromptStatus {
  private item: LanguageStatusItem | undefined;
  private readonly listening: Disposable;

  constructor(private readonly documents: PromptDocuments) {
    this.listening = Disposable.from(
      documents.onDidChange(({ document }) => document === window.activeTextEditor?.document && this.draw()),
      window.onDidChangeActiveTextEditor(() => this.draw()),
      workspace.onDidGrantWorkspaceTrust(() => this.draw()),
    );
  }

  dispose(): void {
    this.listening.dispose();
    this.item?.dispose();
  }

  private draw(): void {
    const document = window.activeTextEditor?.document;
    const one = document && this.documents.of(document);
    if (!one || one.prompts.length === 0) {
      this.item?.dispose();
      this.item = undefined;
      return;
    }
    this.item ??= languages.createLanguageStatusItem("layerscope.prompts", PLACES);
    const { item } = this;
    const { text, detail, busy, risky } = statusOf(one);
    item.name = "Layerscope Prompts";
    item.text = text;
    item.detail = detail;
    item.busy = busy;
    item.severity = risky ? LanguageStatusSeverity.Warning : LanguageStatusSeverity.Information;
    item.command = { command: "layerscope.useProfile", title: "Use Profile…" };
  }
}

export function statusOf(one: DocumentPrompts): { text: string; detail: string; busy: boolean; risky: boolean } {
  const live = one.prompts.filter((prompt) => !isQuiet(prompt));
  const is = (...standings: string[]) => live.filter(({ standing }) => standings.includes(standing)).length;
  const { target } = one;
  const risky = live.filter((prompt) => {
    const score = freshScore(prompt);
    return score && target && ["warning", "error"].includes(severityOf(score, target.card, readSettings(one.document.uri).prompts));
  }).length;
  const all = `${one.prompts.length} ${one.prompts.length === 1 ? "prompt" : "prompts"}`;
  const detail = target ? `${target.card.model.name}, layer ${target.card.layer}, ${ORIGINS[target.chosen.origin]}` : "";
  const notices = [...(target?.card.notices ?? []), ...one.notices].map(({ message }) => message);
  const more = [detail, ...notices].filter(Boolean).join(" · ");
  if (is("untrusted") > 0) return { text: `${all}, not scored: workspace not trusted`, detail: more, busy: false, risky: false };
  if (is("no-profile") > 0) return { text: `${all}, not scored: no profile`, detail: more, busy: false, risky: false };
  if (is("waiting") > 0) return { text: `${all}: waiting for the audit to end`, detail: more, busy: true, risky: risky > 0 };
  if (is("scoring", "stale") > 0) return { text: `${all}: scoring ${is("scoring", "stale")}`, detail: more, busy: true, risky: risky > 0 };
  if (is("unsaved") > 0) return { text: `${all}: ${is("unsaved")} changed, scored when saved`, detail: more, busy: false, risky: risky > 0 };
  return { text: risky > 0 ? `${risky} of ${all} on the unsafe side` : `${all} scored`, detail: more, busy: false, risky: risky > 0 };
}

const ORIGINS = { setting: "profile from the settings", workspace: "the workspace's profile", run: "profile of the last run" } as const;
