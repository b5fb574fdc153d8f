import { cutOff, malformed, overLimit } from "./errors.js";
import { LIMITS } from "./limits.js";
import type { ByteSource } from "./source.js";

const text = new TextDecoder();

/**
 * Reader of one protobuf message that lies at [pos, end) of a source. It never calls itself: whoever wants the inside of
 * a field asks for `message()`, which counts the depth. Nothing is copied but what is asked for.
 */
export class WireReader {
  field = 0;
  type = 0;
  private chunk: Uint8Array = new Uint8Array(0);
  private chunkStart = 0;

  constructor(
    readonly source: ByteSource,
    public pos: number,
    readonly end: number,
    readonly depth = 0,
  ) {
    if (depth > LIMITS.depth) throw malformed(source.name, pos, `messages nested more than ${LIMITS.depth} deep`);
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.pos >= this.end) return false;
    const start = this.pos;
    const tag = this.varint();
    this.field = Math.floor(tag / 8);
    this.type = tag % 8;
    if (this.field === 0 || this.field > 0x1fffffff) throw malformed(this.source.name, start, "a field without a number");
    if (this.type === 3 || this.type === 4) throw malformed(this.source.name, start, "a group, which ONNX does not use,");
    if (this.type > 5) throw malformed(this.source.name, start, `an unknown wire type ${this.type}`);
    return true;
  }

  /** Unsigned up to 2^53, else as close as a double comes; use `int64` for signed fields. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw malformed(this.source.name, this.pos, "a number of more than 10 bytes");
  }

  /** A signed 64-bit field; exact within ±2^53. */
  int64(): number {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else if (i < 9) high |= bits << (7 * i - 32);
      else high |= bits << 31;
      if (byte < 0x80) return (high | 0) * 4294967296 + (low >>> 0);
    }
    throw malformed(this.source.name, this.pos, "a number of more than 10 bytes");
  }

  float(): number {
    return this.fixed(4).getFloat32(0, true);
  }

  /** The extent of a length-delimited field; moves past it. */
  range(): { start: number; end: number } {
    if (this.type !== 2) throw malformed(this.source.name, this.pos, `field ${this.field} of an unexpected kind`);
    const length = this.varint();
    const start = this.pos;
    const end = start + length;
    if (end > this.source.size) throw cutOff(this.source.name, this.source.size, end);
    if (end > this.end) throw malformed(this.source.name, start, "a field that is longer than what holds it");
    this.pos = end;
    return { start, end };
  }

  message(): WireReader {
    const { start, end } = this.range();
    return new WireReader(this.source, start, end, this.depth + 1);
  }

  text(limit: number = LIMITS.nameBytes): string {
    const { start, end } = this.range();
    if (end - start > limit) throw overLimit(this.source.name, `bytes in a name (at byte ${start})`, limit);
    return text.decode(this.source.view(start, end));
  }

  /** Integers of a repeated field, packed or not. */
  integers(into: number[], most: number): void {
    const add = (value: number) => {
      if (into.length >= most) throw overLimit(this.source.name, `entries in a list (at byte ${this.pos})`, most);
      into.push(value);
    };
    if (this.type === 0) {
      add(this.int64());
      return;
    }
    const inner = this.message();
    while (inner.pos < inner.end) add(inner.int64());
  }

  /** A varint or fixed field that is a plain number elsewhere but is asked for as an integer. */
  integer(): number {
    if (this.type !== 0) throw malformed(this.source.name, this.pos, `field ${this.field} of an unexpected kind`);
    return this.int64();
  }

  skip(): void {
    if (this.type === 0) this.varint();
    else if (this.type === 2) this.range();
    else this.fixed(this.type === 1 ? 8 : 4);
  }

  private fixed(bytes: number): DataView {
    const start = this.pos;
    const end = start + bytes;
    if (end > this.source.size) throw cutOff(this.source.name, this.source.size, end);
    if (end > this.end) throw malformed(this.source.name, start, "a field that is longer than what holds it");
    this.pos = end;
    const view = this.source.view(start, end);
    return new DataView(view.buffer, view.byteOffset, bytes);
  }

  private byte(): number {
    if (this.pos >= this.end) {
      if (this.pos >= this.source.size) throw cutOff(this.source.name, this.source.size, this.pos + 1);
      throw malformed(this.source.name, this.pos, "a number that is longer than what holds it");
    }
    let at = this.pos - this.chunkStart;
    if (at < 0 || at >= this.chunk.length) {
      this.chunk = this.source.view(this.pos, Math.min(this.end, this.pos + 64));
      this.chunkStart = this.pos;
      at = 0;
      // The file became shorter while it was read.
      if (this.chunk.length === 0) throw cutOff(this.source.name, this.pos, this.end);
    }
    this.pos++;
    return this.chunk[at]!;
  }
}
