export { checkAccelerators } from "./accelerators.js";
export { glanceAt } from "./glance.js";
export { chooseTaps, inspectModel, listTaps } from "./inspect.js";
export { listModels } from "./listing.js";
export { openModel } from "./open.js";
export { createBlas, listProviders, runtimeVersion } from "./runtime.js";
export { readSheet } from "./sheet.js";
export type { Batch, OpenOptions, TapList, TappedModel, TapState, TapStates } from "./tapped.js";
