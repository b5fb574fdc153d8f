/** One line of a `.gitignore`, as a test of paths relative to the file's folder. */
interface Rule {
  readonly keeps: boolean;
  readonly folderOnly: boolean;
  readonly test: RegExp;
}

/** The rules of one `.gitignore`. Patterns with `*`, `**`, `?`, `[…]`, `!` and a slash at either end are understood. */
export type Ignore = (relative: string, isFolder: boolean) => boolean | undefined;

/** @returns true: ignored; false: kept by a `!` line; undefined: nothing is said */
export function readGitignore(text: string): Ignore {
  const rules = text.split(/\r?\n/).flatMap(ruleOf);
  return (relative, isFolder) => {
    for (const rule of [...rules].reverse()) if ((!rule.folderOnly || isFolder) && rule.test.test(relative)) return !rule.keeps;
    return undefined;
  };
}

function ruleOf(line: string): Rule[] {
  const trimmed = line.replace(/(?<!\\)\s+$/, "");
  if (trimmed === "" || trimmed.startsWith("#")) return [];
  const keeps = trimmed.startsWith("!");
  const body = trimmed.slice(keeps ? 1 : 0).replace(/^\\(?=[#!])/, "");
  const folderOnly = body.endsWith("/");
  const bare = body.replace(/\/$/, "");
  const rooted = bare.includes("/");
  const pattern = expression(bare.replace(/^\//, ""));
  try {
    return [{ keeps, folderOnly, test: new RegExp(`^${rooted ? "" : "(?:.*/)?"}${pattern}$`) }];
  } catch {
    // A bracket that is none: git matches nothing with it either.
    return [];
  }
}

const expression = (glob: string): string =>
  glob.replace(/\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?[^\]]*\]|[.+^${}()|\\\]]/g, (m) => {
    if (m === "**/") return "(?:.*/)?";
    if (m === "/**") return "/.*";
    if (m === "**") return ".*";
    if (m === "*") return "[^/]*";
    if (m === "?") return "[^/]";
    if (m.startsWith("[") && m.length > 1) return m.replace(/^\[!/, "[^");
    return `\\${m}`;
  });
