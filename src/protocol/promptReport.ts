import type { ProfileCard } from "./prompts.js";

/** What scores rest on, as the command line, the clipboard and agents are told. */
export function profileOf(card: ProfileCard): Record<string, unknown> {
  return {
    sha256: card.sha256,
    model: { name: card.model.name, sha256: card.model.sha256 },
    layer: card.layer,
    layers: card.layers,
    thresholds: card.thresholds,
    calibration: card.calibration,
    notices: card.notices.map(({ code, message }) => ({ code, message })),
  };
}
