/** Where a text stops being JSON. The reason never quotes the text (JSON.parse's own message does). */
export interface JsonFault {
  readonly offset: number;
  readonly reason: string;
  /** The text ends before its value does. */
  readonly cut: boolean;
}

class Fault extends Error {
  constructor(
    readonly offset: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Nesting that a dataset never has; deeper ones are reported, not followed. */
const MAX_DEPTH = 500;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}\p{N}_$+.-]+/uy;

/** The first fault of a text by RFC 8259, or undefined when it is JSON. */
export function jsonFault(text: string): JsonFault | undefined {
  const scan = new Scan(text);
  try {
    scan.value(0);
    if (scan.peek() !== "") throw new Fault(scan.at, scan.comment() ?? "more text after the end");
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { offset: Math.min(error.offset, text.length), reason: error.reason, cut: error.offset >= text.trimEnd().length };
  }
}

class Scan {
  at = 0;
  constructor(private readonly text: string) {}

  /** Next character that is no blank; empty at the end. */
  peek(): string {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++;
    return this.text[this.at] ?? "";
  }

  comment(): string | undefined {
    const two = this.text.slice(this.at, this.at + 2);
    return two === "//" || two === "/*" || two.startsWith("#") ? "a comment, which JSON does not have" : undefined;
  }

  value(depth: number): void {
    const c = this.peek();
    if (depth > MAX_DEPTH) throw new Fault(this.at, "more nesting than any dataset has");
    if (c === "{") this.object(depth);
    else if (c === "[") this.list(depth);
    else if (c === '"') this.string();
    else if (c === "") throw new Fault(this.at, "the text ends where a value should be");
    else this.scalar(c);
  }

  private object(depth: number): void {
    this.at++;
    if (this.peek() === "}") return void this.at++;
    for (;;) {
      const c = this.peek();
      if (c !== '"')
        throw new Fault(
          this.at,
          c === "" ? "the text ends inside an object" : (this.comment() ?? "a quoted name is missing (a comma too many, or quotes missing)"),
        );
      this.string();
      if (this.peek() !== ":") throw new Fault(this.at, "a colon is missing");
      this.at++;
      this.value(depth + 1);
      if (this.next("}", "a comma or a closing brace } is missing")) return;
    }
  }

  private list(depth: number): void {
    this.at++;
    if (this.peek() === "]") return void this.at++;
    for (;;) {
      if (this.peek() === "]") throw new Fault(this.at, "a value is missing (a comma too many)");
      this.value(depth + 1);
      if (this.next("]", "a comma or a closing bracket ] is missing")) return;
    }
  }

  /** True after the closing bracket, false after a comma. */
  private next(close: string, reason: string): boolean {
    const c = this.peek();
    if (c !== close && c !== ",") throw new Fault(this.at, this.comment() ?? reason);
    this.at++;
    return c === close;
  }

  private string(): void {
    const open = this.at++;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (Number.isNaN(code)) throw new Fault(this.text.length, `the text that opens at character ${open + 1} has no closing quote`);
      if (code === 34) return void this.at++;
      if (code < 32) throw new Fault(this.at, "a line break or control character inside a text");
      if (code === 92) this.escape();
      else this.at++;
    }
  }

  private escape(): void {
    const c = this.text[this.at + 1] ?? "";
    if (c === "") throw new Fault(this.text.length, "the text ends after a backslash");
    if (c === "u") {
      if (!/^[\da-fA-F]{4}$/.test(this.text.slice(this.at + 2, this.at + 6))) throw new Fault(this.at, "a \\u escape without four hex digits");
      this.at += 6;
    } else if ('"\\/bfnrt'.includes(c)) this.at += 2;
    else throw new Fault(this.at, "an unknown escape after a backslash");
  }

  private scalar(c: string): void {
    for (const word of ["true", "false", "null"]) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return;
    }
    NUMBER.lastIndex = this.at;
    const number = NUMBER.exec(this.text);
    if (number) {
      this.at += number[0].length;
      return;
    }
    if (c === "'") throw new Fault(this.at, "single quotes, where JSON has double ones");
    WORD.lastIndex = this.at;
    throw new Fault(this.at, this.comment() ?? (WORD.test(this.text) ? "a word that is neither quoted nor true, false or null" : "a value is missing"));
  }
}
