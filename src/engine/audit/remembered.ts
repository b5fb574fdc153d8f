import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ModelCard } from "../../protocol/index.js";
import { problem } from "../errors.js";
import type { TappedModel } from "../model/tapped.js";
import { crc32, hex } from "../store/crc.js";
import { DISK, makeFolder, replaceFile } from "../store/disk.js";
import { VERSION } from "../version.js";

/** What opening a model found out, so that a run whose states are all stored needs no session. */
interface Remembered {
  readonly layerscope: string;
  /** State of the files that it was found from. */
  readonly stamps: string;
  readonly card: ModelCard;
  readonly provider: string;
  readonly providerNotes: readonly string[];
  readonly vocabularySize?: number;
  readonly threads?: number;
}

/** Folders with more files than this are not remembered: looking at them all would cost what it saves. */
const MOST_FILES = 500;

const pathOf = (storeFolder: string, key: string) => join(storeFolder, "models", `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`);

/**
 * The model as it was found the last time, when none of its files has changed since (size, times, inode); its session is made by
 * the first batch.
 * @param key how it is opened @param open opens it for good, with the threads that it had then
 */
export function recall(storeFolder: string, key: string, open: (threads?: number) => Promise<TappedModel>): TappedModel | undefined {
  try {
    const path = pathOf(storeFolder, key);
    const [, sum, text] = /^\{"crc":"([0-9a-f]{8})","e":(.*)\}$/s.exec(readFileSync(path, "utf8")) ?? [];
    if (text === undefined || hex(crc32(Buffer.from(text))) !== sum) return undefined;
    const known = JSON.parse(text) as Remembered;
    if (known.layerscope !== VERSION || stampsOf(known.card) !== known.stamps) return undefined;
    return lazily(known, open, () => DISK.rmSync(path, { force: true }));
  } catch {
    return undefined; // absent, unreadable, or its files are gone: opening the model says what is wrong
  }
}

/** Models of images are opened each time: what makes their pixels is no plain data. */
export function remember(storeFolder: string, key: string, model: TappedModel): void {
  if (model.image || model.hosts) return;
  const stamps = stampsOf(model.card);
  if (stamps === undefined) return;
  const { card, provider, providerNotes, vocabularySize, threads } = model;
  const text = JSON.stringify({ layerscope: VERSION, stamps, card, provider, providerNotes, vocabularySize, threads } satisfies Remembered);
  try {
    const path = pathOf(storeFolder, key);
    makeFolder(DISK, dirname(path), 0o700);
    replaceFile(DISK, path, `{"crc":"${hex(crc32(Buffer.from(text)))}","e":${text}}`);
  } catch {
    // The next run opens the model again.
  }
}

function lazily(known: Remembered, open: (threads?: number) => Promise<TappedModel>, forget: () => void): TappedModel {
  let opened: Promise<TappedModel> | undefined;
  const real = () => {
    opened ??= open(known.threads).then(async (model) => {
      const same = model.card.sha256 === known.card.sha256 && model.provider === known.provider && stampsOf(model.card) === known.stamps;
      if (same && JSON.stringify(model.card.weights) === JSON.stringify(known.card.weights)) return model;
      forget();
      await model.close();
      throw problem("model/moved", `${known.card.path} or the accelerator it runs on is no longer what it was when this run began.`, {
        hint: "Run the audit again.",
      });
    });
    return opened;
  };
  return {
    card: known.card,
    provider: known.provider,
    providerNotes: known.providerNotes,
    vocabularySize: known.vocabularySize,
    threads: known.threads,
    taps: [],
    run: async (batch) => (await real()).run(batch),
    runTaps: async (batch) => (await real()).runTaps(batch),
    tokensPerBatch: async () => (await real()).tokensPerBatch!(),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

/** Changes with every file that the card was made from; undefined where that cannot be told. */
function stampsOf({ path, folder, weights, tokenizer }: ModelCard): string | undefined {
  const files = new Set([path, ...(weights ?? []).map((one) => one.path), ...(tokenizer ? [tokenizer.path] : [])]);
  for (const place of new Set([folder, dirname(path)])) {
    const names = readdirSync(place);
    if (names.length > MOST_FILES) return undefined;
    for (const name of names) files.add(join(place, name));
  }
  return JSON.stringify(
    [...files].sort().flatMap((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() ? [[file, found.size, found.mtimeMs, found.ctimeMs, found.ino]] : [];
    }),
  );
}
