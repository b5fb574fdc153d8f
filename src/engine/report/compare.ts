import { basename } from "node:path";
import { type CompareView, encodeCompare } from "../../protocol/index.js";
import { page } from "./html.js";

/** A comparison as one self-contained page, like an audit's report: files are named without their folders. */
export function compareReport(view: CompareView, texts?: ReadonlyMap<number, string>): Promise<string> {
  const { dataset, runs } = view.result;
  const result = {
    ...view.result,
    dataset: {
      ...dataset,
      path: basename(dataset.path),
      contrastPath: dataset.contrastPath && basename(dataset.contrastPath),
      options: dataset.options.contrast ? { ...dataset.options, contrast: basename(dataset.options.contrast) } : dataset.options,
    },
    runs: runs.map((run) => ({ ...run, model: { ...run.model, path: basename(run.model.path) } })),
  };
  const list = texts && Array.from(view.rows.id, (id) => texts.get(id) ?? "");
  return page(`Layerscope: ${runs.map(({ name }) => name).join(" against ")}`, encodeCompare({ ...view, result }, list));
}
