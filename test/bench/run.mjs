// npm run bench -- NAME [...]: builds, then runs test/bench/NAME.mjs.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, install, ROOT, run } from "../../scripts/setup.mjs";

const [name, ...rest] = process.argv.slice(2);
const folder = join(ROOT, "test", "bench");
const file = name && join(folder, `${name}.mjs`);
if (!file || !existsSync(file)) {
  const names = readdirSync(folder).filter((f) => f.endsWith(".mjs") && !["run.mjs", "engine.mjs"].includes(f));
  console.error(`Which benchmark? ${names.map((f) => f.slice(0, -4)).join(", ")}`);
  process.exit(2);
}
install();
build();
run(process.execPath, [file, ...rest]);
