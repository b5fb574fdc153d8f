import { alignmentQuality } from "./alignment-quality/index.js";
import { conceptDepth } from "./concept-depth/index.js";
import { conceptRobustness } from "./concept-robustness/index.js";
import { conceptsByLayer } from "./concepts-by-layer/index.js";
import type { Lens } from "./lens.js";
import { matryoshkaGrid } from "./matryoshka-grid/index.js";
import { poolingChoice } from "./pooling-choice/index.js";
import { relativeAnchors } from "./relative-anchors/index.js";
import { surfaceByLayer } from "./surface-by-layer/index.js";
import { surfaceVersusMeaning } from "./surface-versus-meaning/index.js";

/** Every analysis, in the order they run: later ones may read what earlier ones found. */
export const lenses: readonly Lens[] = [
  conceptDepth,
  surfaceVersusMeaning,
  alignmentQuality,
  conceptsByLayer,
  conceptRobustness,
  surfaceByLayer,
  poolingChoice,
  matryoshkaGrid,
  relativeAnchors,
];
