/** A tokenizer.json is parsed whole; the largest in use (multilingual, 260k tokens) is about 35 MB. CWE-770 */
export const MAX_TOKENIZER_BYTES = 64 * 1024 * 1024;
/** Time to tokenise one chunk of rows; a pattern that backtracks without end is stopped here. CWE-1333 */
export const TOKENIZE_BUDGET_MS = 2_000;
/** Rows tokenised under one budget. */
export const TOKENIZE_CHUNK = 64;
/** Characters looked at for every token asked for; a longer text is cut before it is tokenised, and counted as truncated. */
export const CHARACTERS_PER_TOKEN = 32;
