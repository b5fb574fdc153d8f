import { createInterface } from "node:readline/promises";
import { downloadFromHub, lookAtHub } from "../engine/hub/index.js";
import { type HubFile, type HubOffer, type HubProgress, type HubToken, type HubVariant, sizeOf } from "../protocol/index.js";
import { choice, onlyFile, parse, usageProblem } from "./options.js";
import { plain } from "./terminal.js";

/** `download org/name`: shows what would come, asks, downloads into the standard cache, prints where the model lies. */
export async function download(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, { file: { type: "string" }, revision: { type: "string" }, token: { type: "string" }, yes: { type: "boolean" } });
  const repo = onlyFile(positionals, "model's name (org/name)");
  const token: HubToken | undefined = values.token === undefined ? undefined : { from: choice("token", values.token, ["env", "file"] as const) };
  const question = { repo, ...(values.revision !== undefined && { revision: values.revision }), ...(token && { token }) };
  const offer = await lookAtHub(question, {}, signal);
  const variant = pick(offer, values.file);
  say(describe(offer, variant));
  if (!(await confirmed(values.yes === true, `Download ${sizeOf(variant.missingBytes)}?`, signal))) return 130;
  let order = { ...question, repo: offer.repo, commit: offer.commit, file: variant.path, bytes: variant.bytes, also: [] as string[] };
  for (;;) {
    const result = await downloadFromHub(order, showProgress, {}, signal).finally(clearProgress);
    for (const notice of result.notices) say([`note: ${notice.message}`]);
    if (result.wanted.length === 0) {
      process.stdout.write(`${plain(result.path)}\n`);
      return 0;
    }
    say(["", "The file names further weights:", ...result.wanted.map(line)]);
    if (!(await confirmed(values.yes === true, "Download these too?", signal))) return 130;
    order = {
      ...order,
      also: [...order.also, ...result.wanted.map((file) => file.path)],
      bytes: order.bytes + result.wanted.reduce((n, file) => n + file.bytes, 0),
    };
  }
}

function pick({ variants, repo }: HubOffer, file: string | undefined): HubVariant {
  if (file === undefined) return variants[0]!;
  const found = variants.find(({ path }) => path === file);
  if (found) return found;
  throw usageProblem(`${repo} has no file ${JSON.stringify(file)}.`, `Its .onnx files: ${variants.map(({ path }) => path).join(", ")}`);
}

const line = ({ path, bytes, here }: HubFile) => `  ${sizeOf(bytes).padStart(9)}  ${path}${here ? "  (in the cache already)" : ""}`;

function describe(offer: HubOffer, variant: HubVariant): string[] {
  const others = offer.variants.filter(({ path }) => path !== variant.path);
  return [
    `${offer.repo} on ${offer.host}, commit ${offer.commit.slice(0, 12)}`,
    `licence ${offer.licence ?? "not stated"}${offer.gated ? ", gated: its terms must be accepted on its page" : ""}${offer.private ? ", private" : ""}`,
    ...variant.files.map(line),
    `into ${offer.folder}${offer.freeBytes === null ? "" : `, where ${sizeOf(offer.freeBytes)} are free`}`,
    ...(others.length > 0 ? [`other files (--file): ${others.map(({ path, bytes }) => `${path} (${sizeOf(bytes)})`).join(", ")}`] : []),
    ...offer.notices.map(({ message }) => `note: ${message}`),
  ];
}

const say = (lines: readonly string[]) => process.stderr.write(`${lines.map(plain).join("\n")}\n`);

async function confirmed(yes: boolean, what: string, signal: AbortSignal): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw usageProblem("Nothing was downloaded: nobody is there to be asked.", "With --yes the files above are downloaded without a question.");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${what} [y/N] `, { signal }).catch(() => "")).trim());
  } finally {
    terminal.close();
  }
}

function showProgress({ doneBytes, ofBytes, file, bytesPerSecond }: HubProgress): void {
  if (!process.stderr.isTTY) return;
  const rate = bytesPerSecond ? ` · ${sizeOf(bytesPerSecond)}/s` : "";
  process.stderr.write(`\r\x1b[2K${Math.floor((100 * doneBytes) / Math.max(1, ofBytes))}% of ${sizeOf(ofBytes)}${rate} · ${plain(file)}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
}
