import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { FLOAT, modelProto, nodeProto, tensorProto, valueProto } from "./onnx.js";
import type { RealProvider } from "./providers.js";

/** A driver may need seconds for its first start, and for ever when it is broken. */
const MOST_MS = 30_000;

const known = new Map<RealProvider, Promise<string | undefined>>();

/**
 * Opens and runs the smallest model with a provider, in a process of its own: a driver that ends the process ends that one.
 * Asked once a provider as long as the engine lives.
 * @returns why it does not work, in the runtime's words; undefined when it does
 */
export function probeProvider(provider: RealProvider): Promise<string | undefined> {
  let answer = known.get(provider);
  if (!answer) {
    answer = run(provider);
    known.set(provider, answer);
  }
  return answer;
}

/** Read by the child; it knows nothing of us but the runtime's place. */
const PROGRAM = `
const [path, provider, model] = process.argv.slice(-3);
const ort = require(path);
ort.env.logLevel = "fatal";
(async () => {
  const session = await ort.InferenceSession.create(Buffer.from(model, "base64"), { executionProviders: [provider], logSeverityLevel: 4 });
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(1, 2), [1, 2]) });
  if (y.data[0] !== 7 || y.data[1] !== 10) throw new Error("it computes wrongly");
})().then(() => process.exit(0), (error) => process.stdout.write(String(error && error.message || error).slice(0, 2000), () => process.exit(9)));
`;

function run(provider: RealProvider): Promise<string | undefined> {
  let runtime: string;
  try {
    runtime = createRequire(__filename).resolve("onnxruntime-node");
  } catch {
    return Promise.resolve("onnxruntime-node is not installed");
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["-e", PROGRAM, "--", runtime, provider, smallest()], { stdio: ["ignore", "pipe", "ignore"], windowsHide: true });
    let told = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), MOST_MS);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      told = (told + text).slice(0, 4000);
    });
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(undefined);
      else if (code === 9) resolve(told.replace(/\s+/g, " ").trim() || "it refused");
      else resolve(signal === "SIGKILL" ? `it did not answer within ${MOST_MS / 1000} seconds` : `it ended the process (${signal ?? `exit code ${code}`})`);
    });
  });
}

/** y = x · [[1, 2], [3, 4]] */
function smallest(): string {
  const weights = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  const bytes = modelProto({
    nodes: [nodeProto({ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] })],
    initializers: [tensorProto("w", FLOAT, [2, 2], weights)],
    inputs: [valueProto("x", FLOAT, [1, 2])],
    outputs: [valueProto("y", FLOAT, [1, 2])],
    opsets: new Map([["", 17]]),
  });
  return Buffer.from(bytes).toString("base64");
}
