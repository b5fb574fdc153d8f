import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../../src/engine/engine.js";
import { decisionOf } from "../../../src/engine/prompts/probe.js";
import { MAX_PROFILE_BYTES } from "../../../src/engine/prompts/profile.js";
import { parseProfile, readProfile } from "../../../src/engine/prompts/read.js";
import { checksumOf } from "../../../src/engine/prompts/write.js";
import { type AuditPlan, ProblemError, type ProfileUse } from "../../../src/protocol/index.js";
import { writeTinyDecoder } from "../../fixtures/models.js";

/** A profile as JSON, to be broken. */
// biome-ignore lint/suspicious/noExplicitAny: parts of any kind are exchanged
type Loose = Record<string, any>;

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const engine = new Engine();
const model = join(folder, "model");
const data = join(folder, "data.jsonl");
const profile = join(folder, "profile-one.json");
const CANARY = "zebracanary";
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The class decides which letters a text is made of. */
function textOf(i: number, unsafe: boolean): string {
  const letters = unsafe ? "qxzjv" : "aeiou";
  const word = (k: number) => letters[(i * 7 + k * 3) % 5]!.repeat(1 + ((i + k) % 3)) + letters[(i + k) % 5];
  return [0, 1, 2, 3, 4].map(word).join(" ");
}
const plan = (more: Partial<AuditPlan> = {}): AuditPlan => ({
  data: { path: data, options: {} },
  model,
  maxTokens: 64,
  seed: 0,
  provider: "cpu",
  threads: 1,
  ...more,
});
const use = (more: Partial<ProfileUse> = {}): ProfileUse => ({ profile, provider: "cpu", threads: 1, ...more });
const ask = (...texts: string[]) => texts.map((text, i) => ({ key: `k${i}`, text, role: "user" as const }));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: unknown) => (error instanceof ProblemError ? error.problem.code : String(error)),
  );

beforeAll(async () => {
  mkdirSync(model, { recursive: true });
  writeTinyDecoder(model);
  writeFileSync(
    data,
    Array.from({ length: 80 }, (_, i) =>
      JSON.stringify({ text: i === 3 ? `${textOf(i, true)} ${CANARY}` : textOf(i, i % 2 === 1), label: i % 2 ? "unsafe" : "safe" }),
    ).join("\n"),
  );
  await engine.audit(plan({ saveProfile: profile, runFolder: join(folder, "run") }));
});

describe("a profile", () => {
  it("is the same for the same audit, but for the day, and holds no text", async () => {
    const other = join(folder, "again.json");
    await engine.audit(plan({ saveProfile: other }));
    const [a, b] = [profile, other].map((file) => readFileSync(file, "utf8").replace(/"createdAt": "[^"]+"/, ""));
    expect(a).toBe(b);
    expect(a).not.toContain(CANARY);
    expect(a).not.toContain(folder);
    expect(Buffer.byteLength(a!)).toBeLessThan(100_000);
    const { profile: read } = await readProfile(profile);
    expect(read.model.path).toBe("model/onnx/model.onnx");
    expect(read.rows.ids).toEqual(Array.from({ length: 80 }, (_, i) => i));
    expect(read.probes.length).toBe(read.layer + 1);
  });

  it("opens as a card that links the dataset, from the run's folder too", async () => {
    const card = await engine.prompts.open(use());
    expect(card).toMatchObject({ layers: 4, pooling: "mean-skip-first", notices: [], dataset: { path: data, linked: true, rows: 80 } });
    expect(card.calibration.ece).toBeLessThan(0.15);
    const run = await engine.prompts.open(use({ profile: join(folder, "run", "profile.json") }));
    expect(run.sha256).not.toBe("");
    expect(run.dataset.linked).toBe(true);
  });

  it("is copied with the paths of its new place", async () => {
    const to = join(folder, "deep", "er");
    mkdirSync(to, { recursive: true });
    await engine.prompts.save(profile, join(to, "p.json"));
    expect((await readProfile(join(to, "p.json"))).profile.model.path).toBe("../../model/onnx/model.onnx");
    expect((await engine.prompts.open(use({ profile: join(to, "p.json") }))).notices).toEqual([]);
  });

  it("is none of a concept, and of labels by chance", async () => {
    const codes = async (rows: readonly object[], options: AuditPlan["data"]["options"] = {}) => {
      const path = join(folder, "none.jsonl");
      writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
      const { result } = await engine.audit(plan({ data: { path, options }, saveProfile: join(folder, "none.json") }));
      return result.notices.map(({ code }) => code);
    };
    const rows = (label: (i: number) => string) => Array.from({ length: 60 }, (_, i) => ({ text: textOf(i, i % 2 === 1), label: label(i) }));
    expect(
      await codes(
        rows((i) => (i % 2 ? "cat" : "dog")),
        { concept: true },
      ),
    ).toContain("profile/none");
    expect(await codes(rows((i) => ((i >> 1) % 2 ? "unsafe" : "safe")))).toContain("profile/none");
  });
});

describe("prompts scored with a profile", () => {
  it("lie on the side of the rows they are like, next to them", async () => {
    const [unsafe, safe, row] = await engine.prompts.score(use(), ask(textOf(101, true), textOf(100, false), textOf(7, true)));
    expect(unsafe!.probability!).toBeGreaterThan(0.5);
    expect(safe!.probability!).toBeLessThan(0.5);
    expect(unsafe!.nearest.filter((one) => one.unsafe).length).toBeGreaterThan(2);
    expect(row!.nearest[0]!.distance).toBeLessThan(0.5);
    expect(row!.nearest.map((one) => one.line)).toContain(7);
    const { profile: read } = await readProfile(profile);
    expect(unsafe!.curve.length).toBe(read.layer + 1);
    expect(unsafe!.curve.at(-1)).toBe(unsafe!.probability);
  });

  it("have the decision value that the probe gives the row's own states", async () => {
    const out = join(folder, "states.safetensors");
    const { extractToFile } = await import("../../../src/engine/audit/extraction.js");
    const ids = join(folder, "ids.json");
    writeFileSync(ids, JSON.stringify([5, 8].map((i) => [...new TextEncoder().encode(textOf(i, i % 2 === 1))])));
    await extractToFile({ source: { ids }, model, poolings: ["mean-skip-first"], out, maxTokens: 64, provider: "cpu", threads: 1, seed: 0 }, () => {});
    const bytes = readFileSync(out);
    const size = Number(bytes.readBigUInt64LE(0));
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8 + size, bytes.byteOffset + bytes.length));
    const { profile: read } = await readProfile(profile);
    const scores = await engine.prompts.score(use(), ask(textOf(5, true), textOf(8, false)));
    scores.forEach((score, i) => {
      expect(score.decision!).toBeCloseTo(decisionOf(read.probes[read.layer]!, values, (read.layer * 2 + i) * read.model.width), 3);
    });
  });

  it("are faulted where there is nothing to score, and the others are scored", async () => {
    const scores = await engine.prompts.score(use(), ask("", "  \n", "…", "… - …", "q", textOf(5, true)));
    expect(scores.map(({ fault }) => fault?.code)).toEqual([
      "prompts/empty",
      "prompts/empty",
      "prompts/empty",
      "prompts/empty",
      "prompts/too-short",
      undefined,
    ]);
    expect(scores.slice(0, 5).every(({ probability, side }) => probability === null && side !== "safe")).toBe(true);
  });

  it("are called outside where they are like no row, never safe", async () => {
    const scores = await engine.prompts.score(use(), ask("中文字符在这里出现了很多次", "if (x[0] !== {}) { y[1] += (z); }", "ШЩЪЫЬЭЮЯ ШЩЪЫЬЭЮЯ"));
    expect(scores.map(({ side }) => side)).toEqual(["outside", "outside", "outside"]);
  });

  it("leave holes out: they change the context, not the count", async () => {
    const [with1] = await engine.prompts.heat(use(), { key: "", text: `${textOf(5, true)} …`, role: "user" }, "direction").then(({ tokens }) => [tokens]);
    const hole = with1!.filter(({ from, to }) => to > from && from >= textOf(5, true).length + 1);
    expect(hole.every(({ value }) => value === 0)).toBe(true);
  });

  it("cost nothing when they have not changed", async () => {
    const texts = Array.from({ length: 40 }, (_, i) => textOf(200 + i, i % 2 === 1));
    const first = await engine.prompts.score(use(), ask(...texts));
    const begun = performance.now();
    const again = await engine.prompts.score(use(), ask(...texts));
    expect(performance.now() - begun).toBeLessThan(100);
    expect(again).toEqual(first);
    expect((await engine.prompts.score(use(), [{ key: "other", text: texts[3]!, role: "system" }]))[0]).toEqual({ ...first[3], key: "other" });
  });

  it("are cut into windows when they are long, and the unsafe window is the worst", async () => {
    const parts = Array.from({ length: 12 }, (_, i) => textOf(2 * i, false));
    parts[7] = textOf(301, true);
    const text = `  ${parts.join(".\n\n")}`;
    const [score] = await engine.prompts.score(use(), ask(text));
    expect(score!.windows.length).toBeGreaterThan(3);
    const worst = score!.windows.reduce((a, b) => (b.probability > a.probability ? b : a));
    const at = text.indexOf(parts[7]!);
    expect(worst.from).toBeLessThan(at + parts[7]!.length);
    expect(worst.to).toBeGreaterThan(at);
    expect(score!.windows.at(-1)!.to).toBe(text.length);
  });

  it("are cancelled between batches, and refused above 500", async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await codeOf(engine.prompts.score(use(), ask(textOf(401, true)), stop.signal))).toBe("run/cancelled");
    expect(await codeOf((async () => engine.prompts.score(use(), ask(...new Array<string>(501).fill("a"))))())).toBe("prompts/too-many");
  });
});

describe("the heat of a prompt", () => {
  const prompt = { key: "", text: textOf(9, true), role: "user" as const };
  it("sums to the decision value exactly, along the direction", async () => {
    const [score] = await engine.prompts.score(use(), ask(prompt.text));
    const heat = await engine.prompts.heat(use(), prompt, "direction");
    expect(heat.decision).toBeCloseTo(score!.decision!, 3);
    expect(heat.tokens.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(heat.decision, 6);
    expect(heat.tokens.map(({ from, to }) => prompt.text.slice(from, to)).join("")).toBe(prompt.text);
  });
  it("is the change when a word is left out, by occlusion", async () => {
    const heat = await engine.prompts.heat(use(), prompt, "occlusion");
    const words = heat.tokens.map(({ from, to }) => prompt.text.slice(from, to).trim());
    expect(words).toEqual(prompt.text.split(" "));
    const without = prompt.text.split(" ").slice(0, -1).join(" ");
    const [less] = await engine.prompts.score(use(), ask(without));
    expect(heat.tokens.at(-1)!.value).toBeCloseTo(heat.decision - less!.decision!, 2);
  });
});

describe("bad input", () => {
  const text = () => readFileSync(profile, "utf8");
  const broken = (change: (json: Loose) => void, resum = true) => {
    const json = JSON.parse(text()) as Loose;
    change(json);
    if (resum) json["checksum"] = checksumOf(json);
    try {
      parseProfile("p.json", JSON.stringify(json));
    } catch (error) {
      return error instanceof ProblemError ? `${error.problem.code}: ${error.problem.message}` : String(error);
    }
    return "read";
  };

  it("is refused with a sentence, whatever is wrong with the file", () => {
    expect(broken(() => {})).toBe("read");
    expect(broken((json) => (json["thresholds"].error = 0.99), false)).toContain("its checksum does not fit");
    expect(broken((json) => (json["version"] = 3))).toMatch(/^profile\/future: p\.json is a profile of version 3/);
    expect(broken((json) => (json["version"] = 1))).toMatch(/^profile\/old: p\.json is a profile of version 1/);
    expect(broken((json) => (json["schema"] = "x"))).toContain("does not say that it is one");
    expect(broken((json) => json["probes"].pop())).toMatch(/probes for layers/);
    const nan = Buffer.from(new Float32Array(16).fill(Number.NaN).buffer).toString("base64");
    expect(broken((json) => (json["probes"][0].weights = nan))).toContain("the probe of layer 0 has not 16 finite weights");
    expect(broken((json) => (json["probes"][0].weights = json["probes"][0].weights.slice(4)))).toContain("finite weights");
    expect(broken((json) => json["rows"].lines.pop())).toContain("its rows are of different numbers");
    expect(broken((json) => (json["rows"].ids = Array.from({ length: 3000 }, (_, i) => i)))).toContain("too long");
    expect(broken((json) => (json["domain"].frame.width = 17))).toContain("another width");
    expect(broken((json) => (json["thresholds"].clear = 0.99))).toContain("out of order");
    expect(broken((json) => (json["settings"].pooling = "max"))).toContain('"pooling" is none of');
    expect(broken((json) => delete json["domain"])).toContain('its part "domain" is missing');
    expect(() => parseProfile("p.json", text().slice(0, 900))).toThrow(/cut off/);
    expect(() => parseProfile("p.json", "[1]")).toThrow(/not a JSON object/);
    expect(() => parseProfile("p.json", `{"schema":"layerscope-profile","version":1,"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`)).toThrow(ProblemError);
  });

  it("of another kind than a file of at most 64 MB is refused before it is read", async () => {
    expect(await codeOf(readProfile(join(folder, "nothing.json")))).toBe("profile/missing");
    expect(await codeOf(readProfile(folder))).toBe("profile/broken");
    const large = join(folder, "large.json");
    writeFileSync(large, Buffer.alloc(MAX_PROFILE_BYTES + 1));
    expect(await codeOf(readProfile(large))).toBe("profile/too-large");
    rmSync(large);
  });

  it("of another model, another tokenizer or none is told apart", async () => {
    const other = join(folder, "other");
    mkdirSync(other);
    writeTinyDecoder(other, { seed: 5 });
    expect(await codeOf(engine.prompts.score(use({ model: other }), ask("qqq xxx")))).toBe("profile/other-model");
    const retokened = join(folder, "retokened");
    cpSync(model, retokened, { recursive: true });
    const path = join(retokened, "tokenizer.json");
    writeFileSync(path, `${readFileSync(path, "utf8")} `);
    expect(await codeOf(engine.prompts.score(use({ model: retokened }), ask("qqq xxx")))).toBe("profile/other-tokenizer");
    mkdirSync(join(folder, "far"));
    const lonely = join(folder, "far", "profile.json");
    const json = JSON.parse(text()) as Loose;
    delete json["model"].path;
    json["checksum"] = checksumOf(json);
    writeFileSync(lonely, JSON.stringify(json));
    expect((await engine.prompts.open(use({ profile: lonely }))).notices.map(({ code }) => code)).toContain("profile/no-model");
    expect(await codeOf(engine.prompts.score(use({ profile: lonely }), ask("qqq xxx")))).toBe("profile/no-model");
    expect((await engine.prompts.score(use({ profile: lonely, model }), ask(textOf(5, true))))[0]!.probability).not.toBeNull();
  });

  it("a dataset that has changed gives no lines, and comes back with them", async () => {
    const before = readFileSync(data);
    writeFileSync(data, `${before}\n`);
    expect((await engine.prompts.open(use())).notices.map(({ code }) => code)).toEqual(["profile/dataset-changed"]);
    const [score] = await engine.prompts.score(use(), ask(textOf(5, true)));
    expect(score!.nearest.length).toBeGreaterThan(0);
    expect(score!.nearest.every((one) => one.line === undefined)).toBe(true);
    writeFileSync(data, before);
    const [again] = await engine.prompts.score(use(), ask(textOf(5, true)));
    expect(again!.nearest.every((one) => one.line !== undefined)).toBe(true);
  });
});
