/** Just enough of Parquet to build fixtures: optional UTF-8 columns, PLAIN, uncompressed, one page a column and row group. */

type Cell = string | null;

/** Thrift compact protocol: struct fields in rising order. */
class Thrift {
  private readonly out: number[] = [];
  private last = 0;

  varint(value: number): this {
    let v = BigInt(value);
    while (v >= 128n) {
      this.out.push(Number(v & 127n) | 128);
      v >>= 7n;
    }
    this.out.push(Number(v));
    return this;
  }

  private field(id: number, type: number): this {
    this.out.push(((id - this.last) << 4) | type);
    this.last = id;
    return this;
  }

  int(id: number, value: number, type: 5 | 6 = 5): this {
    return this.field(id, type).varint(value * 2);
  }

  text(id: number, value: string): this {
    const bytes = Buffer.from(value);
    this.field(id, 8).varint(bytes.length);
    this.out.push(...bytes);
    return this;
  }

  struct(id: number, inner: Thrift): this {
    this.field(id, 12).out.push(...inner.end());
    return this;
  }

  list(id: number, type: number, items: readonly Uint8Array[]): this {
    this.field(id, 9);
    if (items.length < 15) this.out.push((items.length << 4) | type);
    else {
      this.out.push(0xf0 | type);
      this.varint(items.length);
    }
    for (const item of items) this.out.push(...item);
    return this;
  }

  end(): Uint8Array {
    return Uint8Array.from([...this.out, 0]);
  }
}

const name = (text: string): Uint8Array => Uint8Array.from([Buffer.byteLength(text), ...Buffer.from(text)]);
const zigzag = (value: number): Uint8Array => Uint8Array.from([value * 2]);

function page(cells: readonly Cell[], claimedSize?: number): Buffer {
  const levels = Buffer.from(cells.map((cell) => (cell === null ? 0 : 1)));
  // Definition levels as RLE runs of one value each, bit width 1.
  const runs = Buffer.from([...levels].flatMap((level) => [2, level]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(runs.length);
  const values = cells.flatMap((cell) => {
    if (cell === null) return [];
    const bytes = Buffer.from(cell);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    return [size, bytes];
  });
  const body = Buffer.concat([length, runs, ...values]);
  const data = new Thrift().int(1, cells.length).int(2, 0).int(3, 3).int(4, 3);
  const header = new Thrift()
    .int(1, 0)
    .int(2, claimedSize ?? body.length)
    .int(3, body.length)
    .struct(5, data);
  return Buffer.concat([header.end(), body]);
}

export interface ParquetFaults {
  /** Size that the page headers claim for their unpacked data. */
  readonly claimedSize?: number;
  /** Thrift number of the codec that the footer names. */
  readonly codec?: number;
}

/** @param groups row groups, each a list of rows. */
export function writeParquet(columns: readonly string[], groups: readonly (readonly (readonly Cell[])[])[], faults: ParquetFaults = {}): Buffer {
  const parts: Buffer[] = [Buffer.from("PAR1")];
  let at = 4;
  const rowGroups = groups.map((rows) => {
    const chunks = columns.map((column, c) => {
      const bytes = page(
        rows.map((row) => row[c] ?? null),
        faults.claimedSize,
      );
      const meta = new Thrift()
        .int(1, 6)
        .list(2, 5, [zigzag(0), zigzag(3)])
        .list(3, 8, [name(column)])
        .int(4, faults.codec ?? 0)
        .int(5, rows.length, 6)
        .int(6, bytes.length, 6)
        .int(7, bytes.length, 6)
        .int(9, at, 6);
      parts.push(bytes);
      const chunk = new Thrift().int(2, at, 6).struct(3, meta).end();
      at += bytes.length;
      return chunk;
    });
    return new Thrift().list(1, 12, chunks).int(2, 1000, 6).int(3, rows.length, 6).end();
  });
  const schema = [
    new Thrift().text(4, "schema").int(5, columns.length).end(),
    ...columns.map((column) => new Thrift().int(1, 6).int(3, 1).text(4, column).int(6, 0).end()),
  ];
  const total = groups.reduce((sum, rows) => sum + rows.length, 0);
  const footer = Buffer.from(new Thrift().int(1, 1).list(2, 12, schema).int(3, total, 6).list(4, 12, rowGroups).end());
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, Buffer.from("PAR1")]);
}
