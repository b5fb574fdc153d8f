import { basename, dirname, join } from "node:path";
import { ConfigurationTarget, env, type QuickPickItem, Uri, window, workspace } from "vscode";
import { ProblemError } from "../../protocol/index.js";
import type { CommandHandlers } from "../commands.js";
import { noRun } from "../errors.js";
import { exists, listRuns } from "../runFolders.js";
import { readSettings } from "../settings.js";
import { isTrusted } from "../trust.js";
import { answerOf, evidenceMarkdown, evidenceOf } from "./evidence.js";
import { type Meant, meant, revealPrompt } from "./place.js";
import { COMMITTED } from "./profiles.js";
import type { PromptParts, Prompts } from "./prompts.js";
import { ignoreEdit } from "./quickFixes.js";
import { lensTitle } from "./sentences.js";
import { severityOf } from "./severity.js";
import { standpointOf } from "./shown.js";
import { freshScore } from "./state.js";
import { PromptItem, type PromptsTree } from "./tree.js";

export type PromptCommand =
  | "layerscope.useProfile"
  | "layerscope.saveProfile"
  | "layerscope.scorePrompts"
  | "layerscope.showTokenHeat"
  | "layerscope.clearTokenHeat"
  | "layerscope.promptActions"
  | "layerscope.ignorePrompt"
  | "layerscope.addToBaseline"
  | "layerscope.showPromptInPanel"
  | "layerscope.copyPromptEvidence"
  | "layerscope.openPrompt"
  | "layerscope.groupPromptsByFile"
  | "layerscope.sortPromptsByRisk";

/** What the commands about prompts do. Each takes a place, an entry of the view, or nothing: then the prompt under the cursor is meant. */
export function promptCommands(prompts: Prompts, tree: PromptsTree, parts: PromptParts): Pick<CommandHandlers, PromptCommand> {
  const { documents, baselines, heat, points, profiles } = prompts;
  type Given = Uri | string | PromptItem | undefined;
  const find = async (given: Given, start?: number): Promise<Meant> => {
    if (!(given instanceof PromptItem)) return meant(documents, given, start);
    // An entry of the view may stand for a file that is not open.
    const { uri, prompt } = given.listed;
    await revealPrompt(Uri.parse(uri), prompt.found.start, prompt.found.end);
    await documents.settled(uri);
    return meant(documents, uri, prompt.found.start);
  };
  const scored = async (given: Given, start?: number) => {
    let here = await find(given, start);
    if (here.prompt.standing === "scoring" || here.prompt.standing === "stale") {
      await documents.settled(here.document.uri.toString());
      here = await meant(documents, here.document.uri, here.prompt.found.start);
    }
    const score = freshScore(here.prompt);
    const { target } = here.one;
    if (!score || !target)
      throw new ProblemError({
        code: "prompts/not-scored",
        message: `This prompt has no score: ${lensTitle(here.prompt).replace(/^\$\([\w~-]+\) /, "")}.`,
        hint: "Wait until it is scored, or choose a profile.",
      });
    return { ...here, score, target };
  };

  const actions: Pick<CommandHandlers, PromptCommand> = {
    "layerscope.useProfile": async () => (await isTrusted()) && useProfile(parts, () => profiles.renew()),
    "layerscope.saveProfile": async (item) => (await isTrusted()) && saveProfile(parts, item?.run.folder),
    "layerscope.scorePrompts": () => prompts.scan.run(),
    "layerscope.showTokenHeat": async (given, start, method) => {
      if (!(await isTrusted())) return;
      const { document, prompt } = await scored(given, start);
      await heat.show(document, prompt, method);
    },
    "layerscope.clearTokenHeat": () => heat.clear(),
    "layerscope.ignorePrompt": async (given, start) => {
      const { document, prompt } = await find(given, start);
      const edit = ignoreEdit(document, prompt);
      if (!edit)
        throw new ProblemError({ code: "prompts/no-comments", message: "This kind of file has no comments.", hint: "Add the prompt to the baseline instead." });
      await workspace.applyEdit(edit);
    },
    "layerscope.addToBaseline": async (given, start) => {
      const { document, prompt } = await find(given, start);
      const file = await baselines.add(document, [prompt]);
      void window.setStatusBarMessage(`The prompt is in ${workspace.asRelativePath(file)}.`, 5000);
    },
    "layerscope.showPromptInPanel": async (given, start) => {
      if (!(await isTrusted())) return;
      const { document, prompt, target } = await scored(given, start);
      await points.show(document, prompt, target);
    },
    "layerscope.copyPromptEvidence": async (given, start, format) => {
      const { document, prompt, score, target } = await scored(given, start);
      const at = standpointOf(document, prompt);
      const severity = severityOf(score, target.card, readSettings(document.uri).prompts);
      const chosen =
        format ?? (await window.showQuickPick(["Markdown", "JSON"], { title: "Copy Evidence", placeHolder: "The prompt's own text is not copied" }));
      if (!chosen) return;
      await env.clipboard.writeText(
        chosen.toLowerCase() === "json"
          ? `${JSON.stringify(answerOf(target.card, [evidenceOf(at, score, target.card, severity)]), null, 1)}\n`
          : evidenceMarkdown(at, score, target.card),
      );
      void window.setStatusBarMessage("The evidence is in the clipboard.", 3000);
    },
    "layerscope.promptActions": async (given, start) => {
      const { document, prompt } = await find(given, start);
      const fresh = freshScore(prompt) !== undefined;
      type Item = QuickPickItem & { readonly run: keyof typeof actions };
      const items: (Item | false)[] = [
        fresh && { label: "$(flame) Token heat…", detail: "Which words pull the score which way", run: "layerscope.showTokenHeat" },
        fresh && { label: "$(graph-scatter) Show in panel", detail: "As a point among the rows of the dataset", run: "layerscope.showPromptInPanel" },
        ignoreEdit(document, prompt) !== undefined && {
          label: "$(eye-closed) Ignore here",
          detail: "Inserts a comment above it",
          run: "layerscope.ignorePrompt",
        },
        { label: "$(checklist) Add to the baseline", detail: "Seen and accepted, until its text changes", run: "layerscope.addToBaseline" },
        fresh && { label: "$(copy) Copy evidence…", detail: "Numbers, layers and nearest rows, as Markdown or JSON", run: "layerscope.copyPromptEvidence" },
        { label: "$(file-symlink-file) Use another profile…", run: "layerscope.useProfile" },
      ];
      const chosen = await window.showQuickPick(
        items.filter((item): item is Item => item !== false),
        { title: lensTitle(prompt).replace(/^\$\([\w~-]+\) /, ""), placeHolder: "What to do with this prompt" },
      );
      if (chosen) await (actions[chosen.run] as (uri: Uri, start: number) => unknown)(document.uri, prompt.found.start);
    },
    "layerscope.openPrompt": (item) => item && revealPrompt(Uri.parse(item.listed.uri), item.listed.prompt.found.start, item.listed.prompt.found.end),
    "layerscope.groupPromptsByFile": () => tree.group(true),
    "layerscope.sortPromptsByRisk": () => tree.group(false),
  };
  return actions;
}

/** Runs of this workspace that left a profile, the committed one, or a file. */
async function useProfile({ runsRoot }: PromptParts, renew: () => void): Promise<void> {
  type Item = QuickPickItem & { readonly value?: string };
  const root = workspace.workspaceFolders?.[0]?.uri.fsPath;
  const committed = root && join(root, COMMITTED);
  const runs: Item[] = [];
  for (const run of await listRuns(runsRoot)) {
    const path = join(run.folder, "profile.json");
    if (run.state === "done" && (await exists(path)))
      runs.push({ label: `$(pass) ${basename(run.dataset)}`, description: `${run.model} · ${new Date(run.at).toLocaleString()}`, value: path });
  }
  const items: Item[] = [
    {
      label: "$(sparkle) Chosen by itself",
      detail:
        committed && (await exists(committed))
          ? `The workspace's ${COMMITTED}`
          : `The workspace's ${COMMITTED} once there is one, else the last finished run's`,
      value: "",
    },
    ...runs.slice(0, 20),
    { label: "$(folder-opened) Browse…", detail: "A profile that “Save Profile of This Run…” or layerscope audit --save-profile wrote" },
  ];
  const chosen = await window.showQuickPick(items, { title: "Use Profile", placeHolder: "What prompts in code are scored with", matchOnDescription: true });
  if (!chosen) return;
  const value = chosen.value ?? (await window.showOpenDialog({ canSelectMany: false, openLabel: "Use Profile", filters: { Profiles: ["json"] } }))?.[0]?.fsPath;
  if (value === undefined) return;
  const config = workspace.getConfiguration("layerscope");
  await config.update("prompts.profile", value === "" ? undefined : value, root ? ConfigurationTarget.Workspace : ConfigurationTarget.Global);
  renew();
}

/** A copy of a run's profile that a team can commit. */
async function saveProfile({ runsRoot, panels, engine }: PromptParts, folder?: string): Promise<void> {
  const run = folder ?? panels.current?.folder ?? (await listRuns(runsRoot)).find(({ state }) => state === "done")?.folder;
  if (!run || !(await exists(join(run, "profile.json")))) throw noRun();
  const root = workspace.workspaceFolders?.[0]?.uri.fsPath;
  const to = await window.showSaveDialog({
    saveLabel: "Save Profile",
    filters: { Profiles: ["json"] },
    ...(root && { defaultUri: Uri.file(join(root, COMMITTED)) }),
  });
  if (!to) return;
  await workspace.fs.createDirectory(Uri.file(dirname(to.fsPath)));
  await engine.ask("profile.save", { from: join(run, "profile.json"), to: to.fsPath });
  void window.setStatusBarMessage(`${workspace.asRelativePath(to)} is saved.`, 5000);
}
