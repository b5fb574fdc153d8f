export { isUsuallyExcluded } from "./excluded.js";
export { openFinder } from "./finder.js";
export { type FileFound, type FolderCount, type FolderOptions, type FolderSearch, findInFolder, passedBy } from "./folder.js";
export { rangeInSource, sourceOffset, textOffset } from "./text/offsets.js";
