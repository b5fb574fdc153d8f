/** Writer of protobuf messages: pieces are collected, sizes added up, bytes joined once. */
export class WireWriter {
  private readonly pieces: Uint8Array[] = [];
  size = 0;

  bytes(piece: Uint8Array): this {
    this.pieces.push(piece);
    this.size += piece.length;
    return this;
  }

  integer(field: number, value: number | bigint): this {
    return this.bytes(varint(field * 8)).bytes(varint(value));
  }

  float(field: number, value: number): this {
    const piece = new Uint8Array(4);
    new DataView(piece.buffer).setFloat32(0, value, true);
    return this.bytes(varint(field * 8 + 5)).bytes(piece);
  }

  field(field: number, content: Uint8Array | WireWriter | string): this {
    const inner = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.bytes(varint(field * 8 + 2));
    if (inner instanceof WireWriter) {
      this.bytes(varint(inner.size));
      for (const piece of inner.pieces) this.bytes(piece);
    } else this.bytes(varint(inner.length)).bytes(inner);
    return this;
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const piece of this.pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}

function varint(value: number | bigint): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(out);
}
