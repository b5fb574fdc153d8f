// npm run bench -- NAME [--out F.json] [...]: builds, then runs test/bench/NAME.mjs, or NAME.ts bundled; what it reports (table.mjs) goes to F.json too.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, install, ROOT, run } from "../../scripts/setup.mjs";

const [name, ...rest] = process.argv.slice(2);
const folder = join(ROOT, "test", "bench");
const PARTS = ["run", "engine", "table", "models", "plain", "widen", "outside", "carriers", "profile-sets"];
const names = readdirSync(folder)
  .filter((file) => /\.(mjs|ts)$/.test(file) && !/\.(d|test)\./.test(file))
  .map((file) => file.replace(/\.(mjs|ts)$/, ""))
  .filter((one) => !PARTS.includes(one));
if (!names.includes(name)) {
  console.error(`Which benchmark? ${names.join(", ")}`);
  process.exit(2);
}
const at = rest.indexOf("--out");
if (at >= 0) {
  const [, out] = rest.splice(at, 2);
  if (!out) {
    console.error("--out needs the name of a file.");
    process.exit(2);
  }
  process.env.LAYERSCOPE_BENCH_OUT = resolve(process.env.INIT_CWD ?? ".", out);
  // A benchmark that fails leaves no list of an earlier one behind.
  rmSync(process.env.LAYERSCOPE_BENCH_OUT, { force: true });
}
install();
build();
const script = join(folder, `${name}.mjs`);
if (existsSync(script)) run(process.execPath, [script, ...rest]);
else {
  const esbuild = await import("esbuild");
  const outfile = join(ROOT, "out", "bench", `${name}.cjs`);
  await esbuild.build({
    entryPoints: [join(folder, `${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["onnxruntime-node", "sharp"],
    // Where scripts/setup.mjs lies tells where the project does, in a bundle too.
    define: { LAYERSCOPE_VERSION: '"bench"', "import.meta.url": "SETUP_URL" },
    banner: { js: `const SETUP_URL = ${JSON.stringify(pathToFileURL(join(ROOT, "scripts", "setup.mjs")).href)};` },
    outfile,
    logLevel: "error",
  });
  run(process.execPath, [outfile, ...rest]);
}
if (process.env.LAYERSCOPE_BENCH_OUT && !existsSync(process.env.LAYERSCOPE_BENCH_OUT)) {
  console.error(`The benchmark ${name} reported nothing to write to ${process.env.LAYERSCOPE_BENCH_OUT}.`);
  process.exit(1);
}
