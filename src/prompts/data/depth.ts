import { DEEPEST } from "../tree/mirror.js";

/**
 * Refuses a text whose brackets, list marks or indents nest deeper than `DEEPEST`: the parsers of data use the stack, and near its end the engine may abort rather than throw.
 * @throws RangeError
 */
export function refuseDeep(source: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < source.length; at++) {
    const unit = source.charCodeAt(at);
    if (unit === 92) at++;
    else if (unit === 34) quoted = !quoted;
    // A quotation mark that never closes, as prose may have one, ends with its line.
    else if (unit === 10) quoted = false;
    else if (quoted) continue;
    else if (unit === 91 || unit === 123) {
      if (++depth > DEEPEST) throw new RangeError("deep");
    } else if ((unit === 93 || unit === 125) && depth > 0) depth--;
  }
  const marks = new RegExp(`^[ \\t]*(?:[-?:] ){${DEEPEST}}|^ {${DEEPEST}}`, "m");
  if (marks.test(source) && indents(source) > DEEPEST) throw new RangeError("deep");
}

/** Most levels of indents, and of list marks on one line, that are open at once. */
function indents(source: string): number {
  const open: number[] = [];
  let most = 0;
  for (const [, margin, marks] of source.matchAll(/^( *)((?:[-?:] )*)\S/gm)) {
    while (open.length > 0 && open[open.length - 1] >= margin.length) open.pop();
    open.push(margin.length);
    most = Math.max(most, open.length + marks.length / 2);
  }
  return most;
}
