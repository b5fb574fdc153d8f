// The licences of what travels inside the package: every module that a bundle holds (as esbuild's record says), and those beside the bundles.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folder of the package that a bundled file comes from. */
const packageOf = (path) => /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];

/** @returns the text of ThirdPartyNotices.txt; throws when a package tells no licence */
export function notices(root, meta, beside) {
  const bundled = Object.values(meta).flatMap(({ inputs }) => inputs.map(packageOf));
  const folders = [...new Set([...bundled, ...beside.map((name) => `node_modules/${name}`)])].filter((folder) => folder !== undefined);
  const parts = folders.map((folder) => {
    const { name, version, license, author, homepage } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    if (typeof license !== "string") throw new Error(`${folder} names no licence`);
    const texts = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notices?|copying|thirdpartynotices?)(\.\w+)?$/i.test(file));
    const by = typeof author === "string" ? author : author?.name;
    const head = [`${name} ${version} (${license})`, by && `by ${by.replace(/ ?<[^>]*>| ?\([^)]*\)/g, "")}`, homepage].filter(Boolean).join("\n");
    return { name, text: [head, ...texts.map((file) => readFileSync(join(root, folder, file), "utf8").trim())].join("\n\n") };
  });
  if (!parts.some(({ name }) => name === "d3-selection")) throw new Error("the record of the bundles is not what it was: no d3 in it");
  const sorted = parts.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ text }) => text);
  return `What Layerscope is packaged with, and under which licences.\n\n${sorted.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** Reads the record that the build leaves. */
export function readMeta(root) {
  const file = join(root, "dist", "meta.json");
  if (!existsSync(file)) throw new Error("dist/meta.json is missing; run the build first");
  return JSON.parse(readFileSync(file, "utf8"));
}
