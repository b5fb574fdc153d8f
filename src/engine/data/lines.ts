import type { Place } from "../../protocol/index.js";

/** Offsets at which lines start, in VS Code's terms: \n, \r\n and a lone \r end a line, U+2028 does not. */
export class LineTable {
  private readonly starts: Int32Array;
  private readonly count: number;
  private last = 0;

  constructor(readonly text: string) {
    let starts = new Int32Array(1024);
    let count = 1;
    const push = (offset: number) => {
      if (count === starts.length) {
        const wider = new Int32Array(count * 2);
        wider.set(starts);
        starts = wider;
      }
      starts[count++] = offset;
    };
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 10) push(i + 1);
      else if (c === 13) {
        if (text.charCodeAt(i + 1) === 10) i++;
        push(i + 1);
      }
    }
    this.starts = starts;
    this.count = count;
  }

  get length(): number {
    return this.count;
  }

  start(line: number): number {
    return this.starts[line] as number;
  }

  /** End of a line without its line break. */
  end(line: number): number {
    if (line + 1 >= this.count) return this.text.length;
    const next = this.starts[line + 1] as number;
    return this.text.charCodeAt(next - 1) === 10 && this.text.charCodeAt(next - 2) === 13 ? next - 2 : next - 1;
  }

  line(offset: number): number {
    let low = (this.starts[this.last] as number) <= offset ? this.last : 0;
    let high = this.count - 1;
    // Records come in order, so the answer mostly lies a line or two ahead.
    if (low + 8 < this.count && (this.starts[low + 8] as number) > offset) high = low + 8;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if ((this.starts[mid] as number) <= offset) low = mid;
      else high = mid - 1;
    }
    this.last = low;
    return low;
  }

  place(start: number, end: number): Place {
    const startLine = this.line(start);
    const endLine = this.line(end);
    return { file: 0, startLine, startColumn: start - this.start(startLine), endLine, endColumn: end - this.start(endLine) };
  }
}
