import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bench, checkAccelerators } from "../../../src/engine/model/accelerators.js";
import { noRuntime } from "../../../src/engine/model/errors.js";
import { howToGet, RUNTIME } from "../../../src/engine/model/how-to-get.js";
import { BINARIES, type Machine, noRuntimeFor, thisMachine } from "../../../src/engine/model/platform.js";
import type { RealProvider } from "../../../src/engine/model/providers.js";
import { ProblemError } from "../../../src/protocol/index.js";

const ROOT = resolve(import.meta.dirname, "..", "..", "..");
const linux: Machine = { platform: "linux", arch: "x64", libc: "2.36" };

describe("platforms without a binary", () => {
  it("are told in one sentence each; the others are not", () => {
    const sentence = (machine: Machine) => noRuntimeFor(machine)?.message;
    expect(sentence({ platform: "darwin", arch: "x64" })).toBe("ONNX Runtime has no build for Macs with an Intel processor, so no model can run here.");
    expect(sentence({ platform: "linux", arch: "x64", libc: "musl" })).toBe(
      "ONNX Runtime's builds need glibc; this Linux has musl (Alpine), so no model can run here.",
    );
    expect(sentence({ platform: "linux", arch: "arm64", libc: "musl" })).toBe(
      "ONNX Runtime's builds need glibc; this Linux has musl (Alpine), so no model can run here.",
    );
    expect(sentence({ platform: "linux", arch: "arm", libc: "2.36" })).toBe("ONNX Runtime has no build for linux on arm, so no model can run here.");
    expect(sentence({ platform: "freebsd", arch: "x64" })).toBe("ONNX Runtime has no build for freebsd on x64, so no model can run here.");
    expect(sentence({ platform: "linux", arch: "x64", libc: "2.17" })).toBe(
      "ONNX Runtime's builds need glibc 2.28 or newer; this system has 2.17, so no model can run here.",
    );
    for (const machine of [linux, { ...linux, libc: "2.28" }, { platform: "win32", arch: "arm64" }, { platform: "darwin", arch: "arm64" }])
      expect(sentence(machine)).toBeUndefined();
    expect(noRuntimeFor(thisMachine())).toBeUndefined();
  });

  it("what is known is what the package holds", () => {
    const bin = join(ROOT, "node_modules", "onnxruntime-node", "bin", "napi-v6");
    const held = readdirSync(bin).flatMap((platform) => readdirSync(join(bin, platform)).map((arch) => `${platform}/${arch}`));
    expect(held.sort()).toEqual([...BINARIES]);
    expect(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).dependencies["onnxruntime-node"]).toBe(RUNTIME);
  });

  it("a library that does not load says why, with the loader's words as details only", () => {
    const { problem } = noRuntime({ platform: "darwin", arch: "x64" }, "dlopen failed");
    expect(problem).toMatchObject({ code: "engine/no-runtime", details: "dlopen failed" });
    expect(problem.message).not.toContain("dlopen");
    expect(noRuntime(linux, "ld").problem.message).toBe("ONNX Runtime's library could not be loaded, so no model can run.");
  });
});

/** A machine whose accelerators do as they are told. */
function bench(
  machine: Machine,
  supported: RealProvider[],
  how: Partial<Record<RealProvider, { why?: string; far?: number; speed?: number; refused?: string }>>,
): Bench {
  return {
    machine,
    supported: () => Promise.resolve(supported),
    probe: (provider) => Promise.resolve(how[provider]?.why),
    measure: (provider) => {
      const { far = 0, speed = 100, refused } = how[provider] ?? {};
      return Promise.resolve(refused ?? { states: Float32Array.of(1, 1 + far), tokensPerSecond: speed });
    },
  };
}
const states = async (b: Bench) => {
  const report = await checkAccelerators("unused", undefined, b);
  return { report, states: Object.fromEntries(report.rows.map(({ id, state }) => [id, state])) };
};

describe("checking accelerators", () => {
  it("tells apart what computes, differs, fails and is absent, and what auto takes", async () => {
    const fakes = bench({ platform: "win32", arch: "x64" }, ["cpu", "dml", "webgpu", "cuda"], {
      cuda: { why: "it ended the process (SIGSEGV)" },
      dml: { far: 0.2, speed: 900 },
      webgpu: { far: 0.001, speed: 450 },
    });
    const { report, states: found } = await states(fakes);
    expect(found).toEqual({ cpu: "computes", cuda: "fails", dml: "disagrees", coreml: "absent", webgpu: "computes" });
    expect(report.auto).toBe("webgpu");
    expect(report.rows.find(({ id }) => id === "webgpu")).toMatchObject({ tokensPerSecond: 450, timesCpu: 4.5 });
    expect(report.rows.find(({ id }) => id === "dml")!.difference).toBeCloseTo(0.2 / 1.2, 5);
    expect(report.text).toContain("WebGPU    computes: 450 tokens/s, 4.50 x the CPU, largest difference 1.0e-3");
    expect(report.text).toContain("auto takes: webgpu");
  });

  it("one that the model's own session refuses counts as such", async () => {
    const { states: found, report } = await states(
      bench(linux, ["cpu", "cuda", "webgpu"], {
        cuda: { refused: "CUDA is not used: its first batch differs from the CPU's by 31%." },
        webgpu: { refused: "no" },
      }),
    );
    expect(found).toMatchObject({ cuda: "disagrees", webgpu: "fails" });
    expect(report.auto).toBe("cpu");
  });

  it("says exactly how to get what is missing, on each platform", () => {
    expect(howToGet("cuda", linux).steps.join("\n")).toContain(`npm install onnxruntime-node@${RUNTIME} --onnxruntime-node-install=cuda12`);
    expect(howToGet("cuda", { platform: "win32", arch: "x64" }).steps).toEqual(["DirectML and WebGPU use the same card; both come inside."]);
    expect(howToGet("cuda", { platform: "darwin", arch: "arm64" }).absent).toBe("onnxruntime-node has CUDA for Linux on x64 only; this is darwin on arm64.");
    expect(howToGet("webgpu", linux).steps[0]).toContain("Vulkan");
    expect(howToGet("dml", linux)).toMatchObject({ absent: "DirectML is Windows' own; this is linux on x64.", steps: [] });
  });

  it("a platform without a binary is told before anything is measured", async () => {
    const refused = checkAccelerators("unused", undefined, {
      ...bench({ platform: "darwin", arch: "x64" }, [], {}),
      supported: () => Promise.reject(new Error("asked")),
    });
    await expect(refused).rejects.toThrow(ProblemError);
    await expect(refused).rejects.toThrow("Intel");
  });

  it("on this machine: the CPU computes, the text names no path and nobody", { timeout: 60_000 }, async () => {
    const model = join(ROOT, "media", "model");
    if (!existsSync(model)) throw new Error("the embedded model is missing");
    const { rows, text } = await checkAccelerators(model);
    expect(rows[0]).toMatchObject({ id: "cpu", state: "computes" });
    expect(rows[0]!.tokensPerSecond).toBeGreaterThan(10);
    expect(rows.map(({ id }) => id).sort()).toEqual(["coreml", "cpu", "cuda", "dml", "webgpu"]);
    for (const row of rows) if (row.state !== "computes") expect(row.sentence).not.toBe("");
    expect(text).not.toContain(ROOT);
    expect(text).not.toMatch(/[\\/](usr|home|Users|root|tmp|onnxruntime_src)[\\/]/);
    if (homedir().length > 1) expect(text).not.toContain(homedir());
    expect(text.split(/\W+/)).not.toContain(userInfo().username);
  });
});
