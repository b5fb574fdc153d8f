import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/cli/exit.js";
import { count, DATA_OPTIONS, dataOptions, number, onlyFile, parse, pooling, provider } from "../../src/cli/options.js";
import { digits, plain, sparkline } from "../../src/cli/terminal.js";

const read = (...args: string[]) => dataOptions(parse(args, DATA_OPTIONS).values);

describe("how a dataset is read, from options", () => {
  it("gives only what was said", () => {
    expect(read()).toEqual({});
    expect(read("--no-header", "--text", "#2", "--threshold", "0.5")).toEqual({ header: false, text: "#2", threshold: 0.5 });
  });

  it("takes a value many times, as it stands, also when it begins with a dash", () => {
    expect(read("--safe", "fine, ok", "--safe", "0", "--unsafe", "-1")).toEqual({ safe: ["fine, ok", "0"], unsafe: ["-1"] });
    expect(read("--threshold", "-0.05", "--skip-bad")).toEqual({ threshold: -0.05, skipBad: true });
    expect(() => read("--safe", "--unsafe", "yes")).toThrow(/safe/);
  });

  it("refuses what it does not know in a sentence", () => {
    expect(() => read("--lable", "x")).toThrow(/lable/);
    expect(() => read("--all", "maybe")).toThrow(/safe or unsafe/);
    expect(() => number("threshold", "")).toThrow(/a number/);
    expect(() => count("seed", "-1", 0)).toThrow(/whole number/);
    expect(() => pooling("max")).toThrow(/mean-skip-first/);
    expect(() => provider("gpu")).toThrow(/webgpu/);
    expect(() => onlyFile([], "dataset")).toThrow(/missing/);
    expect(() => onlyFile(["a", "b"], "dataset")).toThrow(/not 2/);
  });
});

describe("exit codes", () => {
  it("tell input from engine from interruption", () => {
    const code = (name: string) => exitCode({ code: name, message: "" });
    expect([code("cli/usage"), code("data/no-rows"), code("model/not-onnx"), code("tokenizer/missing")]).toEqual([2, 2, 2, 2]);
    expect([code("internal"), code("engine/died"), code("run/out-of-memory")]).toEqual([3, 3, 3]);
    expect(code("run/cancelled")).toBe(130);
  });
});

describe("terminal text", () => {
  it("lets nothing from a file steer the terminal", () => {
    expect(plain("\u001b[31mred\u0007 é 😀")).toBe("\\x1b[31mred\\x07 é 😀");
  });

  it("draws a missing value as a dot, not as a low one", () => {
    expect(sparkline([0, 0.5, 1, null, Number.NaN], 0, 1)).toBe("▁▅█··");
  });

  it("keeps three significant digits", () => {
    expect([digits(0.12345), digits(12.345), digits(123.45), digits(null), digits(Number.NaN), digits(0), digits(0.005), digits(-0.0042)]).toEqual([
      "0.12",
      "12.3",
      "123",
      "–",
      "–",
      "0",
      "0.005",
      "-0.0042",
    ]);
  });
});
