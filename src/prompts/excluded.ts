/** Folders of packages, builds, caches and version control. */
const FOLDERS = new Set([
  "node_modules",
  "bower_components",
  "jspm_packages",
  "site-packages",
  "dist-packages",
  ".git",
  ".hg",
  ".svn",
  ".venv",
  "venv",
  "virtualenv",
  "__pycache__",
  "__pypackages__",
  ".tox",
  ".nox",
  ".eggs",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".ipynb_checkpoints",
  "dist",
  "out",
  "build",
  "target",
  "vendor",
  "third_party",
  "third-party",
  ".next",
  ".nuxt",
  ".output",
  ".svelte-kit",
  ".turbo",
  ".parcel-cache",
  ".cache",
  "coverage",
  "htmlcov",
  ".vscode-test",
  ".yarn",
  ".pnpm-store",
  ".gradle",
  ".terraform",
  ".layerscope",
]);
const FILES = /(\.min\.(js|mjs|cjs|css|json)|\.d\.[mc]?ts|\.map|[.-]bundle\.js|\.chunk\.js|_pb2(_grpc)?\.pyi?|\.pb\.[jt]s|\.generated\.\w+|\.snap)$/i;
const LOCKS =
  /^(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|yarn\.lock|poetry\.lock|pdm\.lock|uv\.lock|pipfile\.lock|composer\.lock|cargo\.lock|gemfile\.lock|deno\.lock|bun\.lockb?|flake\.lock)$/i;

/** Whether a path (absolute or relative, either separator) is usually made by machines or by others: packages, builds, caches, lock files, minified code. */
export function isUsuallyExcluded(path: string): boolean {
  const parts = path.split(/[\\/]/);
  const name = parts.pop() ?? "";
  return parts.some((part) => FOLDERS.has(part)) || isExcludedFile(name);
}

export const isExcludedFolder = (name: string): boolean => FOLDERS.has(name);
export const isExcludedFile = (name: string): boolean => FILES.test(name) || LOCKS.test(name);
