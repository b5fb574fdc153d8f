// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the sources that are read
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PromptFinder } from "../../src/protocol/index.js";
import { finderHere } from "./wasm.js";

let finder: PromptFinder;
let close: () => void;
beforeAll(async () => ({ finder, close } = await finderHere()));
afterAll(() => close());

/** Texts of the prompts, with a minus before those that are to be left alone. */
const read = (source: string, fileName = "a.py") => finder.find(source, { fileName }).prompts.map(({ text, ignored }) => (ignored ? `-${text}` : text));

describe("comments that have prompts left alone", () => {
  it("on the line, above it, around a block, in the whole file", () => {
    expect(read('ask(system_instruction="a")  # layerscope-ignore\nask(system_instruction="b")')).toEqual(["-a", "b"]);
    expect(read('# layerscope-ignore\nask(system_instruction="a")\nask(system_instruction="b")')).toEqual(["-a", "b"]);
    expect(read('# layerscope-ignore: known, see the review\n# another comment\n\nask(system_instruction="a")\nask(system_instruction="b")')).toEqual([
      "-a",
      "b",
    ]);
    expect(read('x = 1  # layerscope-ignore-next-line\nask(system_instruction="a")\nask(system_instruction="b")')).toEqual(["-a", "b"]);
    expect(read('# layerscope-ignore-line\nask(system_instruction="a")')).toEqual(["a"]);
    expect(
      read('# layerscope-ignore-start\nask(system_instruction="a")\nask(system_instruction="b")\n# layerscope-ignore-end\nask(system_instruction="c")'),
    ).toEqual(["-a", "-b", "c"]);
    expect(read('ask(system_instruction="a")\n# layerscope-ignore-file')).toEqual(["-a"]);
    expect(read('# layerscope-ignored\nask(system_instruction="a")')).toEqual(["a"]);
    expect(read('x = "layerscope-ignore-file"\nask(system_instruction="a")')).toEqual(["a"]);
  });

  it("above an assignment or an argument whose text begins further down", () => {
    expect(read('# layerscope-ignore\nSYSTEM_PROMPT = (\n    "You are a helper of people in need "\n    "and more")')).toEqual([
      "-You are a helper of people in need and more",
    ]);
    expect(read('generateText({\n  // layerscope-ignore\n  system:\n    "a",\n  prompt: "b",\n});', "a.ts")).toEqual(["-a", "b"]);
  });

  it("in YAML, JSON with comments, Markdown and templates", () => {
    expect(read("model: m\n# layerscope-ignore\nsystem: a\nprompt: b\n", "a.yaml")).toEqual(["-a", "b"]);
    expect(read("model: m\nsystem: |  # layerscope-ignore\n  a\nprompt: b # no\n", "a.yaml")).toEqual(["-a\n", "b"]);
    expect(read('{ "model": "m",\n// layerscope-ignore\n"system": "a", \n"prompt": "// layerscope-ignore b" }', "a.json")).toEqual([
      "-a",
      "// layerscope-ignore b",
    ]);
    expect(read("<!-- layerscope-ignore -->\nYou are a.\n", "prompts/a.md")).toEqual(["-You are a."]);
    expect(read("---\nname: x\n# layerscope-ignore\n---\nYou are a.\n", "a.prompty")).toEqual(["-You are a."]);
    expect(read("system:\nYou are a.\n\n# layerscope-ignore\nuser:\nb {{c}}\n", "a.prompty")).toEqual(["You are a.", "-b …"]);
  });
});

describe("prompts that a comment marks", () => {
  it("whatever holds them", () => {
    expect(read("# prompt: x\nf('a')\n# @prompt\ny = [\n  'b', 'c']\n")).toEqual(["a", "b"]);
    expect(read("f(/* prompt */ 'a', 'b');\n/** @prompt */\nconst c = `d ${e}`;", "a.ts")).toEqual(["a", "d …"]);
    expect(read("# a prompt for you\nf('a')\n# prompt:\n\n\nf('b')\n")).toEqual([]);
  });
});
