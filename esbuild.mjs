import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

/** The four programs. */
const targets = [
  { ...common, entryPoints: { extension: "src/extension/extension.ts" }, platform: "node", format: "cjs", target: "node20", external: ["vscode"] },
  { ...common, entryPoints: { templates: "src/engine/text/template/child.ts" }, platform: "node", format: "cjs", target: "node20" },
  { ...common, entryPoints: { engine: "src/engine/main.ts" }, platform: "node", format: "cjs", target: "node20", external: NATIVE },
  {
    ...common,
    entryPoints: { cli: "src/cli/main.ts" },
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

if (watch) {
  for (const target of targets) await (await context(target)).watch();
} else {
  mkdirSync("dist", { recursive: true });
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
