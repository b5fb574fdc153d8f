import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { problem } from "../../../src/engine/errors.js";
import { createBlas, listProviders, openModel, runtimeVersion } from "../../../src/engine/model/index.js";
import { probeProvider } from "../../../src/engine/model/probe.js";
import { chooseProvider, providersToTry } from "../../../src/engine/model/providers.js";
import { writeTiny } from "../../fixtures/models.js";
import { meanAndLast, scratch } from "./scratch.js";

const folder = scratch();

/** A provider that opens or throws, and whose first batch lies this far from the CPU's. */
const fake = (far: number | Error, log: string[] = []) => {
  const open = (provider: string) => {
    log.push(`open ${provider}`);
    if (far instanceof Error) return Promise.reject(far);
    return Promise.resolve({ distance: () => Promise.resolve(far), close: () => Promise.resolve(void log.push(`close ${provider}`)) });
  };
  return { open, log };
};

describe("choosing a provider", () => {
  it("tries what auto may try and the runtime has, in order, the CPU last", () => {
    const all = ["cpu", "webgpu", "dml", "coreml", "cuda", "tensorrt"];
    expect(providersToTry("auto", all, "linux")).toEqual({ order: ["cuda", "webgpu", "cpu"], notes: [] });
    expect(providersToTry("auto", all, "win32")).toEqual({ order: ["cuda", "dml", "webgpu", "cpu"], notes: [] });
    expect(providersToTry("auto", all, "darwin")).toEqual({ order: ["coreml", "webgpu", "cpu"], notes: [] });
    expect(providersToTry("auto", ["cpu", "dml", "webgpu"], "win32")).toEqual({ order: ["dml", "webgpu", "cpu"], notes: [] });
    expect(providersToTry("auto", ["cpu"], "linux")).toEqual({ order: ["cpu"], notes: [] });
    expect(providersToTry("webgpu", ["cpu", "webgpu"])).toEqual({ order: ["webgpu", "cpu"], notes: [] });
    expect(providersToTry("cpu", ["cpu", "cuda"])).toEqual({ order: ["cpu"], notes: [] });
    expect(providersToTry("dml", ["cpu", "cuda"])).toEqual({
      order: ["cpu"],
      notes: ["DirectML is not part of the installed ONNX Runtime (it has cpu, cuda), so the CPU computes."],
    });
  });

  it("keeps one that agrees with the CPU", async () => {
    const { open, log } = fake(0.001);
    expect(await chooseProvider("cuda", ["cpu", "cuda"], open)).toMatchObject({ provider: "cuda", notes: [] });
    expect(log).toEqual(["open cuda"]);
  });

  it("closes one that does not, and says by how much", async () => {
    for (const [far, how] of [
      [0.31, "by 31%"],
      [Number.POSITIVE_INFINITY, "and holds numbers that are none"],
    ] as const) {
      const { open, log } = fake(far);
      expect(await chooseProvider("auto", ["cpu", "cuda"], open, undefined, "linux")).toEqual({
        provider: "cpu",
        notes: [`CUDA is not used: its first batch differs from the CPU's ${how}.`, "The CPU computes."],
      });
      expect(log).toEqual(["open cuda", "close cuda"]);
    }
  });

  it("falls back from one that does not load, in one sentence", async () => {
    const { open } = fake(new Error("libcublas.so"));
    expect(await chooseProvider("cuda", ["cpu", "cuda"], open)).toEqual({
      provider: "cpu",
      notes: ["CUDA could not be used (it needs an NVIDIA card, its driver, CUDA 12 and cuDNN 9), so the CPU computes."],
    });
    expect(await chooseProvider("auto", ["cpu", "cuda", "dml"], open, undefined, "win32")).toEqual({
      provider: "cpu",
      notes: ["No accelerator is at hand (CUDA and DirectML did not load), so the CPU computes."],
    });
  });

  it("goes on to the next one after one that differs, and after one that ends its process", async () => {
    const log: string[] = [];
    const open = (provider: string) => {
      log.push(`open ${provider}`);
      return Promise.resolve({
        distance: () => Promise.resolve(provider === "dml" ? 0.5 : 0.001),
        close: () => Promise.reject(new Error("the driver is gone")),
      });
    };
    const probe = (provider: string) => Promise.resolve(provider === "cuda" ? "it ended the process (SIGSEGV)" : undefined);
    expect(await chooseProvider("auto", ["cpu", "cuda", "dml", "webgpu"], open, probe, "win32")).toMatchObject({
      provider: "webgpu",
      notes: ["DirectML is not used: its first batch differs from the CPU's by 50%."],
    });
    // What the probe refuses is never opened in this process.
    expect(log).toEqual(["open dml", "open webgpu"]);
  });

  it("a cancel while providers are tried is a cancel", async () => {
    const open = () => Promise.reject(problem("run/cancelled", "Cancelled."));
    await expect(chooseProvider("cuda", ["cpu", "cuda"], open)).rejects.toThrow("Cancelled.");
  });

  it("asks in a process of its own: the CPU works, what is absent is told in the runtime's words", async () => {
    expect(await probeProvider("cpu")).toBeUndefined();
    if (process.platform !== "darwin") expect(await probeProvider("coreml")).toMatch(/backend not found/);
  });

  it("a provider that is truly absent: the CPU computes and the model says why", async () => {
    const tiny = writeTiny(join(folder, "absent"), { blocks: 1 });
    const model = await openModel(tiny.folder, { provider: "coreml", threads: 0 });
    // Only a Mac has Core ML.
    if (process.platform !== "darwin") {
      expect(model.provider).toBe("cpu");
      expect(model.providerNotes).toEqual([expect.stringMatching(/^Core ML is not part of the installed ONNX Runtime/)]);
    }
    expect(await model.run(meanAndLast([[1, 2]]))).toHaveLength(2 * 2 * 16);
    await model.close();
  });
});

describe("the runtime", () => {
  it("names itself and has a CPU", async () => {
    expect(await runtimeVersion()).toMatch(/^onnxruntime-node \d+\.\d+\.\d+/);
    expect(await listProviders()).toContain("cpu");
  });

  it("multiplies matrices, also transposed, also of no rows", async () => {
    const blas = await createBlas();
    const a = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect([...(await blas.matmul(a, Float32Array.of(1, 0, 0, 1, 1, 1), 2, 3, 2))]).toEqual([4, 5, 10, 11]);
    expect([...(await blas.matmul(a, a, 2, 3, 2, true))]).toEqual([14, 32, 32, 77]);
    expect([...(await blas.matmul(new Float32Array(0), a, 0, 3, 2))]).toEqual([]);
    await expect(blas.matmul(a, a, 2, 3, 3)).rejects.toThrow("matmul: 6 and 6 numbers do not fit 2 x 3 and 3 x 3");
    await blas.close();
  });
});
