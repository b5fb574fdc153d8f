import { stat } from "node:fs/promises";
import type { ProfileUse } from "../../protocol/index.js";
import { problem, throwIfAborted } from "../errors.js";
import { sha256Of } from "../model/hash.js";
import { openModel } from "../model/index.js";
import type { TappedModel } from "../model/tapped.js";
import { alignTokens, type TextRange } from "../text/align.js";
import { foreignTokenizer, noTokenizer } from "../text/errors.js";
import { type Encoded, openTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { noModelFor, otherModel, otherTokenizer } from "./errors.js";
import { type OpenedProfile, onnxFilesOf, stampOf } from "./open.js";
import { openShow, type Show, type ShownText } from "./shown.js";

/** A profile's model, open up to the profile's layer, with what it takes to show texts to it. */
export interface ScoringSession {
  readonly opened: OpenedProfile;
  readonly model: TappedModel;
  readonly tokenizer: Tokenizer;
  readonly show: Show;
  readonly maxTokens: number;
  /** Changes when the model's or the tokenizer's file does. */
  readonly stamp: string;
}

/** @throws Problem `profile/no-model`, `profile/other-model`, `profile/other-tokenizer`, `profile/other-template`, any `model/…` */
export async function openSession(opened: OpenedProfile, use: ProfileUse, signal?: AbortSignal): Promise<ScoringSession> {
  const { file, profile } = opened;
  if (opened.model === undefined) throw noModelFor(file, profile.model.name);
  const path = await fileOf(opened.model, profile.model.sha256);
  const { tower } = profile.model;
  const model = await openModel(path, { provider: use.provider, threads: use.threads, upTo: profile.layer, ...(tower === undefined ? {} : { tower }) }, signal);
  try {
    const { card } = model;
    const weights = (card.weights ?? []).map(({ sha256 }) => sha256);
    if (card.sha256 !== profile.model.sha256 || weights.join() !== profile.model.weights.join() || card.hiddenSize !== profile.model.width)
      throw otherModel(file, path, profile.model.name);
    if (!card.tokenizer) throw noTokenizer(card.folder);
    if (card.tokenizer.sha256 !== profile.tokenizer) throw otherTokenizer(file, path);
    const tokenizer = await openTokenizer(card.tokenizer.path);
    const show = await openShow(file, profile, card.folder, signal);
    const maxTokens = Math.min(profile.settings.maxTokens, card.maxTokens ?? profile.settings.maxTokens);
    throwIfAborted(signal);
    return { opened, model, tokenizer, show, maxTokens, stamp: await stampsOf(model) };
  } catch (error) {
    await model.close();
    throw error;
  }
}

export const stampsOf = async ({ card }: TappedModel): Promise<string> =>
  (await Promise.all([card.path, card.tokenizer?.path ?? "", ...(card.weights ?? []).map(({ path }) => path)].map(stampOf))).join(" ");

/** Of a folder with several files the one that the profile was made with. */
async function fileOf(model: string, sha256: string): Promise<string> {
  if (!(await stat(model).catch(() => undefined))?.isDirectory()) return model;
  const files = await onnxFilesOf(model);
  if (files.length > 1) for (const file of files) if ((await sha256Of(file).catch(() => "")) === sha256) return file;
  return model;
}

/** Tokens of shown texts, checked against the model's embedding. */
export async function encode({ tokenizer, model, maxTokens }: ScoringSession, shown: readonly ShownText[], signal?: AbortSignal): Promise<Encoded[]> {
  const encoded = await tokenizer.encodeShown(shown, maxTokens, signal);
  const { vocabularySize } = model;
  if (vocabularySize !== undefined)
    for (const { ids } of encoded)
      for (const id of ids) if (id >= vocabularySize) throw foreignTokenizer(model.card.tokenizer?.path ?? model.card.path, id, vocabularySize);
  return encoded;
}

/** Where tokens stand in a text. */
export function rangesOf({ tokenizer }: ScoringSession, text: string, ids: readonly number[]): TextRange[] {
  const { bytesOf } = tokenizer;
  if (!bytesOf) throw problem("tokenizer/no-pieces", "This tokenizer does not tell what its tokens say.");
  return alignTokens(
    text,
    ids.map((id) => bytesOf(id)),
  );
}
