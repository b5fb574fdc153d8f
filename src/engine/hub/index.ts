export { downloadFromHub } from "./download.js";
export { isCommit, repoName } from "./names.js";
export { type HubSettings, lookAtHub } from "./offer.js";
export { hubPlaces, tokenSources } from "./places.js";
