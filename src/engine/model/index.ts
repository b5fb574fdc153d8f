export { inspectModel, listTaps } from "./inspect.js";
export { openModel } from "./open.js";
export { createBlas, listProviders, runtimeVersion } from "./runtime.js";
export type { Batch, OpenOptions, TapList, TappedModel } from "./tapped.js";
