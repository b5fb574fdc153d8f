import { problemOf } from "../../protocol/index.js";
import { type Config, readConfig } from "./config.js";
import { findModel, type ModelPlace } from "./folder.js";
import { inlineFunctions } from "./functions.js";
import type { Model } from "./graph.js";
import { liftBranches } from "./lift.js";
import { Links } from "./links.js";
import { parseModel } from "./parse.js";
import { pixelInput } from "./pixels.js";
import { refuseOtherFormats } from "./sniff.js";
import { type ByteSource, fileSource } from "./source.js";
import { findTaps, type Taps } from "./taps.js";
import { unrollLoops } from "./unroll.js";

/** A model file, read and understood; no weight was read. */
export interface Analysis {
  readonly place: ModelPlace;
  readonly config: Config;
  readonly model: Model;
  readonly links: Links;
  readonly taps: Taps;
  /** Open until the caller closes it. */
  readonly source: ByteSource;
}

/**
 * Opens a model file or folder and finds its layers.
 * @param images of a graph that reads texts and images, look at the images' tower
 * @param tower name, input or number of the residual stream to look at, where there are several
 * @throws Problem of any `model/…` code but those of the weights
 */
export function analyse(path: string, images = false, tower?: string): Analysis {
  const place = findModel(path);
  const config = readConfig(place.folder);
  const source = fileSource(place.path);
  try {
    refuseOtherFormats(source);
    const model = liftBranches(inlineFunctions(parseModel(source), source));
    const pixels = images ? pixelInput(model.graph.inputs)?.name : undefined;
    const wanted = tower ?? (pixels === undefined ? undefined : (input: string) => input === pixels);
    const understood = (model: Model) => {
      const links = new Links(model.file, model.graph);
      return { place, config, model, links, taps: findTaps(links, config.blocks, wanted), source };
    };
    try {
      return understood(model);
    } catch (error) {
      // The layers may be the turns of a loop.
      const unrolled = problemOf(error).code === "model/no-residual-stream" ? unrollLoops(model, source) : undefined;
      if (!unrolled) throw error;
      return understood(unrolled);
    }
  } catch (error) {
    source.close();
    throw error;
  }
}
