import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTls } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import * as ort from "onnxruntime-node";

/** One request as the server saw it. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly binary: boolean;
  readonly id?: string;
}

export interface FakeOptions {
  /** Folder of an exported model (with `1/model.onnx`). */
  readonly folder: string;
  readonly name?: string;
  /** Extensions it announces; binary tensors are understood unless `jsonOnly`. */
  readonly extensions?: readonly string[];
  readonly jsonOnly?: boolean;
  /** It understands bytes and answers in JSON (as KServe does). */
  readonly answersJson?: boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Other metadata than the model's. */
  readonly metadata?: (own: Record<string, unknown>) => unknown;
  /** Called for each inference (counted from 0) before it is computed: true = it has dealt with the response itself. */
  readonly fault?: (n: number, response: ServerResponse, request: IncomingMessage) => boolean | Promise<boolean>;
  /** Changes an answer before it is written. */
  readonly twist?: (n: number, outputs: Output[], head: Record<string, unknown>) => void;
}

export interface Output {
  name: string;
  datatype: string;
  shape: number[];
  data: number[];
}

/** A server of the Open Inference Protocol v2 in the test's own process, over an exported model. */
export class FakeServer {
  readonly seen: Seen[] = [];
  inferences = 0;
  /** Most inferences that were under way at once. */
  most = 0;
  private under = 0;
  private port = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly options: FakeOptions,
    private readonly server: Server,
    private readonly session: ort.InferenceSession,
  ) {}

  static async start(options: FakeOptions): Promise<FakeServer> {
    const session = await ort.InferenceSession.create(join(options.folder, "1", "model.onnx"), { intraOpNumThreads: 1 });
    const listener = (request: IncomingMessage, response: ServerResponse) => void fake.answer(request, response);
    const server = options.tls ? createTls(options.tls, listener) : createServer(listener);
    const fake = new FakeServer(options, server as Server, session);
    server.on("connection", (socket: Socket) => {
      fake.sockets.add(socket);
      socket.on("close", () => fake.sockets.delete(socket));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    fake.port = (server.address() as AddressInfo).port;
    return fake;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `${this.options.tls ? "https" : "http"}://${this.host}/v2/models/${this.options.name ?? "tiny"}`;
  }

  private stopped = false;
  private computing = 0;

  /** Ends at once, connections included, as a killed process does. */
  kill(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  async stop(): Promise<void> {
    this.kill();
    this.stopped = true;
    // What is being computed ends first; the session knows nothing of it.
    for (let i = 0; i < 100 && this.computing > 0; i++) await new Promise((go) => setTimeout(go, 10));
    await this.session.release();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const path = request.url ?? "";
    const length = request.headers["inference-header-content-length"];
    const base = `/v2/models/${this.options.name ?? "tiny"}`;
    const say = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    const note = (id?: string) => this.seen.push({ path, headers: request.headers, binary: length !== undefined, ...(id === undefined ? {} : { id }) });
    if (path === "/v2") {
      note();
      return say(200, { name: "fake", version: "1", extensions: this.options.extensions ?? [] });
    }
    if (path === `${base}/ready`) {
      note();
      return say(200, { name: "tiny", ready: true });
    }
    if (path === base) {
      note();
      const own = this.own();
      return say(200, this.options.metadata?.(own) ?? own);
    }
    if (path !== `${base}/infer`) {
      note();
      return say(404, { error: "no such thing" });
    }
    if (this.options.jsonOnly && length !== undefined) {
      note();
      return say(422, { detail: "not JSON" });
    }
    const n = this.inferences++;
    this.most = Math.max(this.most, ++this.under);
    try {
      if (await this.options.fault?.(n, response, request)) return;
      const head = JSON.parse(body.subarray(0, length === undefined ? body.length : Number(length)).toString()) as {
        id: string;
        inputs: { name: string; shape: number[]; datatype: string; data?: unknown[]; parameters?: { binary_data_size: number } }[];
        outputs: { name: string; parameters?: { binary_data: boolean } }[];
      };
      note(head.id);
      let at = Number(length ?? 0);
      const feeds: Record<string, ort.Tensor> = {};
      for (const { name, shape, datatype, data, parameters } of head.inputs) {
        const bytes = parameters && Uint8Array.from(body.subarray(at, at + parameters.binary_data_size)).buffer;
        at += parameters?.binary_data_size ?? 0;
        if (datatype === "INT64")
          feeds[name] = new ort.Tensor("int64", bytes ? new BigInt64Array(bytes) : BigInt64Array.from((data as number[]).map(BigInt)), shape);
        else feeds[name] = new ort.Tensor("float32", bytes ? new Float32Array(bytes) : Float32Array.from(data as number[]), shape);
      }
      const wanted = head.outputs.map(({ name }) => name);
      if (this.stopped) return;
      this.computing++;
      const found = await this.session.run(feeds, wanted).finally(() => this.computing--);
      const outputs = wanted.map((name): Output => {
        const { type, dims, data } = found[name]!;
        return { name, datatype: type === "int64" ? "INT64" : "FP32", shape: [...dims], data: Array.from(data as Float32Array, Number) };
      });
      const meta: Record<string, unknown> = { model_name: "tiny", id: head.id };
      this.options.twist?.(n, outputs, meta);
      if (length === undefined || this.options.answersJson) return say(200, { ...meta, outputs });
      const buffers = outputs.map(({ datatype, data }) =>
        datatype === "INT64" ? Buffer.from(BigInt64Array.from(data.map(BigInt)).buffer) : Buffer.from(Float32Array.from(data).buffer),
      );
      const json = Buffer.from(
        JSON.stringify({ ...meta, outputs: outputs.map(({ data: _, ...rest }, i) => ({ ...rest, parameters: { binary_data_size: buffers[i]!.length } })) }),
      );
      response.writeHead(200, { "content-type": "application/octet-stream", "inference-header-content-length": String(json.length) });
      response.end(Buffer.concat([json, ...buffers]));
    } finally {
      this.under--;
    }
  }

  private own(): Record<string, unknown> {
    const tensor = (one: ort.InferenceSession.ValueMetadata) => ({
      name: one.name,
      datatype: one.isTensor && one.type === "int64" ? "INT64" : "FP32",
      shape: one.isTensor ? one.shape.map((size) => (typeof size === "number" ? size : -1)) : [],
    });
    return { name: "tiny", platform: "onnxruntime_onnx", inputs: this.session.inputMetadata.map(tensor), outputs: this.session.outputMetadata.map(tensor) };
  }
}
