import type { AuditResult, RowTable } from "../protocol/index.js";

/** What a row's place and text can be looked up in: an audit's session, a comparison. */
export interface RowSource {
  /** The dataset, and the contrast file where there are two. */
  readonly files: readonly string[];
  readonly source: { readonly dataset: string };
  readonly state: { readonly run?: string };
  readonly view:
    | {
        readonly rows: RowTable;
        readonly result: {
          readonly dataset: Pick<AuditResult["dataset"], "path" | "contrastPath" | "sha256" | "options"> & {
            readonly classes: readonly { readonly name: string }[];
          };
        };
      }
    | undefined;
}
