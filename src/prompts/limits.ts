/** Larger files are data or were generated; reading them would hold the editor up. */
export const LARGEST_FILE = 5_000_000;
/** A file that takes a parser longer is given up: grammars have inputs that they are slow on. Milliseconds. */
export const LONGEST_PARSE = 3_000;
/** A line this long is minified or generated code. */
export const LONGEST_LINE = 20_000;
