/** What travels between the engine and the process that renders templates. Data only, so that both sides may import it. */

export interface Turn {
  readonly role: string;
  readonly content: string;
}

/** One conversation to be rendered. */
export interface Wanted {
  readonly messages: readonly Turn[];
  /** Ends with what tells the model to answer. */
  readonly generation: boolean;
}

export interface RenderBatch {
  readonly template: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly rows: readonly Wanted[];
}

/** A rendered text and the UTF-16 range of the last message's words in it, or why the template refuses the conversation (its own words, or none). */
export type Rendered = { readonly text: string; readonly last?: readonly [number, number] } | { readonly refused: string };

export type RenderAnswer = { readonly rows: readonly Rendered[] } | { readonly failed: string; readonly details?: string };
