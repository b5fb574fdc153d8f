/** The one stretch in which two versions of a text differ. */
export interface Window {
  readonly start: number;
  readonly oldEnd: number;
  readonly newEnd: number;
}

/** Common start and end of two texts, and what lies between; never between the halves of an astral character. */
export function changedWindow(before: string, after: string): Window {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  if (start > 0 && isHigh(before.charCodeAt(start - 1))) start--;
  let same = 0;
  while (same < most - start && before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)) same++;
  if (same > 0 && isLow(before.charCodeAt(before.length - same))) same--;
  return { start, oldEnd: before.length - same, newEnd: after.length - same };
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Row and column (UTF-16 units) of an offset; rows end with a line feed. */
export function pointAt(source: string, offset: number): { row: number; column: number } {
  let row = 0;
  let last = -1;
  for (let at = source.indexOf("\n"); at >= 0 && at < offset; at = source.indexOf("\n", at + 1)) {
    row++;
    last = at;
  }
  return { row, column: offset - last - 1 };
}
