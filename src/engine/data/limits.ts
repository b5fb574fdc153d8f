const MB = 1024 * 1024;

/** A decoded file is one string; V8 holds at most 512 MB of it, and the engine has to keep room for a model beside it. */
export const MAX_FILE_BYTES = 256 * MB;

/** VS Code gives extensions no text model above this size, so a range would point at nothing. */
export const MAX_RANGED_BYTES = 50 * MB;

/** Records kept in memory; at 200 rows a second this is forty minutes of audit. */
export const MAX_RECORDS = 500_000;

/** A record above this is no prompt: no context window holds a hundredth of it. */
export const MAX_RECORD_CHARS = 16_000_000;

/** Lines read before the engine listens for a cancel: about 10 ms. */
export const BREATH_LINES = 2_048;

/** Keys that only some records have would otherwise grow a table without bound. */
export const MAX_COLUMNS = 2_000;

/** Shown by name in a question or notice; more are counted. */
export const MAX_NAMED = 8;

/** Lines of skipped rows that a card names. */
export const MAX_LINES_NAMED = 20;

/** Unparsable records above this share stop the reading until the user says to go on. */
export const BAD_SHARE = 0.1;

/** A label column has few values; a column with more is something else. */
export const MAX_LABEL_VALUES = 20;

/** Spellings of a class's values that a card lists. */
export const MAX_SPELLINGS = 20;

/** Categories above this number are ids or free text. */
export const MAX_CATEGORIES = 500;

/** Axes beside the label that an audit looks at; each costs as much as the label. */
export const MAX_AXES = 24;

/** Classes of one axis; more are ids or free text. */
export const MAX_AXIS_CLASSES = 20;

/** Two rows in each of five folds: a class with fewer has no held-out score. */
export const LEAST_AXIS_ROWS = 10;

/** At about four characters a token these texts are far above the 512 tokens of the default. */
export const LONG_TEXT_CHARS = 8_000;

/** Below this number of rows a class's scores vary more by chance than by model. */
export const SMALL_CLASS = 15;

/** Above this number of rows the intervals hardly shrink further, while the audit takes minutes. */
export const LARGE_SET = 20_000;

/** A smaller share of the minority class makes accuracy meaningless. */
export const IMBALANCE = 0.1;

/** One page of a Parquet file, unpacked; the header may claim 2 GB. */
export const MAX_PARQUET_PAGE = 64 * MB;

/** All columns of a Parquet file, unpacked. */
export const MAX_PARQUET_TOTAL = 512 * MB;

/** Names read when looking for a sibling; a folder of a million files must not stall a right-click. */
export const MAX_FOLDER_ENTRIES = 20_000;
