/** Made by machines or by others: never looked into, whatever the settings say. */
const ALWAYS = [
  "**/{node_modules,bower_components,site-packages,.git,.hg,.svn,.venv,venv,__pycache__,.tox,.mypy_cache,dist,out,build,target,vendor,third_party,.next,.nuxt,coverage,.vscode-test}/**",
  "**/*.min.js",
  "**/*.d.ts",
  "**/package-lock.json",
  "**/.layerscope/**",
];

/** Values of `files.exclude` and `search.exclude`: globs that are on, off, or on under a condition. */
export type ExcludeSetting = Readonly<Record<string, unknown>>;

/** One glob that leaves out what the usual excludes and the extension's own setting name. */
export function excludeGlob(settings: readonly (ExcludeSetting | undefined)[], own: readonly string[]): string {
  const named = settings.flatMap((setting) => Object.entries(setting ?? {}).flatMap(([glob, on]) => (on === false || on === null ? [] : [glob])));
  // Braces do not nest in VS Code's globs: a pattern that has some is spelled out.
  return `{${[...new Set([...ALWAYS, ...named, ...own].flatMap(spellOut))].join(",")}}`;
}

/** `a{b,c}d` as `abd`, `acd`. */
export function spellOut(glob: string): string[] {
  const found = /\{([^{}]*)\}/.exec(glob);
  if (!found) return [glob];
  const [whole, inner] = found;
  return (inner as string).split(",").flatMap((part) => spellOut(`${glob.slice(0, found.index)}${part}${glob.slice(found.index + (whole as string).length)}`));
}
