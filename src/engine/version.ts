declare const LAYERSCOPE_VERSION: string;

/** Of package.json; the bundler puts it in. */
export const VERSION: string = LAYERSCOPE_VERSION;
