import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Notice } from "../../protocol/index.js";
import { type Disk, reasonOf } from "../store/disk.js";
import type { Entry, Journal, ReadLog } from "../store/journal.js";
import type { Space } from "../store/space.js";
import { type StateStore, storeFailed } from "../store/states.js";
import type { Shown } from "../text/shown.js";
import type { Encoded } from "../text/tokenizer.js";
import { VERSION } from "../version.js";
import { appendFinite } from "./finite.js";
import { type Former, joint, Keeper, type Keeping } from "./keeper.js";
import type { Prepared } from "./prepare.js";

/** A kind of states that a pass gives: how it was pooled, of how many layers. */
export interface Kind {
  readonly reading: string;
  readonly layers: number;
}

export interface PassWish {
  /** Names the pass in the log and the plan: a view, `reference` before it for the second model's. */
  readonly name: string;
  readonly prepared: Prepared;
  readonly kinds: readonly Kind[];
  readonly count: number;
  /** Weights rounded in memory, as a view names it. */
  readonly rounding?: string;
  /** What is shown of a row, where its text alone makes its tokens; absent: rows are known by their tokens. */
  shown?(row: number): Shown | undefined;
}

export interface KeepingParts {
  readonly disk: Disk;
  readonly store: StateStore | undefined;
  /** The store is this run's alone. */
  readonly own: boolean;
  readonly journal: Journal | undefined;
  readonly log: ReadLog;
  /** Tokens per batch by pass, from the plan. */
  readonly batching: Readonly<Record<string, number>>;
  /** Tokens per batch of a pass are known; written into the plan before its first batch. */
  planned(pass: string, tokensPerBatch: number): void;
}

/** What a run keeps of its states and of its course. A disk that fails ends the keeping, never the run. */
export class RunKeeping {
  private store: StateStore | undefined;
  private journal: Journal | undefined;
  private readonly spaces: Space[] = [];
  private readonly said = new Map<string, Notice>();
  private lostRows = 0;
  /** Rows of the audit's own pass whose states were computed before: in an earlier run, or before this one was interrupted. */
  stored = 0;

  constructor(private readonly parts: KeepingParts) {
    this.store = parts.store;
    this.journal = parts.journal;
  }

  get notices(): Notice[] {
    const damaged = this.spaces.reduce((sum, space) => sum + space.damaged, 0);
    const rows = (n: number) => (n === 1 ? "1 row" : `${n.toLocaleString("en")} rows`);
    return [
      ...this.said.values(),
      ...(damaged > 0 ? [{ code: "store/damaged", message: `Stored states of ${rows(damaged)} were damaged and have been computed again.` }] : []),
      ...(this.lostRows > 0
        ? [
            {
              code: "run/states-lost",
              message: `Stored states that this run began with are gone or changed (${rows(this.lostRows)}); the last digits may differ from those of an unbroken run.`,
            },
          ]
        : []),
    ];
  }

  pass(wish: PassWish): Keeper | undefined {
    if (!this.store && !this.journal) return undefined;
    const { name, shown, count } = wish;
    const spaces = this.open(wish);
    const keeping: Keeping = {
      spaces,
      former: formerOf(this.parts.log, name),
      keyOf: (row, encoded, occurrence) => this.key(encoded, shown?.(row), occurrence),
      append: (keys, states, tokens, truncated) =>
        wish.prepared.model.hosts
          ? appendFinite(keys, states, tokens, truncated, (...some) => this.append(spaces, ...some))
          : this.append(spaces, keys, states, tokens, truncated),
      note: (entry) => this.note(entry),
      restored: (rows) => {
        if (name === "plain") this.stored += rows;
      },
      lost: (rows) => {
        this.lostRows += rows;
      },
    };
    return new Keeper(keeping, name, count, shown !== undefined, budgetOf(this.parts.batching, name), (budget) => this.parts.planned(name, budget));
  }

  close(): void {
    for (const part of [this.store, this.journal]) {
      try {
        part?.close();
      } catch {
        // What is not closed now is closed with the process.
      }
    }
  }

  private open({ prepared, kinds, rounding, shown }: PassWish): Space[] | undefined {
    const { store } = this;
    // Of a second model, too: what a server did not prove is in no store.
    if (!store || (prepared.model.unproven && !this.parts.own)) return undefined;
    const { card, provider } = prepared.model;
    const { tokenizer } = card;
    const of = {
      layerscope: VERSION,
      model: card.sha256,
      weights: card.weights?.map(({ sha256 }) => sha256),
      tower: card.tower,
      provider,
      rounding,
      ...(shown
        ? { tokenizer: tokenizer?.sha256, config: tokenizer && hashOf(join(dirname(tokenizer.path), "tokenizer_config.json")), maxTokens: prepared.maxTokens }
        : {}),
      ...(prepared.images ? { images: prepared.images.input.processing } : {}),
    };
    try {
      const spaces = kinds.map(({ reading, layers }) =>
        store.space({
          shape: { layers, width: card.hiddenSize },
          of: { ...of, reading },
          label: { model: card.name, reading: rounding ? `${reading}, ${rounding}` : reading },
        }),
      );
      this.spaces.push(...spaces);
      return spaces;
    } catch (error) {
      this.fail("store/off", storeFailed(error));
      return undefined;
    }
  }

  /** From the text alone, or from all that the model gets. */
  private key(encoded: Encoded | undefined, shown: Shown | undefined, occurrence: number): string | undefined {
    const { store } = this;
    if (!store) return undefined;
    const nth = String(occurrence);
    if (shown) return store.key("text", shown.text, String(shown.special), String(shown.pooled ?? ""), nth);
    if (!encoded || encoded.problem) return undefined;
    const { ids, span, image, prefix } = encoded;
    if (image) return store.key("image", new Uint8Array(image.buffer, image.byteOffset, image.byteLength), String(prefix), nth);
    return store.key("ids", new Uint8Array(Int32Array.from(ids).buffer), String(span ?? ""), nth);
  }

  private append(
    spaces: readonly Space[] | undefined,
    keys: readonly string[],
    states: readonly (readonly Float32Array[])[],
    tokens: ArrayLike<number>,
    truncated: ArrayLike<number>,
  ) {
    if (!this.store || !spaces) return undefined;
    try {
      const all = spaces.map((space, kind) => space.append(keys, states[kind]!, tokens, truncated));
      this.store.appended(all.reduce((sum, { bytes }) => sum + bytes, 0));
      return Uint32Array.from(keys, (_, i) => joint(all.map(({ sums }) => sums[i]!)));
    } catch (error) {
      this.fail("store/off", storeFailed(error));
      try {
        this.store.close();
      } catch {
        // Closed with the process.
      }
      this.store = undefined;
      return undefined;
    }
  }

  private note(entry: Entry): void {
    try {
      this.journal?.add(entry);
    } catch (error) {
      this.journal = undefined;
      this.fail("run/not-logged", `This run cannot be resumed if it is interrupted: ${reasonOf(error)}.`);
    }
  }

  /** Said once. */
  fail(code: string, message: string): void {
    if (!this.said.has(code)) this.said.set(code, { code, message });
  }
}

/** Tokens per batch of a pass; all passes of one model have as many, so one that had not begun takes those of another. */
function budgetOf(batching: KeepingParts["batching"], pass: string): number | undefined {
  const model = (name: string) => name.slice(0, name.indexOf("/") + 1);
  const like = Object.keys(batching).find((name) => model(name) === model(pass));
  return batching[pass] ?? (like === undefined ? undefined : batching[like]);
}

/** What the run's earlier part noted of a pass, by chunk. */
function formerOf(log: ReadLog, pass: string): Map<number, Former> {
  const chunks = new Map<number, Former>();
  for (const entry of log.entries) {
    if (entry.kind === "begin" || entry.pass !== pass) continue;
    const chunk = chunks.get(entry.chunk) ?? { batches: new Map<number, string>() };
    chunks.set(entry.chunk, chunk);
    if (entry.kind === "stored") chunk.stored = entry;
    else if (entry.kind === "skipped") chunk.skipped = entry.rows;
    else if (entry.kind === "batch") chunk.batches.set(entry.batch, entry.sum);
    else chunk.sum = entry.sum;
  }
  return chunks;
}

function hashOf(path: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return undefined;
  }
}
