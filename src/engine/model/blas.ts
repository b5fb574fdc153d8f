import type { Blas } from "../lenses/lens.js";
import { FLOAT, modelProto, nodeProto, valueProto } from "./onnx.js";
import { createSession, type Session } from "./runtime.js";

/** Y = A times B, or A times B transposed. */
function productModel(transposeB: boolean): Uint8Array {
  return modelProto({
    nodes: [nodeProto({ op: "Gemm", inputs: ["a", "b"], outputs: ["y"], attributes: { transB: transposeB ? 1 : 0 } })],
    initializers: [],
    inputs: [valueProto("a", FLOAT, ["n", "k"]), valueProto("b", FLOAT, transposeB ? ["m", "k"] : ["k", "m"])],
    outputs: [valueProto("y", FLOAT, ["n", "m"])],
    opsets: new Map([["", 13]]),
  });
}

/** Matrix products on the runtime: one session for each of the two forms, made when first needed. */
export async function createBlas(): Promise<Blas & { close(): Promise<void> }> {
  const sessions = new Map<boolean, Promise<Session>>();
  return {
    async matmul(a, b, n, k, m, transposeB = false) {
      if (a.length !== n * k || b.length !== k * m) throw new RangeError(`matmul: ${a.length} and ${b.length} numbers do not fit ${n} x ${k} and ${k} x ${m}`);
      if (n === 0 || k === 0 || m === 0) return new Float32Array(n * m);
      let session = sessions.get(transposeB);
      if (!session) {
        session = createSession(productModel(transposeB), { provider: "cpu" });
        sessions.set(transposeB, session);
      }
      const feeds = new Map([
        ["a", { type: "float32" as const, dims: [n, k], data: a }],
        ["b", { type: "float32" as const, dims: transposeB ? [m, k] : [k, m], data: b }],
      ]);
      const [product] = await (await session).run(feeds, ["y"]);
      return product!.data as Float32Array;
    },
    async close() {
      for (const session of sessions.values()) await (await session).release();
      sessions.clear();
    },
  };
}
