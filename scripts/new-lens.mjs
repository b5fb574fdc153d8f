// npm run new-lens NAME: a folder, a line in the index, a docs page, a setting and a test that fails until the lens is written.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = process.env.LAYERSCOPE_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (...path) => join(ROOT, ...path);
const fail = (sentence) => {
  console.error(sentence);
  process.exit(2);
};

const id = process.argv[2] ?? "";
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 40)
  fail("usage: npm run new-lens NAME, where NAME is small letters, digits and single hyphens: token-entropy");
if (existsSync(at("src", "engine", "lenses", id))) fail(`src/engine/lenses/${id} is there already.`);

const camel = id.replace(/-(.)/g, (_, c) => c.toUpperCase());
const type = camel[0].toUpperCase() + camel.slice(1);
const title = id[0].toUpperCase() + id.slice(1).replaceAll("-", " ");

/** Templates are ordinary files with __ID__, __CAMEL__, __TYPE__ and __TITLE__ in them. */
const TEMPLATES = [
  ["index.ts.txt", ["src", "engine", "lenses", id, "index.ts"]],
  ["pictures.ts.txt", ["src", "engine", "lenses", id, "pictures.ts"]],
  ["page.md.txt", ["docs", "lenses", `${id}.md`]],
  ["test.ts.txt", ["test", "engine", "lenses", `${id}.test.ts`]],
];
for (const [template, path] of TEMPLATES) {
  const text = readFileSync(at("scripts", "new-lens", template), "utf8")
    .replaceAll("__ID__", id)
    .replaceAll("__CAMEL__", camel)
    .replaceAll("__TYPE__", type)
    .replaceAll("__TITLE__", title);
  mkdirSync(dirname(at(...path)), { recursive: true });
  writeFileSync(at(...path), text, { flag: "wx" });
  console.log(`made ${path.join("/")}`);
}

/** Changes a file, and says so when the place to change is not found. */
function change(path, edit) {
  const before = readFileSync(at(...path), "utf8");
  const after = edit(before);
  if (after === before) fail(`${path.join("/")} was not changed: its list of lenses has another form than this script knows.`);
  writeFileSync(at(...path), after);
  console.log(`changed ${path.join("/")}`);
}
change(["src", "engine", "lenses", "index.ts"], (text) => {
  const line = `import { ${camel} } from "./${id}/index.js";`;
  const imports = text.match(/^import .*\n/gm) ?? [];
  const next = imports.find((one) => one.includes('from "./') && (/from "(.*)"/.exec(one)?.[1] ?? "") > `./${id}/index.js`) ?? imports.at(-1);
  return text.replace(next, `${line}\n${next}`).replace(/(export const lenses: readonly Lens\[\] = \[[^\]]*?),?\s*\];/, `$1,\n  ${camel},\n];`);
});
change(["package.json"], (text) =>
  text.replace(
    /("layerscope\.lenses": \{[\s\S]*?"enum": \[)([^\]]*?)(\s*)\]/,
    (_, head, inner, space) => `${head}${inner},\n${" ".repeat(16)}"${id}"${space}]`,
  ),
);
console.log(`
Next: write src/engine/lenses/${id}/index.ts and docs/lenses/${id}.md; the test fails until both are done:
  npx vitest run test/engine/lenses/${id}.test.ts
  npm run check`);
