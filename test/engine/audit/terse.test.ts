import { describe, expect, it } from "vitest";
import { terse } from "../../../src/engine/audit/terse.js";

const left = (...codes: string[]) => terse(codes.map((code) => ({ code, message: code }))).map(({ code }) => code);

describe("notices of an audit", () => {
  it("say once that rows are few", () => {
    expect(left("data/small-sample", "audit/few-groups", "audit/few-groups", "lens/few-folds", "lens/few-groups")).toEqual(["lens/few-groups"]);
    expect(left("data/small-sample", "audit/few-groups", "lens/few-folds")).toEqual(["data/small-sample", "lens/few-folds"]);
  });

  it("do not wish for more rows of a set that leaks", () => {
    expect(left("audit/label-of-groups", "lens/more-rows")).toEqual(["audit/label-of-groups"]);
    expect(left("audit/template", "lens/more-rows")).toEqual(["audit/template", "lens/more-rows"]);
  });
});
