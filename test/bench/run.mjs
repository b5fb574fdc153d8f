// npm run bench -- NAME [...]: builds, then runs test/bench/NAME.mjs, or NAME.ts bundled.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, install, ROOT, run } from "../../scripts/setup.mjs";

const [name, ...rest] = process.argv.slice(2);
const folder = join(ROOT, "test", "bench");
const names = readdirSync(folder)
  .map((file) => file.replace(/\.(mjs|ts)$/, ""))
  .filter((one) => !["run", "engine"].includes(one));
if (!names.includes(name)) {
  console.error(`Which benchmark? ${names.join(", ")}`);
  process.exit(2);
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
    define: { LAYERSCOPE_VERSION: '"bench"' },
    outfile,
    logLevel: "error",
  });
  run(process.execPath, [outfile, ...rest]);
}
