import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { build, context } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const watch = process.argv.includes("--watch");
const common = {
  bundle: true,
  sourcemap: true,
  logLevel: "info",
  metafile: true,
  minify: !watch,
  legalComments: "none",
  outdir: "dist",
  define: { LAYERSCOPE_VERSION: JSON.stringify(version) },
};

/** Native libraries stay outside every bundle; only the engine may ask for them. */
const NATIVE = ["onnxruntime-node", "sharp"];

/** The one's module form asks for its own address, which a bundle has not; the other's common form asks for its parts at run time. */
const PARSER = {
  "web-tree-sitter": "./node_modules/web-tree-sitter/web-tree-sitter.cjs",
  "jsonc-parser": "./node_modules/jsonc-parser/lib/esm/main.js",
};
/** What the finder of prompts reads beside its bundle: the parsers' runtime and the four grammars. */
const WASM = [
  "web-tree-sitter/web-tree-sitter.wasm",
  "tree-sitter-python/tree-sitter-python.wasm",
  "tree-sitter-typescript/tree-sitter-typescript.wasm",
  "tree-sitter-typescript/tree-sitter-tsx.wasm",
  "tree-sitter-javascript/tree-sitter-javascript.wasm",
];

/** The programs. */
const targets = [
  { ...common, entryPoints: { extension: "src/extension/extension.ts" }, platform: "node", format: "cjs", target: "node20", external: ["vscode"] },
  { ...common, entryPoints: { finder: "src/extension/prompts/finderThread.ts" }, platform: "node", format: "cjs", target: "node20" },
  { ...common, entryPoints: { templates: "src/engine/text/template/child.ts" }, platform: "node", format: "cjs", target: "node20" },
  { ...common, entryPoints: { engine: "src/engine/main.ts" }, platform: "node", format: "cjs", target: "node20", external: NATIVE },
  { ...common, entryPoints: { prompts: "src/prompts/index.ts" }, platform: "node", format: "cjs", target: "node20", alias: PARSER },
  {
    ...common,
    entryPoints: { cli: "src/cli/main.ts" },
    alias: PARSER,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: NATIVE,
    banner: { js: "#!/usr/bin/env node" },
  },
  {
    ...common,
    entryPoints: { webview: "src/webview/main.ts", compare: "src/webview/compare/main.ts", report: "src/webview/report.ts", card: "src/webview/card.ts" },
    platform: "browser",
    format: "iife",
    target: "es2022",
  },
];

mkdirSync("dist", { recursive: true });
for (const file of WASM) copyFileSync(`node_modules/${file}`, `dist/${basename(file)}`);

if (watch) {
  for (const target of targets) await (await context(target)).watch();
} else {
  const inputs = {};
  for (const target of targets) {
    const { metafile } = await build(target);
    for (const [file, output] of Object.entries(metafile.outputs))
      if (file.endsWith(".js")) inputs[file] = { bytes: output.bytes, inputs: Object.keys(output.inputs) };
  }
  chmodSync("dist/cli.js", 0o755);
  // Read by the test of what may be inside which bundle.
  writeFileSync("dist/meta.json", JSON.stringify(inputs));
}
