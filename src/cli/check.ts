import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Engine } from "../engine/engine.js";
import { writeAtomically } from "../engine/store/files.js";
import {
  BASELINE_FILE,
  type FoundPrompt,
  type Notice,
  PROMPT_CODES,
  type Problem,
  ProblemError,
  type ProfileUse,
  type PromptScore,
  type PromptSide,
  parseBaseline,
  ruleOf,
  withEntries,
} from "../protocol/index.js";
import type { CheckCounts } from "./checkCounts.js";
import { mostlyOutside, summaryOf } from "./checkCounts.js";
import { loadFinding } from "./checkFinder.js";
import { type Finding, fingerprintOf, keyOf, Lines, levelOf, pathFrom } from "./checkFindings.js";
import { jsonReport } from "./checkJson.js";
import { sarifReport } from "./checkSarif.js";
import { textLines } from "./checkText.js";
import { ownLinks } from "./links.js";
import { choice, count, number, parse, provider, usageProblem } from "./options.js";
import { checkOutput } from "./output.js";
import { ProgressLine, plain } from "./terminal.js";

/** Where a team keeps its profile, from the project's root. */
const PROFILE_FILE = join(".layerscope", "profile.json");
/** Prompts scored by one question. */
const TOGETHER = 100;

/** Finds prompts, scores them, reports those on the unsafe side. @returns 1 when one is reported that the baseline does not know */
export async function check(args: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    return await checkPaths(args, signal);
  } catch (error) {
    // The finder's bundle has a class of its own for its problems.
    const { problem } = error as { problem?: Problem };
    throw problem && !(error instanceof ProblemError) ? new ProblemError(problem) : error;
  }
}

async function checkPaths(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, {
    profile: { type: "string" },
    model: { type: "string" },
    format: { type: "string" },
    out: { type: "string" },
    baseline: { type: "string" },
    "write-baseline": { type: "string" },
    reason: { type: "string" },
    "fail-on": { type: "string" },
    threshold: { type: "string" },
    "error-threshold": { type: "string" },
    possible: { type: "boolean" },
    everything: { type: "boolean" },
    provider: { type: "string" },
    threads: { type: "string" },
  });
  const format = choice("format", values.format ?? "text", ["text", "json", "sarif"]);
  const failOn = choice("fail-on", values["fail-on"] ?? "warning", ["outside", "warning", "error"]);
  const profile = values.profile ?? (existsSync(PROFILE_FILE) ? PROFILE_FILE : undefined);
  if (profile === undefined)
    throw usageProblem(
      "--profile is missing: a file that an audit left.",
      "layerscope audit DATASET --model DIR --save-profile .layerscope/profile.json makes one.",
    );
  if (values.reason !== undefined && values["write-baseline"] === undefined) throw usageProblem("--reason goes with --write-baseline.");
  const baselineFile = values.baseline ?? (existsSync(BASELINE_FILE) ? BASELINE_FILE : undefined);
  const baseline = baselineFile === undefined ? undefined : await readBaseline(baselineFile);
  const use: ProfileUse = {
    profile: resolve(profile),
    ...(values.model === undefined ? {} : { model: resolve(values.model) }),
    provider: provider(values.provider ?? "cpu"),
    threads: count("threads", values.threads, 0),
  };
  const out = values.out === undefined ? undefined : await checkOutput(values.out, [use.profile]);
  const written = values["write-baseline"] === undefined ? undefined : resolve(values["write-baseline"]);
  const former = written !== undefined && existsSync(written) ? await readBaseline(written) : undefined;
  const folder = process.cwd();
  const engine = new Engine();
  const line = new ProgressLine();
  try {
    const card = await engine.prompts.open(use);
    const report = share("threshold", values.threshold) ?? card.thresholds.report;
    const thresholds = { report, error: share("error-threshold", values["error-threshold"]) ?? Math.max(report, card.thresholds.error) };
    if (thresholds.error < report)
      throw usageProblem(
        `--error-threshold ${thresholds.error} lies below the threshold of warnings, ${report}${values.threshold === undefined ? ", which is the profile's" : ""}.`,
        "A prompt that is an error is a warning, too: name a threshold of errors that is no lower, or lower --threshold.",
      );
    const { finding, folder: wasm } = loadFinding();
    const search = finding.findInFolder(positionals.length > 0 ? positionals : ["."], await finding.openFinder(wasm), {
      possible: values.possible === true,
      everything: values.everything === true,
      signal,
    });
    const accepted = new Set(baseline?.prompts.map(({ sha256 }) => sha256));
    const findings: Finding[] = [];
    const notices: Notice[] = [];
    const met = new Set<string>();
    let ignored = 0;
    let waiting: Waiting[] = [];
    const flush = async () => {
      const scores = await engine.prompts.score(
        use,
        waiting.map(({ prompt }, i) => ({ key: String(i), text: prompt.text, role: prompt.role })),
        signal,
      );
      waiting.forEach((one, i) => {
        findings.push(findingOf(one, scores[i]!, thresholds, accepted));
      });
      waiting = [];
      line.show({ phase: "scoring", done: findings.length, of: search.count.prompts, unit: "rows", perSecond: null, secondsLeft: null });
    };
    for await (const { path, source, prompts, notices: own } of search.files) {
      const shown = pathFrom(folder, resolve(path));
      notices.push(...own.map((notice) => ({ ...notice, where: { file: shown, ...notice.where } })));
      const lines = new Lines(source);
      const times = new Map<string, number>();
      for (const prompt of prompts) {
        const key = keyOf(prompt);
        met.add(key);
        if (prompt.ignored) {
          ignored++;
          continue;
        }
        const nth = times.get(key) ?? 0;
        times.set(key, nth + 1);
        waiting.push({ path: shown, lines, prompt, key, nth, rangeInSource: finding.rangeInSource });
        if (waiting.length >= TOGETHER) await flush();
      }
    }
    await flush();
    line.clear();
    notices.push(...search.notices);
    const passedBy = finding.passedBy(search.count);
    const of = (level: Finding["level"], rule?: string) =>
      findings.filter((one) => !one.accepted && one.level === level && (rule === undefined || one.rule === rule)).length;
    const counts: CheckCounts = {
      files: search.count.files,
      prompts: search.count.prompts,
      errors: of("error"),
      warnings: of("warning"),
      outside: of("note", ruleOf(PROMPT_CODES.outside)),
      failed: of("note", ruleOf(PROMPT_CODES.failed)),
      sides: sidesOf(findings),
      accepted: findings.filter((one) => one.accepted).length,
      ignored,
      stale: [...accepted].filter((key) => !met.has(key)).length,
      ...(passedBy === undefined ? {} : { passedBy }),
      notices,
    };
    const mostly = mostlyOutside(counts);
    if (mostly) notices.push(mostly);
    if (written !== undefined) {
      // What fails the check is what can be accepted.
      const risky = findings.filter(({ level }) => level === "warning" || level === "error" || (failOn === "outside" && level === "note"));
      const today = new Date().toISOString().slice(0, 10);
      const known = new Set(former?.prompts.map(({ sha256 }) => sha256));
      const added = risky
        .filter(({ key }) => !known.has(key))
        .map(({ key, path, prompt }) => ({
          sha256: key,
          file: path,
          ...(prompt.name === undefined ? {} : { name: prompt.name }),
          ...(values.reason === undefined ? {} : { reason: values.reason }),
          date: today,
        }));
      if (!existsSync(dirname(written))) throw usageProblem(`There is no folder ${dirname(written)} to write the baseline into.`, "Make the folder first.");
      await writeAtomically(written, withEntries(former, added), 0o666);
      process.stderr.write(`${plain(`layerscope: ${added.length} of ${risky.length} prompts added to ${values["write-baseline"]}.`)}\n`);
    }
    const told = { ...card, thresholds: { ...card.thresholds, ...thresholds } };
    const content =
      format === "json"
        ? jsonReport(findings, told, counts)
        : format === "sarif"
          ? sarifReport(findings, told, counts, folder, ownLinks())
          : textLines(findings, told);
    if (out) await writeAtomically(out, content, 0o666);
    else process.stdout.write(content);
    for (const { message, where } of [...card.notices, ...notices])
      process.stderr.write(
        `${plain(`layerscope: ${where?.file ? `${pathFrom(folder, where.file)}${where.line === undefined ? "" : `:${where.line + 1}`}: ` : ""}${message}`)}\n`,
      );
    process.stderr.write(`${plain(`layerscope: ${summaryOf(counts)}`)}\n`);
    if (written !== undefined) return 0;
    const unclaimed = failOn === "outside" ? counts.outside + counts.failed : 0;
    if (unclaimed > 0)
      process.stderr.write(
        `${plain(`layerscope: ${unclaimed} ${unclaimed === 1 ? "prompt fails" : "prompts fail"} the check because nothing is known of ${unclaimed === 1 ? "it" : "them"} (--fail-on outside).`)}\n`,
      );
    return counts.errors > 0 || (failOn !== "error" && counts.warnings > 0) || unclaimed > 0 ? 1 : 0;
  } finally {
    line.clear();
    await engine.close();
  }
}

function sidesOf(findings: readonly Finding[]): Record<PromptSide, number> {
  const sides = { unsafe: 0, unsure: 0, safe: 0, outside: 0 };
  for (const { score } of findings) if (!score.fault) sides[score.side]++;
  return sides;
}

interface Waiting {
  readonly path: string;
  readonly lines: Lines;
  readonly prompt: FoundPrompt;
  readonly key: string;
  /** Which of the file's prompts with this key. */
  readonly nth: number;
  readonly rangeInSource: (prompt: FoundPrompt, from: number, to: number) => { start: number; end: number };
}

function findingOf(
  { path, lines, prompt, key, nth, rangeInSource }: Waiting,
  score: PromptScore,
  thresholds: { report: number; error: number },
  accepted: ReadonlySet<string>,
): Finding {
  const window = score.windows.length > 1 ? score.windows.reduce((a, b) => (b.probability > a.probability ? b : a)) : undefined;
  const place = window && rangeInSource(prompt, window.from, window.to);
  return {
    path,
    region: lines.region(prompt.start, prompt.end),
    prompt,
    score,
    ...levelOf(score, thresholds),
    key,
    fingerprint: fingerprintOf(key, path, nth),
    accepted: accepted.has(key),
    ...(place ? { worst: lines.region(place.start, place.end) } : {}),
  };
}

async function readBaseline(file: string) {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new ProblemError({
      code: "baseline/missing",
      message: `There is no baseline ${file}.`,
      hint: "--write-baseline FILE makes one.",
      where: { file: resolve(file) },
    });
  });
  return parseBaseline(text, file);
}

function share(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const parsed = number(name, value);
  if (!(parsed > 0 && parsed <= 1)) throw usageProblem(`--${name} takes a probability above 0 and at most 1, not ${value}.`);
  return parsed;
}
