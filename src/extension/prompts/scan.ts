import { type CancellationToken, type Progress, ProgressLocation, type Uri, window, workspace } from "vscode";
import { type PromptAsk, problemOf } from "../../protocol/index.js";
import type { Log } from "../log.js";
import { readSettings } from "../settings.js";
import type { Baselines } from "./baselines.js";
import type { PromptDocuments } from "./documents.js";
import { excludeGlob } from "./excludes.js";
import type { Finder } from "./finder.js";
import { hashOf } from "./hash.js";
import type { Listed } from "./order.js";
import { isTarget, type Profiles, type Target } from "./profiles.js";
import { type Scorer, URGENCY } from "./scorer.js";
import { datasetOf } from "./shown.js";
import type { PromptAt, Standing } from "./state.js";
import { uriOf, type WorkspacePrompts } from "./workspacePrompts.js";

/** Files of a workspace that are looked into. */
const MOST_FILES = 5000;
const MOST_BYTES = 5_000_000;
/** Prompts that are scored in one scan: the rest is listed without a score. */
const MOST_SCORED = 2000;
const ENDINGS =
  "py pyi pyw js jsx mjs cjs ts tsx mts cts yaml yml json jsonc jsonl ndjson ipynb md mdx mdc txt prompt prompty promptl j2 jinja jinja2 hbs handlebars mustache liquid tmpl tpl";
const NAMES = ".cursorrules .windsurfrules .clinerules .goosehints";
/** One level of braces: VS Code's globs have no more. */
const INCLUDE = `{${[...ENDINGS.split(" ").map((ending) => `**/*.${ending}`), ...NAMES.split(" ").map((name) => `**/${name}`)].join(",")}}`;

export interface ScanParts {
  readonly finder: Finder;
  readonly profiles: Profiles;
  readonly scorer: Scorer;
  readonly baselines: Baselines;
  readonly documents: PromptDocuments;
  readonly prompts: WorkspacePrompts;
  readonly log: Log;
}

/** Reads the workspace's files from the disk, finds their prompts, and scores them where that is allowed. */
export class WorkspaceScan {
  private running: Promise<void> | undefined;

  constructor(private readonly parts: ScanParts) {}

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** With progress that can be cancelled; one scan at a time. */
  run(): Promise<void> {
    this.running ??= Promise.resolve(
      window.withProgress({ location: ProgressLocation.Notification, title: "Layerscope: prompts in the workspace", cancellable: true }, (progress, token) =>
        this.scan(progress, token),
      ),
    ).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async scan(progress: Progress<{ message?: string; increment?: number }>, token: CancellationToken): Promise<void> {
    const { prompts, profiles, documents, log } = this.parts;
    const control = new AbortController();
    token.onCancellationRequested(() => control.abort(new Error("cancelled")));
    const remarks: string[] = [];
    const files = await this.files(token);
    if (files.length > MOST_FILES) remarks.push(`only the first ${MOST_FILES} files`);
    const looked = files.slice(0, MOST_FILES);
    // Each folder of the workspace may have a profile of its own.
    const targets = new Map<string, Target>();
    const open = new Set([...documents].map(({ document }) => document.uri.toString()));
    prompts.begin((uri) => open.has(uri));
    let [large, unread] = [0, 0];
    for (const [i, uri] of looked.entries()) {
      if (token.isCancellationRequested) break;
      if (i % 50 === 0) {
        progress.report({ message: `${i} of ${looked.length} files read`, increment: (50 / looked.length) * 50 });
        // The extension host is everybody's.
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (open.has(uri.toString())) continue;
      try {
        const target = workspace.isTrusted ? await profiles.open(uri) : undefined;
        if (isTarget(target)) {
          if (uri.fsPath === datasetOf(target)) continue;
          targets.set(uri.toString(), target);
        }
        const standing: Standing = !workspace.isTrusted ? "untrusted" : target === undefined ? "no-profile" : isTarget(target) ? "unscored" : "failed";
        const how = await this.read(uri, standing, target && !isTarget(target) ? target.message : undefined);
        if (how === "large") large++;
      } catch (error) {
        unread++;
        log.warn(`A file was not looked into for prompts: ${problemOf(error).message}`);
      }
    }
    if (large > 0) remarks.push(`${large} ${large === 1 ? "file" : "files"} over 5 MB left out`);
    if (unread > 0) remarks.push(`${unread} could not be read`);
    if (!token.isCancellationRequested) remarks.push(...(await this.score(targets, control.signal, progress)));
    if (token.isCancellationRequested) remarks.push("cancelled before its end");
    prompts.done({ files: looked.length, remarks });
  }

  private async files(token: CancellationToken): Promise<Uri[]> {
    const own = readSettings().prompts.exclude;
    const config = workspace.getConfiguration();
    const exclude = excludeGlob([config.get("files.exclude"), config.get("search.exclude")], own);
    return [...(await workspace.findFiles(INCLUDE, exclude, MOST_FILES + 1, token))].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  private async read(uri: Uri, standing: Standing, fault: string | undefined): Promise<"read" | "large" | "other"> {
    const { baselines, prompts } = this.parts;
    if (!(await this.parts.finder.reads(uri.fsPath))) return "other";
    if ((await workspace.fs.stat(uri)).size > MOST_BYTES) return "large";
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await workspace.fs.readFile(uri));
    const { possible } = readSettings(uri).prompts;
    const { prompts: found } = await this.parts.finder.find(text, { fileName: uri.fsPath, possible });
    await baselines.ready(uri);
    const listed = found.map((one): PromptAt => ({ found: one, hash: hashOf(one.role, one.text), standing, ...(fault && { fault }) }));
    if (listed.length > 0) prompts.set(uri, { prompts: baselines.mark(uri, listed), lines: linesOf(text, listed) });
    return "read";
  }

  private async score(
    targets: ReadonlyMap<string, Target>,
    signal: AbortSignal,
    progress: Progress<{ message?: string; increment?: number }>,
  ): Promise<string[]> {
    const { prompts, scorer, documents } = this.parts;
    const open = new Set([...documents].map(({ document }) => document.uri.toString()));
    const left = prompts.list().filter(({ uri, prompt }) => !open.has(uri) && !prompt.found.ignored && prompt.standing === "unscored" && targets.has(uri));
    const taken = left.slice(0, MOST_SCORED);
    const byTarget = new Map<string, typeof taken>();
    for (const one of taken) {
      const { key } = targets.get(one.uri) as Target;
      byTarget.set(key, [...(byTarget.get(key) ?? []), one]);
    }
    let done = 0;
    const told = () => progress.report({ message: scorer.waits ? "waiting for the audit to end" : `${done} of ${taken.length} prompts scored` });
    told();
    const scoreGroup = async (group: typeof taken): Promise<void> => {
      const target = targets.get((group[0] as Listed).uri) as Target;
      const asks = group.map(({ prompt }): PromptAsk => ({ key: prompt.hash, text: prompt.found.text, role: prompt.found.role }));
      const uris = new Set(group.map(({ uri }) => uri));
      await scorer.score({
        target,
        asks,
        urgency: URGENCY.workspace,
        signal,
        onScores: (scores) => {
          done += scores.size;
          progress.report({ increment: (scores.size / taken.length) * 50 });
          told();
          const files = new Map<string, { prompts: PromptAt[]; lines: number[] }>();
          for (const { uri, prompt, line } of prompts.list()) {
            if (!uris.has(uri)) continue;
            const score = scores.get(prompt.hash);
            const file = files.get(uri) ?? { prompts: [], lines: [] };
            file.prompts.push(
              !score || prompt.found.ignored
                ? prompt
                : score.fault
                  ? { ...prompt, standing: "failed", fault: score.fault.message }
                  : { ...prompt, score, standing: "fresh" },
            );
            file.lines.push(line);
            files.set(uri, file);
          }
          for (const [uri, file] of files) if (!isOpen(documents, uri)) prompts.set(uriOf({ uri }), { ...file, target });
        },
      });
    };
    try {
      for (const group of byTarget.values()) await scoreGroup(group);
    } catch (error) {
      if (!signal.aborted) return [problemOf(error).message];
    }
    return left.length > taken.length ? [`${left.length - taken.length} prompts beyond the first ${MOST_SCORED} not scored`] : [];
  }
}

const isOpen = (documents: PromptDocuments, uri: string): boolean => [...documents].some(({ document }) => document.uri.toString() === uri);

/** Zero-based lines of ascending or any starts, in one pass over the text. */
function linesOf(text: string, prompts: readonly PromptAt[]): number[] {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return prompts.map(({ found }) => {
    let [lo, hi] = [0, starts.length];
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (starts[mid]! <= found.start) lo = mid;
      else hi = mid;
    }
    return lo;
  });
}
