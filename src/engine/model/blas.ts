import type { Blas } from "../lenses/lens.js";
import { FLOAT, modelProto, nodeProto, valueProto } from "./onnx.js";
import { createSession, type Session } from "./runtime.js";

/** Multiplications up to which a product is done on one thread: waking another costs more than it saves. */
const SMALL = 5e7;

/** Y = A times B, either transposed, or C less that. */
function productModel(transposeA: boolean, transposeB: boolean, taken: boolean): Uint8Array {
  const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, ...(taken ? { alpha: { float: -1 } } : {}) };
  return modelProto({
    nodes: [nodeProto({ op: "Gemm", inputs: taken ? ["a", "b", "c"] : ["a", "b"], outputs: ["y"], attributes })],
    initializers: [],
    inputs: [
      valueProto("a", FLOAT, transposeA ? ["k", "n"] : ["n", "k"]),
      valueProto("b", FLOAT, transposeB ? ["m", "k"] : ["k", "m"]),
      ...(taken ? [valueProto("c", FLOAT, ["n", "m"])] : []),
    ],
    outputs: [valueProto("y", FLOAT, ["n", "m"])],
    opsets: new Map([["", 13]]),
  });
}

/** Matrix products on the runtime: a session for each form, on one thread and on all, made when first needed. */
export async function createBlas(): Promise<Blas & { close(): Promise<void> }> {
  const sessions = new Map<string, Promise<Session>>();
  return {
    async matmul(a, b, n, k, m, transposeB = false, { transposeA = false, into, from } = {}) {
      if (a.length !== n * k || b.length !== k * m) throw new RangeError(`matmul: ${a.length} and ${b.length} numbers do not fit ${n} x ${k} and ${k} x ${m}`);
      if (into && into.length !== n * m) throw new RangeError(`matmul: ${into.length} numbers are no room for ${n} x ${m}`);
      if (from && from.length !== n * m) throw new RangeError(`matmul: ${from.length} numbers are not ${n} x ${m}`);
      if (n === 0 || k === 0 || m === 0) return emptyProduct(into ?? new Float32Array(n * m), from);
      const small = n * k * m <= SMALL;
      const key = `${transposeA} ${transposeB} ${small} ${from !== undefined}`;
      let session = sessions.get(key);
      if (!session) {
        session = createSession(productModel(transposeA, transposeB, from !== undefined), { provider: "cpu", ...(small ? { threads: 1 } : {}) });
        sessions.set(key, session);
      }
      const tensor = (data: Float32Array, rows: number, columns: number) => ({ type: "float32" as const, dims: [rows, columns], data });
      const feeds = new Map([
        ["a", transposeA ? tensor(a, k, n) : tensor(a, n, k)],
        ["b", transposeB ? tensor(b, m, k) : tensor(b, k, m)],
      ]);
      if (from) feeds.set("c", tensor(from, n, m));
      const [product] = await (await session).run(feeds, ["y"], into ? new Map([["y", tensor(into, n, m)]]) : undefined);
      return product!.data as Float32Array;
    },
    async close() {
      for (const session of sessions.values()) await (await session).release();
      sessions.clear();
    },
  };
}

function emptyProduct(out: Float32Array, from: Float32Array | undefined): Float32Array {
  if (from) out.set(from);
  else out.fill(0);
  return out;
}
