import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the project lies on the web; a part that package.json does not say is absent. */
export interface Links {
  readonly home?: string;
  /** docs/prompts.md as a page. */
  readonly docs?: string;
}

/** From the `homepage` and `repository` of a package.json. Only https counts: nothing is made up where there is none. */
export function linksOf(manifest: unknown): Links {
  const { homepage, repository } = (typeof manifest === "object" && manifest !== null ? manifest : {}) as { homepage?: unknown; repository?: unknown };
  const url = typeof repository === "object" && repository !== null ? (repository as { url?: unknown }).url : repository;
  const code = secure(typeof url === "string" ? url.replace(/^git\+/, "").replace(/\.git$/, "") : undefined);
  const home = secure(homepage) ?? code;
  return { ...(home === undefined ? {} : { home }), ...(code === undefined ? {} : { docs: `${code}/blob/HEAD/docs/prompts.md` }) };
}

/** Of the package that this program lies in. */
export function ownLinks(): Links {
  for (const folder of [join(__dirname, ".."), join(__dirname, "..", "..")])
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if ((manifest as { name?: unknown }).name === "layerscope") return linksOf(manifest);
    } catch {
      // Another folder, or none: then there are no links.
    }
  return {};
}

const secure = (url: unknown): string | undefined => {
  if (typeof url !== "string" || !URL.canParse(url)) return undefined;
  const { protocol, username, password } = new URL(url);
  return protocol === "https:" && !username && !password ? url.replace(/[#/]+$/, "") : undefined;
};
