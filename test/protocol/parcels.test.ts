import { serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import {
  type Chunk,
  checkEnvelope,
  type Envelope,
  MOST_MESSAGE_BYTES,
  MOST_OPEN,
  Parcels,
  PROTOCOL,
  Rpc,
  splitMessage,
  type Wire,
} from "../../src/protocol/index.js";

const answer = (result: unknown): Envelope => ({ v: PROTOCOL, kind: "answer", id: 1, result });
const size = (message: unknown) => serialize(message).byteLength;

/** As the other side gets it: copied, checked, put together. */
function arrive(messages: Iterable<Envelope | Chunk>): Envelope | string | undefined {
  const parcels = new Parcels();
  let last: Envelope | string | undefined;
  for (const message of messages) {
    const checked = checkEnvelope(structuredClone(message));
    last = typeof checked === "string" ? checked : checked.kind === "chunk" ? parcels.take(checked) : parcels.join(checked);
    if (typeof last === "string") return last;
  }
  return last;
}

/** Equal, columns byte by byte: comparing element by element takes seconds. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_, one) =>
    ArrayBuffer.isView(one) ? `${one.constructor.name} ${Buffer.from(one.buffer, one.byteOffset, one.byteLength).toString("base64")}` : one,
  );
const same = (a: unknown, b: unknown): boolean => plain(a) === plain(b);

const large = () => ({
  rows: { count: 3, score: Float32Array.from({ length: 2_600_001 }, (_, i) => (i % 7 === 0 ? Number.NaN : i)), id: Uint32Array.from([1, 2, 3]) },
  pictures: [{ id: "a" }, { id: "b", x: new Float64Array(300_000).fill(0.25), names: ["x", "ü\u{1F600}".repeat(400_000)] }],
  list: Array.from({ length: 1000 }, (_, i) => i),
  none: null,
});

describe("large messages", () => {
  it("travel in parts below 4 MB and arrive as they were", () => {
    const messages = [...splitMessage(answer(large()), 7)];
    expect(messages.length).toBeGreaterThan(6);
    for (const message of messages) expect(size(message)).toBeLessThan(MOST_MESSAGE_BYTES);
    const arrived = arrive(messages);
    expect(same(arrived, answer(large()))).toBe(true);
    expect(Object.keys(arrived as object)).not.toContain("parcels");
  });

  it("leave what was sent as it was, and small messages alone", () => {
    const result = large();
    for (const _ of splitMessage(answer(result), 1));
    expect(same(result, large())).toBe(true);
    const small = answer({ score: new Float32Array(200_000) });
    expect([...splitMessage(small, 1)]).toHaveLength(1);
    expect([...splitMessage(small, 1)][0]).toBe(small);
    const text = answer("x".repeat(3_000_000));
    expect(same(arrive(splitMessage(text, 2)), text)).toBe(true);
  });

  it("are refused when parts are missing, out of order, of another size, or have no place", () => {
    const messages = () => structuredClone([...splitMessage(answer(large()), 7)]);
    expect(arrive(messages().slice(1))).toContain("does not follow");
    expect(arrive(messages().filter((_, i) => i !== 1))).toContain("does not follow");
    expect(arrive(messages().slice(-1))).toContain("missing");
    const bad = messages();
    const last = bad.at(-1) as Envelope & { parcels: { path: (string | number)[] }[] };
    last.parcels[0]!.path = ["result", "constructor", "prototype"];
    expect(arrive(bad)).toContain("no place");
    expect(arrive([{ ...(messages()[0] as Chunk), of: 5 }])).toContain("does not follow");
    expect(checkEnvelope({ v: PROTOCOL, kind: "chunk", transfer: 1, parcel: 0, at: 0, of: 9_000_000, part: new Uint8Array(5_000_000) })).toContain("no part");
  });

  it("cross a wire between two ends, both ways, with small ones in between", async () => {
    const ends: ((message: unknown) => void)[] = [];
    let most = 0;
    const wire = (me: number): Wire => ({
      post: (message) => {
        most = Math.max(most, size(message));
        queueMicrotask(() => ends[1 - me]!(structuredClone(message)));
      },
      onMessage: (listener) => {
        ends[me] = listener;
      },
    });
    type Methods = { echo: { params: { values: Float32Array }; result: Float32Array }; ping: { params: Record<string, never>; result: number } };
    const asker = new Rpc<Methods, object, object, object>(wire(0), {});
    new Rpc<object, object, Methods, object>(wire(1), { echo: ({ values }) => values, ping: () => 1 });
    const values = Float32Array.from({ length: 3_000_000 }, (_, i) => i);
    const [echo, ping] = await Promise.all([asker.ask("echo", { values }), asker.ask("ping", {})]);
    expect(echo.length === values.length && echo.every((value, i) => value === values[i])).toBe(true);
    expect(ping).toBe(1);
    expect(most).toBeLessThan(MOST_MESSAGE_BYTES);
  });

  it("that were begun and never ended make room for later ones", () => {
    const parcels = new Parcels();
    const text = (fill: string) => answer(fill.repeat(3_000_000));
    // One more than may wait: the first is given up, the others are not.
    const begun = Array.from({ length: MOST_OPEN + 1 }, (_, i) => [...splitMessage(text(String(i)), i)]);
    for (const parts of begun) for (const part of parts.slice(0, -1)) expect(parcels.take(part as Chunk)).toBeUndefined();
    const ends = begun.map((parts) => parcels.join(parts.at(-1) as Envelope));
    expect(ends[0]).toContain("missing");
    for (const [i, end] of ends.entries()) if (i > 0) expect(same(end, text(String(i)))).toBe(true);
  });
});
