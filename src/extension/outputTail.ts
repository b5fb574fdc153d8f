/** Colour codes and other terminal sequences, which native libraries write. */
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;

/** The last `limit` characters a process wrote; a flood costs no more memory than that. */
export class OutputTail {
  private text = "";

  constructor(private readonly limit = 65_536) {}

  add(chunk: string): void {
    const joined = this.text + (chunk.length > this.limit ? chunk.slice(-this.limit) : chunk);
    this.text = joined.length > this.limit ? joined.slice(-this.limit) : joined;
  }

  /** Without terminal sequences and control characters. */
  read(): string {
    return this.text
      .replace(ANSI, "")
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "")
      .trim();
  }
}
