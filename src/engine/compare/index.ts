import type { AuditView, ComparedRun, CompareResult, CompareView } from "../../protocol/index.js";
import { VERSION } from "../version.js";
import { clashesOf } from "./comparable.js";
import { notComparable, tooFewRuns, tooManyRuns, unfinished } from "./errors.js";
import { markOf, nameRuns } from "./names.js";
import { comparePair, type Pair } from "./pair.js";
import { pairPictures, seriesPictures } from "./pictures.js";

/** Runs of a series at most: each is resampled against the first. */
export const MOST_RUNS = 24;

/**
 * Each later run against the first: same rows, same settings, another model.
 * @param views finished runs, the base first; @param shown which pair the pictures and rows are of (the last by default)
 * @throws compare/not-comparable and its siblings, each with the reason
 */
export async function compareRuns(views: readonly AuditView[], shown = views.length - 2, signal?: AbortSignal): Promise<CompareView> {
  if (views.length < 2) throw tooFewRuns(views.length);
  if (views.length > MOST_RUNS) throw tooManyRuns(views.length, MOST_RUNS);
  const names = nameRuns(views.map(({ result }) => result));
  const [base, ...later] = views;
  for (const [i, { result }] of views.entries()) {
    if (!result.final) throw unfinished(markOf(i), names[i]);
    const clashes = clashesOf(base.result, result);
    if (clashes.length > 0) throw notComparable(markOf(0), markOf(i), clashes);
  }
  const pairs: Pair[] = [];
  const chosen = Math.max(0, Math.min(later.length - 1, shown));
  let kept: Pair | undefined;
  for (const [i, view] of later.entries()) {
    const pair = await comparePair(base, view, [markOf(0), markOf(i + 1)], signal);
    if (i === chosen) kept = pair;
    pairs.push(i === chosen ? pair : { ...pair, a: EMPTY, b: EMPTY });
  }
  const { dataset, settings } = base.result;
  const runs = views.map(
    ({ result }, i): ComparedRun => ({
      mark: markOf(i),
      name: names[i],
      createdAt: result.createdAt,
      layerscope: result.layerscope,
      model: result.model,
      aqi: result.aqi.signed,
      aqiCi95: result.aqi.ci95,
      auroc: result.probe.nestedAuroc,
      bestLayer: result.probe.bestLayer,
      rows: result.dataset.used,
    }),
  );
  const result: CompareResult = {
    schemaVersion: 1,
    kind: "comparison",
    layerscope: VERSION,
    createdAt: new Date().toISOString(),
    runs,
    dataset: {
      path: dataset.path,
      contrastPath: dataset.contrastPath,
      sha256: dataset.sha256,
      kind: dataset.kind,
      options: dataset.options,
      classNames: [dataset.classes[0].name, dataset.classes[1].name],
    },
    settings: { pooling: settings.pooling, maxTokens: settings.maxTokens, seed: settings.seed, folds: settings.folds },
    pairs: pairs.map(({ comparison }) => comparison),
    notices:
      later.length > 1
        ? [
            {
              code: "compare/series",
              message: `${later.length} differences from ${markOf(0)} are given, each with its own interval: of many, some leave out 0 by chance.`,
            },
          ]
        : [],
    verdict: pairs.at(-1)!.comparison.verdict,
  };
  return { result, shown: chosen, pictures: [...seriesPictures(runs), ...pairPictures(kept!)], rows: kept!.rows };
}

const EMPTY = new Float32Array(0);
