import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import {
  type Disposable,
  LanguageModelTextPart,
  type LanguageModelTool,
  type LanguageModelToolInvocationOptions,
  type LanguageModelToolInvocationPrepareOptions,
  LanguageModelToolResult,
  lm,
  MarkdownString,
  type PreparedToolInvocation,
  Uri,
  workspace,
} from "vscode";
import { type FoundPrompt, PROMPT_ROLES, ProblemError, type PromptAsk, type PromptRole, type PromptScore, problemOf } from "../../protocol/index.js";
import { readSettings } from "../settings.js";
import type { Baselines } from "./baselines.js";
import { answerOf, evidenceOf, type Standpoint } from "./evidence.js";
import type { Finder } from "./finder.js";
import { hashOf } from "./hash.js";
import { isTarget, type Profiles, type Target } from "./profiles.js";
import { type Scorer, URGENCY } from "./scorer.js";
import { severityOf } from "./severity.js";
import { standpointOf } from "./shown.js";

export const TOOL = "layerscope_check_prompt";

/** Either a text, or a file and optionally a range of its lines (from 1, both ends included). */
export interface ToolInput {
  readonly text?: string;
  readonly role?: string;
  readonly file?: string;
  readonly startLine?: number;
  readonly endLine?: number;
}

export interface ToolParts {
  readonly finder: Finder;
  readonly profiles: Profiles;
  readonly scorer: Scorer;
  readonly baselines: Baselines;
}

/** As much as is answered at once. */
const MOST_PROMPTS = 50;

/** What agents may ask: the risk of a prompt, with the evidence for it. Works in trusted workspaces alone, on files of the workspace alone. */
export class CheckPromptTool implements LanguageModelTool<ToolInput> {
  constructor(private readonly parts: ToolParts) {}

  /** undefined where this VS Code has no tools. */
  register(): Disposable | undefined {
    return typeof lm?.registerTool === "function" ? lm.registerTool(TOOL, this) : undefined;
  }

  prepareInvocation({ input }: LanguageModelToolInvocationPrepareOptions<ToolInput>): PreparedToolInvocation {
    const what = input.file ? `the prompts of ${input.file}` : "a prompt";
    return {
      invocationMessage: `Scoring ${what} with Layerscope`,
      confirmationMessages: {
        title: "Check a prompt with Layerscope",
        message: new MarkdownString().appendText(`Run ${what} through the local model of the workspace's profile. Nothing leaves this machine.`),
      },
    };
  }

  async invoke(
    { input }: Pick<LanguageModelToolInvocationOptions<ToolInput>, "input">,
    token?: { onCancellationRequested(f: () => void): unknown },
  ): Promise<LanguageModelToolResult> {
    const control = new AbortController();
    token?.onCancellationRequested(() => control.abort(new Error("cancelled")));
    let answer: unknown;
    try {
      answer = await this.answer(input, control.signal);
    } catch (error) {
      const { code, message, hint } = problemOf(error);
      answer = { error: { code, message, ...(hint && { hint }) } };
    }
    return new LanguageModelToolResult([new LanguageModelTextPart(JSON.stringify(answer, null, 1))]);
  }

  private async answer(input: ToolInput, signal: AbortSignal): Promise<unknown> {
    if (!workspace.isTrusted) throw refused("prompts/untrusted", "No model is run in Restricted Mode.", "Trust the workspace first.");
    const uri = input.file === undefined ? undefined : await fileIn(input.file);
    const target = await this.parts.profiles.open(uri);
    if (target === undefined)
      throw refused("profile/none", "There is no profile to score prompts with.", "Audit a dataset, or commit .layerscope/profile.json.");
    if (!isTarget(target)) throw new ProblemError(target);
    const wanted = uri ? await this.inFile(uri, input) : [aText(input)];
    const scores = await this.score(target, wanted, signal);
    const prompts = wanted.slice(0, MOST_PROMPTS).flatMap(({ ask, at }) => {
      const score = scores.get(ask.key);
      return score ? [evidenceOf(at, score, target.card, severityOf(score, target.card, readSettings(uri).prompts))] : [];
    });
    return { ...answerOf(target.card, prompts), ...(wanted.length > MOST_PROMPTS && { more: wanted.length - MOST_PROMPTS }) };
  }

  private async score(target: Target, wanted: readonly Wanted[], signal: AbortSignal): Promise<Map<string, PromptScore>> {
    const scores = new Map<string, PromptScore>();
    const asks = wanted.slice(0, MOST_PROMPTS).map(({ ask }) => ask);
    const take = (some: ReadonlyMap<string, PromptScore>) => {
      for (const [key, score] of some) scores.set(key, score);
    };
    await this.parts.scorer.score({ target, asks, urgency: URGENCY.open, signal, onScores: take });
    return scores;
  }

  private async inFile(uri: Uri, { startLine = 1, endLine = Number.MAX_SAFE_INTEGER }: ToolInput): Promise<Wanted[]> {
    const { finder, baselines } = this.parts;
    if (!(await finder.reads(uri.fsPath))) throw refused("prompts/other-file", "Prompts are not looked for in files of this kind.", "Pass the prompt as text.");
    const document = await workspace.openTextDocument(uri);
    const { possible } = readSettings(uri).prompts;
    const { prompts } = await finder.find(document.getText(), { fileName: uri.fsPath, languageId: document.languageId, possible });
    await baselines.ready(uri);
    const lines = (found: FoundPrompt) => [document.positionAt(found.start).line + 1, document.positionAt(found.end).line + 1] as const;
    const inside = prompts.filter((found) => !found.ignored && lines(found)[0] <= endLine && lines(found)[1] >= startLine);
    if (inside.length === 0) throw refused("prompts/none", "No prompt was found there.", "Pass the prompt as text, or another range of lines.");
    return inside.map((found) => {
      const hash = hashOf(found.role, found.text);
      return {
        ask: { key: hash, text: found.text, role: found.role },
        at: standpointOf(document, { found, hash, accepted: baselines.has(uri, hash) }),
      };
    });
  }
}

interface Wanted {
  readonly ask: PromptAsk;
  readonly at: Standpoint;
}

const refused = (code: string, message: string, hint: string) => new ProblemError({ code, message, hint });

function aText({ text, role }: ToolInput): Wanted {
  if (typeof text !== "string" || text.trim() === "")
    throw refused("prompts/nothing", "There is neither a text nor a file to check.", "Pass `text`, or `file`.");
  const known: PromptRole = PROMPT_ROLES.find((one) => one === role) ?? "user";
  const key = hashOf(known, text);
  return { ask: { key, text, role: known }, at: { found: { role: known }, sha256: key, accepted: false } };
}

const outside = () => refused("prompts/outside-workspace", "That file lies outside the workspace.", "Pass the prompt as text.");

/** A file of the workspace; nothing else is read for an agent, and a link is what it leads to. */
async function fileIn(file: string): Promise<Uri> {
  const roots = workspace.workspaceFolders ?? [];
  const candidates = isAbsolute(file)
    ? [normalize(file)]
    : roots.flatMap(({ uri, name }) => [join(uri.fsPath, file), ...(file.startsWith(`${name}/`) ? [join(uri.fsPath, file.slice(name.length + 1))] : [])]);
  const inside = candidates.filter((path) => workspace.getWorkspaceFolder(Uri.file(path)));
  if (inside.length === 0) throw outside();
  const real = (path: string) => realpath(path).catch(() => undefined);
  const homes = (await Promise.all(roots.map(({ uri }) => real(uri.fsPath)))).filter((home) => home !== undefined);
  for (const path of inside) {
    const there = await real(path);
    if (there === undefined) continue;
    if (!homes.some((home) => there.startsWith(home.endsWith(sep) ? home : home + sep))) throw outside();
    // A pipe or a device would be waited for without end.
    if (!(await stat(there)).isFile()) throw refused("prompts/no-file", "That is no file.", "Pass a file, or the prompt as text.");
    return Uri.file(path);
  }
  throw refused("prompts/no-such-path", "That file does not exist.", "Pass a file of the workspace, or the prompt as text.");
}
