import { describe, expect, it } from "vitest";
import { agreedEngines } from "../../../src/cli/engines.js";
import { addressesOf, addressOf, hostsBeyond } from "../../../src/engine/remote/address.js";
import { decodeAnswer, encodeRequest } from "../../../src/engine/remote/tensors.js";
import { problemOf } from "../../../src/protocol/index.js";

describe("addresses of servers", () => {
  it.each([
    ["http://localhost:8000/v2/models/a", "localhost:8000", "/v2/models/a", true],
    ["https://gpu.example.test/v2/models/a/versions/3/", "gpu.example.test:443", "/v2/models/a/versions/3", false],
    ["http://gpu.example.test/serving/x/v2/models/a/infer", "gpu.example.test:80", "/serving/x/v2/models/a", false],
    ["http://[::1]:8000/v2/models/a", "[::1]:8000", "/v2/models/a", true],
    ["http://127.1.2.3:1/v2/models/a", "127.1.2.3:1", "/v2/models/a", true],
    ["http://127.0.0.1.example.test/v2/models/a", "127.0.0.1.example.test:80", "/v2/models/a", false],
  ])("%s", (text, host, path, loopback) => {
    expect(addressOf(text)).toMatchObject({ host, path, loopback });
  });

  it.each([
    "gpu:8000/v2/models/a",
    "ftp://gpu/v2/models/a",
    "http://gpu:8000",
    "http://gpu:8000/v1/models/a",
    "http://user:hidden@gpu/v2/models/a",
    "http://gpu/v2/models/a?token=hidden",
    "nonsense",
  ])("%s is refused, and what may be secret in it is not repeated", (text) => {
    const problem = (() => {
      try {
        addressOf(text);
      } catch (error) {
        return problemOf(error);
      }
    })();
    expect(problem?.code).toBe("remote/address");
    expect(JSON.stringify(problem)).not.toContain("hidden");
  });

  it("each is asked once; hosts beyond this machine are known", () => {
    const all = ["http://gpu/v2/models/a", "http://gpu:80/v2/models/a/", "http://localhost/v2/models/a"];
    expect(addressesOf(all)).toHaveLength(2);
    expect(hostsBeyond(all)).toEqual(["gpu:80"]);
  });

  it("the command line goes on for this machine and for --yes, and not where nobody can be asked", async () => {
    expect(await agreedEngines(undefined, false)).toEqual({ refused: false });
    expect(await agreedEngines(["http://localhost:1/v2/models/a"], false)).toEqual({ endpoints: ["http://localhost:1/v2/models/a"], refused: false });
    expect(await agreedEngines(["https://gpu/v2/models/a"], true)).toEqual({ endpoints: ["https://gpu/v2/models/a"], refused: false });
    if (!process.stdin.isTTY) await expect(agreedEngines(["https://gpu/v2/models/a"], false)).rejects.toThrow(/Nobody can be asked whether gpu:443/);
  });
});

describe("tensors on the wire", () => {
  const one = new Map([["x", { type: "float32" as const, dims: [1, 2], data: Float32Array.of(1.5, -2) }]]);
  it("follow the JSON as little-endian bytes", () => {
    const { body, headers } = encodeRequest("7", one, ["y"], true);
    const head = Number(headers["inference-header-content-length"]);
    expect(JSON.parse(body.subarray(0, head).toString())).toEqual({
      id: "7",
      inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", parameters: { binary_data_size: 8 } }],
      outputs: [{ name: "y", parameters: { binary_data: true } }],
    });
    expect([body.readFloatLE(head), body.readFloatLE(head + 4)]).toEqual([1.5, -2]);
  });

  it("are read nested, bare NaN and null included, and never past their shape", () => {
    const answer = (data: string, shape = "[2, 2]") => Buffer.from(`{"outputs": [{"name": "y", "datatype": "FP32", "shape": ${shape}, "data": ${data}}]}`);
    expect([...decodeAnswer(answer("[[1, NaN], [null, -Infinity]]"), undefined).outputs.get("y")!.data]).toEqual([1, Number.NaN, Number.NaN, Number.NaN]);
    expect(() => decodeAnswer(answer("[1, 2, 3]"), undefined)).toThrow(/3 numbers where its shape has 4/);
    expect(() => decodeAnswer(answer("[1, 2, 3, 4, 5]"), undefined)).toThrow(/more numbers/);
    expect(() => decodeAnswer(answer("[1]", "[-1]"), undefined)).toThrow(/shape/);
    expect(() => decodeAnswer(answer("[1]", "[1]"), "9999")).toThrow(/another length/);
  });
});
