export { openFinder } from "./finder.js";
export { rangeInSource, sourceOffset, textOffset } from "./text/offsets.js";
