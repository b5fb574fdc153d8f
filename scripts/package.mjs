// Makes layerscope-<platform>-<version>.vsix for the platform at hand (or `--target linux-arm64` and the like): a staged
// folder with the bundles, the media, the pages about the numbers and ONNX Runtime's binaries of that one platform.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { notices, readMeta } from "./notices.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const STAGE = join(ROOT, "out", "package");
/** Open VSX's infrastructure takes no more; the marketplace's limit is not published. */
const MOST_BYTES = 100e6;

/** Their wasm files lie beside the bundles. */
const GRAMMARS = ["tree-sitter-python", "tree-sitter-typescript", "tree-sitter-javascript"];

const fail = (why) => {
  throw new Error(why);
};

/** Copies what users need into the staging folder. */
function stage(target) {
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(STAGE, { recursive: true });
  const { scripts: _s, devDependencies: _d, dependencies: _r, private: _p, ...pkg } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  writeFileSync(join(STAGE, "package.json"), `${JSON.stringify(pkg, null, 2)}\n`);
  for (const file of ["package.nls.json", "README.md", "CHANGELOG.md", "LICENSE"])
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(STAGE, file));
  if (!existsSync(join(ROOT, "dist"))) fail("dist is missing; run the build first");
  for (const file of readdirSync(join(ROOT, "dist"))) if (/\.(js|wasm)$/.test(file)) cpSync(join(ROOT, "dist", file), join(STAGE, "dist", file));
  cpSync(join(ROOT, "media"), join(STAGE, "media"), { recursive: true });
  for (const page of ["compare.md", "prompts-editor.md", "prompts-finding.md", "prompts.md"])
    if (existsSync(join(ROOT, "docs", page))) cpSync(join(ROOT, "docs", page), join(STAGE, "docs", page));
  if (existsSync(join(ROOT, "docs", "lenses"))) cpSync(join(ROOT, "docs", "lenses"), join(STAGE, "docs", "lenses"), { recursive: true });
  stageRuntime(target);
  const beside = ["onnxruntime-node", "onnxruntime-common", ...GRAMMARS, ...stageImages(target)];
  writeFileSync(join(STAGE, "ThirdPartyNotices.txt"), notices(ROOT, readMeta(ROOT), beside));
}

/** onnxruntime-node beside the bundles that ask for it: its loader, one platform's binaries, and onnxruntime-common. */
function stageRuntime(target) {
  const [platform, arch] = target.split("-");
  const from = join(ROOT, "node_modules", "onnxruntime-node");
  const to = join(STAGE, "dist", "node_modules", "onnxruntime-node");
  const binaries = join("bin", "napi-v6", platform, arch);
  if (!existsSync(join(from, binaries))) fail(`onnxruntime-node has no binaries for ${target}`);
  for (const part of ["package.json", "dist", binaries]) cpSync(join(from, part), join(to, part), { recursive: true });
  const nested = join(from, "node_modules", "onnxruntime-common");
  const common = existsSync(nested) ? nested : join(ROOT, "node_modules", "onnxruntime-common");
  for (const part of ["package.json", "dist/cjs"])
    cpSync(join(common, part), join(STAGE, "dist", "node_modules", "onnxruntime-common", part), { recursive: true });
  for (const file of files(join(STAGE, "dist", "node_modules"))) if (/\.(map|d\.ts)$/.test(file)) rmSync(join(STAGE, "dist", "node_modules", file));
}

/** sharp beside them: its loader, the little it asks for, and libvips of one platform (LGPL-3.0, a library of its own that may be replaced). */
function stageImages(target) {
  const from = join(ROOT, "node_modules");
  const to = join(STAGE, "dist", "node_modules");
  // On Windows libvips lies inside the binding's own package.
  const native = [`@img/sharp-${target}`, ...(target.startsWith("win32") ? [] : [`@img/sharp-libvips-${target}`])];
  for (const name of native)
    if (!existsSync(join(from, name))) fail(`sharp has no binaries for ${target}; get them with: npm install --no-save --force ${native.join(" ")}`);
  const names = ["sharp", "@img/colour", "detect-libc", "semver", ...native];
  for (const name of names)
    cpSync(join(from, name), join(to, name), {
      recursive: true,
      filter: (path) => !/[\\/](src|install|node_modules[\\/]\.bin|bin)$|\.(d\.[cm]?ts|map)$/.test(path),
    });
  return names;
}

export function files(folder, base = folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(folder, e.name), base) : [relative(base, join(folder, e.name)).split("\\").join("/")],
  );
}

/** What may be in the package, and what must be. */
export function checkContents(names) {
  const allowed =
    /^(package\.json|package\.nls\.json|README\.md|CHANGELOG\.md|LICENSE(\.txt)?|ThirdPartyNotices\.txt|dist\/\w+\.js|dist\/(web-)?tree-sitter(-\w+)?\.wasm|dist\/node_modules\/(onnxruntime-(node|common)|sharp|@img\/[\w-]+|detect-libc|semver)\/|media\/|docs\/(lenses\/|compare\.md|prompts(-editor|-finding)?\.md))/i;
  const strange = names.filter((n) => !allowed.test(n) || /(^|\/)(test|src|training|\.git)\//.test(n.replace(/^media\/sample\/src\//, "")));
  if (strange.length > 0) fail(`the package would hold what it should not: ${strange.slice(0, 5).join(", ")}`);
  for (const needed of [
    "package.json",
    "dist/extension.js",
    "dist/engine.js",
    "dist/cli.js",
    "dist/webview.js",
    "dist/report.js",
    "dist/card.js",
    "dist/prompts.js",
    "dist/web-tree-sitter.wasm",
    "dist/tree-sitter-python.wasm",
    "dist/tree-sitter-typescript.wasm",
    "dist/tree-sitter-tsx.wasm",
    "dist/tree-sitter-javascript.wasm",
    "media/icon.png",
    "ThirdPartyNotices.txt",
    "media/webview.css",
    "media/card.css",
    "docs/prompts-editor.md",
  ]) {
    if (!names.includes(needed)) fail(`the package lacks ${needed}`);
  }
  if (!names.some((n) => n.endsWith("onnxruntime_binding.node"))) fail("the package lacks ONNX Runtime's binary");
  if (!names.some((n) => /@img\/sharp-[\w-]+\/.*\.node$/.test(n))) fail("the package lacks the image decoder's binary");
  if (!names.some((n) => /^media\/model\/.*\.onnx$/.test(n))) fail("the package lacks the embedded model");
}

/** Builds, stages, packs. @returns the .vsix path */
export async function makeVsix({ target = `${process.platform}-${process.arch}`, build = true, say = console.log } = {}) {
  if (build) execFileSync(process.execPath, ["esbuild.mjs"], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  stage(target);
  const names = files(STAGE);
  checkContents(names);
  const { version, name } = JSON.parse(readFileSync(join(STAGE, "package.json"), "utf8"));
  const packagePath = join(ROOT, `${name}-${target}-${version}.vsix`);
  const { createVSIX } = await import("@vscode/vsce");
  // vsce tells its whole list of files to the console; the one line below says what matters.
  const loud = { log: console.log, info: console.info };
  console.log = console.info = () => {};
  // Dependencies are in the bundles; the runtime's own folder lies under dist and travels as files.
  writeFileSync(join(STAGE, ".vscodeignore"), ".vscodeignore\n");
  await createVSIX({
    cwd: STAGE,
    packagePath,
    target,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
    rewriteRelativeLinks: false,
  }).finally(() => Object.assign(console, loud));
  const { size } = statSync(packagePath);
  if (size > MOST_BYTES) fail(`${relative(ROOT, packagePath)} has ${(size / 1e6).toFixed(1)} MB, more than ${MOST_BYTES / 1e6}`);
  say(`${relative(ROOT, packagePath)}: ${names.length} files, ${(size / 1e6).toFixed(1)} MB`);
  return packagePath;
}

/** The package for this platform: made anew, or the one that is there where that will do. */
export async function vsixAtHand(reuse) {
  const { version, name } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const known = join(ROOT, `${name}-${process.platform}-${process.arch}-${version}.vsix`);
  return reuse && existsSync(known) ? known : makeVsix({ say: () => {} });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const target = process.argv.includes("--target") ? process.argv[process.argv.indexOf("--target") + 1] : undefined;
  await makeVsix({ target, build: !process.argv.includes("--no-build") }).catch((error) => {
    process.stderr.write(`No package was made: ${error.message}\n`);
    process.exitCode = 1;
  });
}
