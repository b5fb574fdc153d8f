import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

interface Rule {
  /** Parts of src that may be imported, besides its own. */
  readonly parts: readonly string[];
  readonly packages: (name: string, file: string) => boolean;
}

/** Modules of Node that open sockets; two folders of the product may. */
const NETWORK = /^(node:)?(http|https|http2|net|tls|dns|dns\/promises|dgram|inspector|inspector\/promises|quic)$/;
const MAY_NETWORK = ["engine/hub/", "engine/remote/"];
const mayNetwork = (file: string) => MAY_NETWORK.some((folder) => file.startsWith(folder));
const isNode = (name: string) => name.startsWith("node:");
const RULES: Readonly<Record<string, Rule>> = {
  protocol: { parts: [], packages: () => false },
  engine: {
    parts: ["protocol"],
    packages: (name, file) =>
      isNode(name) ||
      (name === "onnxruntime-node"
        ? file === "engine/model/runtime.ts"
        : name === "@huggingface/hub"
          ? file.startsWith("engine/hub/")
          : name === "@huggingface/jinja"
            ? file === "engine/text/template/render.ts"
            : name === "sharp"
              ? file === "engine/image/sharp.ts"
              : ["@huggingface/tokenizers", "hyparquet", "hyparquet-compressors"].includes(name)),
  },
  prompts: { parts: ["protocol"], packages: (name) => isNode(name) || ["web-tree-sitter", "yaml", "jsonc-parser"].includes(name) },
  cli: { parts: ["protocol", "engine", "prompts"], packages: isNode },
  extension: { parts: ["protocol"], packages: (name) => isNode(name) || name === "vscode" },
  webview: {
    parts: ["protocol"],
    packages: (name, file) => name === "d3" || (name.startsWith("@vscode/webview-ui-toolkit") && file === "webview/controls.ts"),
  },
};

/** What is wrong with one file's imports. */
function breaches(part: string, file: string, source: string): string[] {
  const wrong: string[] = [];
  // The compiler's own reader of imports: quotes inside texts and comments are none.
  for (const { fileName: target } of ts.preProcessFile(source, true, true).importedFiles) {
    if (target.startsWith(".")) {
      const [into] = relative(SRC, resolve(SRC, dirname(file), target)).split(/[\\/]/);
      if (into !== part && !RULES[part].parts.includes(into)) wrong.push(`${file} imports ${target}`);
    } else if (!RULES[part].packages(target, file) || (NETWORK.test(target) && !mayNetwork(file))) wrong.push(`${file} imports ${target}`);
  }
  if (!mayNetwork(file) && /fetch|Socket|XMLHttp|EventSource|WebTransport|RTCPeer|sendBeacon|importScripts/.test(source))
    wrong.push(...networkCalls(file, source));
  return wrong;
}

/** Uses of what a browser or Node offers for the network without an import. */
function networkCalls(file: string, source: string): string[] {
  const wrong: string[] = [];
  const names = new Set(["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "RTCPeerConnection", "sendBeacon", "importScripts"]);
  const globals = new Set(["globalThis", "window", "self", "navigator", "window.navigator"]);
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    const used = ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression : undefined;
    const name =
      used &&
      (ts.isIdentifier(used) ? used.text : ts.isPropertyAccessExpression(used) && globals.has(used.expression.getText(tree)) ? used.name.text : undefined);
    if (name && names.has(name)) wrong.push(`${file} calls ${name}`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return wrong;
}

function* files(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (/\.m?ts$/.test(name)) yield path;
  }
}

describe("who may import whom (docs/architecture.md)", () => {
  for (const part of Object.keys(RULES)) {
    it(`${part} keeps to its rule`, () => {
      const all = [...files(join(SRC, part))];
      expect(all.length).toBeGreaterThan(0);
      expect(all.flatMap((path) => breaches(part, relative(SRC, path).replaceAll("\\", "/"), readFileSync(path, "utf8")))).toEqual([]);
    });
  }

  it("names a breach of every kind", () => {
    expect(breaches("extension", "extension/x.ts", 'import { Engine } from "../engine/engine.js";')).toHaveLength(1);
    expect(breaches("extension", "extension/x.ts", 'import type { InferenceSession } from "onnxruntime-node";')).toHaveLength(1);
    expect(breaches("engine", "engine/run.ts", 'const ort = await import("onnxruntime-node");')).toHaveLength(1);
    expect(breaches("engine", "engine/run.ts", 'import * as vscode from "vscode";')).toHaveLength(1);
    expect(breaches("engine", "engine/image/pixels.ts", 'import type Sharp from "sharp";')).toHaveLength(1);
    expect(breaches("webview", "webview/x.ts", 'import { readFile } from "node:fs";')).toHaveLength(1);
    expect(breaches("webview", "webview/views/x.ts", 'import { vsCodeButton } from "@vscode/webview-ui-toolkit";')).toHaveLength(1);
    expect(breaches("engine", "engine/model/x.ts", 'import { listFiles } from "@huggingface/hub";')).toHaveLength(1);
    expect(breaches("engine", "engine/model/x.ts", 'import { request } from "node:https";')).toHaveLength(1);
    expect(breaches("extension", "extension/x.ts", 'import { connect } from "node:net";')).toHaveLength(1);
    expect(breaches("engine", "engine/model/x.ts", "const a = await fetch(address);")).toHaveLength(1);
    expect(breaches("webview", "webview/x.ts", "navigator.sendBeacon(a); new WebSocket(a); globalThis.fetch(a);")).toHaveLength(3);
    expect(breaches("engine", "engine/hub/x.ts", 'import { request } from "node:https";')).toEqual([]);
    expect(breaches("engine", "engine/remote/x.ts", 'import { request } from "node:https";')).toEqual([]);
    expect(breaches("engine", "engine/remote/x.ts", 'import { listFiles } from "@huggingface/hub";')).toHaveLength(1);
    expect(breaches("engine", "engine/serving/x.ts", 'import { request } from "node:https";')).toHaveLength(1);
    expect(breaches("protocol", "protocol/x.ts", 'export * from "../engine/errors.js";')).toHaveLength(1);
  });
});

describe("what is inside a bundle", () => {
  const meta = join(ROOT, "dist", "meta.json");
  it.skipIf(!existsSync(meta))("the extension holds neither the runtime nor D3, and stays small", () => {
    const bundles = JSON.parse(readFileSync(meta, "utf8")) as Record<string, { bytes: number; inputs: string[] }>;
    const extension = bundles["dist/extension.js"];
    expect(extension.bytes).toBeLessThanOrEqual(300_000);
    expect(extension.inputs.filter((input) => /node_modules|src\/(engine|webview|prompts)/.test(input))).toEqual([]);
    expect(bundles["dist/webview.js"].inputs.filter((input) => /huggingface|src\/engine/.test(input))).toEqual([]);
    expect(readFileSync(join(ROOT, "dist/extension.js"), "utf8")).not.toMatch(/require\("(onnxruntime-node|sharp)"\)/);
    // Native code lies beside the bundles, never inside.
    for (const inputs of [bundles["dist/engine.js"].inputs, bundles["dist/cli.js"].inputs])
      expect(inputs.filter((input) => /node_modules\/(sharp|@img|onnxruntime-node)\//.test(input))).toEqual([]);
  });
});
