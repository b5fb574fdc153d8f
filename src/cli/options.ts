import { type ParseArgsConfig, parseArgs } from "node:util";
import {
  CHAT_MODES,
  type ChatMode,
  type DataOptions,
  POOLINGS,
  type Pooling,
  PROVIDERS,
  type Problem,
  ProblemError,
  type Provider,
  TOKEN_SETS,
  type TokenSet,
} from "../protocol/index.js";

export const usageProblem = (message: string, hint = "`layerscope help` lists the commands and their options.") =>
  new ProblemError({ code: "cli/usage", message, hint } satisfies Problem);

type Spec = NonNullable<ParseArgsConfig["options"]>;

/** How a dataset is read; the same words as the answers that a question offers. */
export const DATA_OPTIONS = {
  text: { type: "string" },
  label: { type: "string" },
  category: { type: "string" },
  group: { type: "string" },
  axis: { type: "string", multiple: true },
  list: { type: "string" },
  "no-header": { type: "boolean" },
  header: { type: "boolean" },
  safe: { type: "string", multiple: true },
  unsafe: { type: "string", multiple: true },
  all: { type: "string" },
  threshold: { type: "string" },
  contrast: { type: "string" },
  "contrast-all": { type: "string" },
  "expand-answers": { type: "boolean" },
  concept: { type: "boolean" },
  "skip-bad": { type: "boolean" },
} as const satisfies Spec;

export const RUN_OPTIONS = {
  model: { type: "string" },
  tower: { type: "string" },
  pool: { type: "string" },
  tokens: { type: "string" },
  "chat-template": { type: "string" },
  "max-tokens": { type: "string" },
  seed: { type: "string" },
  provider: { type: "string" },
  threads: { type: "string" },
  out: { type: "string" },
} as const satisfies Spec;

type Parsed<S extends Spec> = ReturnType<typeof parseArgs<{ args: string[]; options: S; allowPositionals: true; strict: true }>>;

/** @throws a usage problem that names the option */
export function parse<S extends Spec>(args: readonly string[], options: S): Parsed<S> {
  try {
    return parseArgs({ args: joined(args, options), options, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageProblem(sentence(error));
  }
}

/** `--safe -1` is meant as `--safe=-1`: the word after an option that takes one is its value, whatever it begins with, unless it is an option itself. */
function joined(args: readonly string[], options: Spec): string[] {
  const out: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = args[i].startsWith("--") ? args[i].slice(2) : "";
    const next = args[i + 1];
    const isOption = next?.startsWith("--") && Object.hasOwn(options, next.slice(2).split("=")[0]);
    if (Object.hasOwn(options, name) && options[name].type === "string" && next !== undefined && !isOption) out.push(`--${name}=${args[++i]}`);
    else out.push(args[i]);
  }
  return out;
}

function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message.split("\n")[0].split(". ")[0] : String(error);
  return `${text.replace(/\.$/, "")}.`;
}

export type DataValues = {
  [K in keyof typeof DATA_OPTIONS]?: (typeof DATA_OPTIONS)[K] extends { multiple: true }
    ? string[]
    : (typeof DATA_OPTIONS)[K]["type"] extends "boolean"
      ? boolean
      : string;
};

export function dataOptions(v: DataValues): DataOptions {
  const side = (name: "all" | "contrast-all") => {
    const value = v[name];
    if (value !== undefined && value !== "safe" && value !== "unsafe") throw usageProblem(`--${name} takes safe or unsafe, not ${JSON.stringify(value)}.`);
    return value;
  };
  const options: DataOptions = {
    text: v.text,
    label: v.label,
    category: v.category,
    group: v.group,
    axes: v.axis,
    list: v.list,
    header: v["no-header"] ? false : v.header,
    safe: v.safe,
    unsafe: v.unsafe,
    all: side("all"),
    threshold: v.threshold === undefined ? undefined : number("threshold", v.threshold),
    contrast: v.contrast,
    contrastAll: side("contrast-all"),
    expandAnswers: v["expand-answers"],
    concept: v.concept,
    skipBad: v["skip-bad"],
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

export function number(name: string, value: string): number {
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed)) throw usageProblem(`--${name} takes a number, not ${JSON.stringify(value)}.`);
  return parsed;
}

export function count(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  const parsed = number(name, value);
  if (!Number.isSafeInteger(parsed) || parsed < 0) throw usageProblem(`--${name} takes a whole number, not ${JSON.stringify(value)}.`);
  return parsed;
}

export function choice<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (!found) throw usageProblem(`--${name} takes one of ${allowed.join(", ")}, not ${JSON.stringify(value)}.`);
  return found;
}

export const pooling = (value: string): Pooling => choice("pool", value, POOLINGS);
export const chatMode = (value: string | undefined): ChatMode | undefined => (value === undefined ? undefined : choice("chat-template", value, CHAT_MODES));
export const tokenSet = (value: string | undefined): TokenSet | undefined => (value === undefined ? undefined : choice("tokens", value, TOKEN_SETS));
export const provider = (value: string | undefined): Provider => choice("provider", value ?? "auto", PROVIDERS);

export function modelPath(value: string | undefined): string {
  if (!value) throw usageProblem("--model is missing: the folder of an ONNX model, or an .onnx file.");
  return value;
}

export function onlyFile(positionals: readonly string[], what: string): string {
  if (positionals.length !== 1)
    throw usageProblem(positionals.length === 0 ? `The ${what} is missing.` : `One ${what} is expected, not ${positionals.length}.`);
  return positionals[0];
}
