// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the sources that are read
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rangeInSource, sourceOffset, textOffset } from "../../src/prompts/index.js";
import type { FoundPrompt, PromptFinder } from "../../src/protocol/index.js";
import { finderHere } from "./wasm.js";

let finder: PromptFinder;
let close: () => void;
beforeAll(async () => ({ finder, close } = await finderHere()));
afterAll(() => close());

const python = (literal: string) => only(`client.responses.create(input=${literal})`, "a.py");
const script = (literal: string) => only(`generateText({ prompt: ${literal} })`, "a.ts");
const yaml = (scalar: string) => only(`model: m\nprompt: ${scalar}\n`, "a.yaml");
function only(source: string, fileName: string): FoundPrompt {
  const { prompts } = finder.find(source, { fileName });
  expect(prompts, source).toHaveLength(1);
  return prompts[0];
}

describe("the text of a literal", () => {
  it.each([
    [String.raw`"tab\t \x41\101 \u00e9 \U0001F600 \N{EM DASH} \q"`, "tab\t AA é 😀 — \\q"],
    [String.raw`r"raw \n \t"`, "raw \\n \\t"],
    [String.raw`b"bytes \u00e9 \x41"`, "bytes \\u00e9 A"],
    [String.raw`rb"raw \x41"`, "raw \\x41"],
    [`"one " 'two ' """three"""`, "one two three"],
    [`f"a {b!r:>{w}} {{c d}} {f'{e}'} f"`, "a … {c d} … f"],
    [`"a" + b + "c"`, "a…c"],
    [`"%s is %d%% of %(all)s" % x`, "… is …% of …"],
    [`"{} {0} {name!r:>10} {{x y}}".format(1)`, "… … … {x y}"],
    [`"\\n".join(["a", b, "c"])`, "a\n…\nc"],
    [`textwrap.dedent("""\\\n    a\n      b\n    """)`, "a\n  b\n"],
    [`inspect.cleandoc("""\n    a\n      b\n    """)`, "a\n  b"],
    [`"""  a  """.strip()`, "a"],
    [`"line\\\n on"`, "line on"],
    [`"""a\r\nb"""`, "a\nb"],
    [`"say {topic} and {{ name }} and {% if x %}this{% endif %}"`, "say … and … and this"],
    [`'{"a": 1, "b": [2]} stays'`, '{"a": 1, "b": [2]} stays'],
  ])("Python %s", (literal, text) => expect(python(literal).text).toBe(text));

  it.each([
    [String.raw`"tab\t \x41 \u0042 \u{1F600} \101 \q \0."`, "tab\t A B 😀 A q \0."],
    ["`a ${b} ${c ? `d ${e}` : 'f'} \\${g h}`", "a … … ${g h}"],
    ["String.raw`a\\n${b}`", "a\\n…"],
    ["dedent`\n    a\n      b ${c}\n  `", "a\n  b …"],
    ["`  a `.trim()", "a"],
    [`"a " + b + 'c' + \`d\``, "a …cd"],
    [`["a", \`b\`, c].join("\\n")`, "a\nb\n…"],
    ['"line\\\n on"', "line on"],
    ["`a\r\nb`", "a\nb"],
    ['("a b" as string)!', "a b"],
  ])("TypeScript %s", (literal, text) => expect(script(literal).text).toBe(text));

  it.each([
    ["|\n  a\n    b\n\n  c", "a\n  b\n\nc\n"],
    ["|-\n  a\n  b\n\n", "a\nb"],
    ["|+\n  a\n\n", "a\n\n\n"],
    ["|2\n    a\n  b", "  a\nb\n"],
    [">\n  a\n  b\n\n  c\n    d\n  e", "a b\nc\n  d\ne\n"],
    ["'it''s\n  so'", "it's so"],
    ['"a \\"b\\" \\u263A \\U0001F600 \\\n  c"', 'a "b" ☺ 😀 c'],
    ["plain text\n  goes on", "plain text goes on"],
  ])("YAML %j", (scalar, text) => expect(yaml(scalar).text).toBe(text));

  it("reads the line breaks of Windows as one in YAML and in prompt files", () => {
    expect(only("model: m\r\nprompt: |\r\n  a\r\n  b\r\n", "a.yaml").text).toBe("a\nb\n");
    expect(only("\ufeffYou are {{name}}.\r\n\r\nHello.\r\n", "prompts/a.md")).toMatchObject({ text: "You are ….\n\nHello.", start: 1 });
  });

  it("reads both sides of a choice, and a default", () => {
    const texts = (source: string, fileName: string) => finder.find(source, { fileName }).prompts.map(({ text }) => text);
    expect(texts('client.responses.create(input="a" if b else "c")', "a.py")).toEqual(["a", "c"]);
    expect(texts('generateText({ prompt: a ? "b" : "c", system: d ?? "e" })', "a.ts")).toEqual(["b", "c", "e"]);
  });

  it("gives a constant's literal once, by its better rank", () => {
    const source =
      'const SYSTEM_PROMPT = "You are a constant with a telling name.";\ngenerateText({ system: SYSTEM_PROMPT });\nother({ system: SYSTEM_PROMPT });';
    const prompt = only(source, "a.ts");
    expect(prompt).toMatchObject({ rank: "certain", shape: "vercel-ai", name: "SYSTEM_PROMPT", start: 22 });
  });
});

describe("offsets", () => {
  it("lead from the text to the document and back", () => {
    const source = 'client.responses.create(input=f"a\\t{b}c" "😀d")';
    const prompt = only(source, "a.py");
    expect(prompt.text).toBe("a\t…c😀d");
    expect([0, 1, 2, 3, 4, 6, 7].map((at) => source.slice(sourceOffset(prompt, at), sourceOffset(prompt, at) + 2))).toEqual([
      "a\\",
      "\\t",
      "{b",
      'c"',
      "😀",
      'd"',
      '")',
    ]);
    expect(textOffset(prompt, source.indexOf("{b}") + 1)).toBe(2);
    expect(textOffset(prompt, source.indexOf('" "'))).toBeNull();
    const { start, end } = rangeInSource(prompt, 1, 4);
    expect(source.slice(start, end)).toBe("\\t{b}c");
    for (let at = 0; at < prompt.text.length; at++) expect(textOffset(prompt, sourceOffset(prompt, at))).toBe(at);
  });
});

describe("texts put together at random", () => {
  /** Each as it is written, and as the model reads it. */
  const PYTHON: [string, string][] = [
    ["plain words", "plain words"],
    ["\\n", "\n"],
    ["\\t", "\t"],
    ["é😀𝒳", "é😀𝒳"],
    ["\\u00e9", "é"],
    ["\\U0001F600", "😀"],
    ["\\x41", "A"],
    ["\\\\", "\\"],
    ["\\'", "'"],
    ["\\\n", ""],
  ];
  const SCRIPT: [string, string][] = [
    ["plain words", "plain words"],
    ["\\n", "\n"],
    ["é😀𝒳", "é😀𝒳"],
    ["\\u00e9", "é"],
    ["\\u{1F600}", "😀"],
    ["\\x41", "A"],
    ["\\\\", "\\"],
    ["\\\n", ""],
    ["\\`", "`"],
  ];
  const pickFrom = (seed: number) => {
    let state = seed;
    return (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  };
  /** Every character of the text stands where its piece says: one for one, or as what it was written as. */
  const check = (prompt: FoundPrompt, source: string, written: Map<string, string>) => {
    for (const { at, length, from, to, hole } of prompt.pieces) {
      const text = prompt.text.slice(at, at + length);
      const place = source.slice(from, to);
      if (hole) expect(text).toBe("…");
      else
        expect(
          place === text || written.get(place) === text || (place === "\r\n" && text === "\n"),
          `${JSON.stringify(place)} for ${JSON.stringify(text)}`,
        ).toBe(true);
    }
  };

  it("come back as they were written, in Python and TypeScript, with Windows' line breaks and a mark at the start of the file", () => {
    for (let seed = 1; seed <= 150; seed++) {
      const pick = pickFrom(seed);
      const parts = (from: [string, string][]) => Array.from({ length: 1 + pick(5) }, () => from[pick(from.length)]);
      const bom = pick(4) === 0 ? "\ufeff" : "";
      const literals: string[] = [];
      let text = "";
      for (let n = pick(3); n >= 0; n--) {
        const inner = parts(PYTHON);
        const field = pick(2) === 0;
        literals.push(`${field ? "f" : ""}'${inner.map(([w]) => w).join("")}${field ? '{a["b"]!r:>{w}}{{x y}}' : ""}'`);
        text += inner.map(([, t]) => t).join("") + (field ? "…{x y}" : "");
      }
      const python = `${bom}z = "é😀"\nclient.responses.create(input=(a${"" /* a name first */}  + ${literals.join("\n  # a note\n  + ")}))`;
      const [prompt] = finder.find(python, { fileName: "a.py" }).prompts;
      if (/\p{L}/u.test(text)) {
        expect(prompt?.text, python).toBe(`…${text}`);
        expect(python.slice(prompt.start, prompt.end)).toBe(python.slice(python.indexOf("(a") + 1, -2));
        check(prompt, python, new Map([...PYTHON, ["{{", "{"], ["}}", "}"]]));
      }
      const inner = parts(SCRIPT);
      const break_ = pick(2) === 0 ? "\r\n" : "\n";
      const script = `${bom}const z = "é😀";${break_}generateText({ prompt: \`words ${inner.map(([w]) => w).join("")}${break_}\${b ? \`c \${d}\` : ""} end\` });`;
      const [template] = finder.find(script, { fileName: "a.ts" }).prompts;
      expect(template?.text, script).toBe(`words ${inner.map(([, t]) => t).join("")}\n… end`);
      expect(script[template.start] + script[template.end - 1]).toBe("``");
      check(template, script, new Map(SCRIPT));
    }
  });
});
