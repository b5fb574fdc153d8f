import { badProxy } from "./errors.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address, by the usual variables (lower case goes first), else the one the editor was told of.
 * @throws Problem `hub/proxy`
 */
export function proxyFor(target: URL, env: Environment, fallback?: string): URL | undefined {
  const named = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  if (isExempt(target, named("NO_PROXY") ?? "")) return undefined;
  const found = named(target.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") ?? named("ALL_PROXY") ?? (fallback || undefined);
  if (!found) return undefined;
  const url =
    URL.canParse(found) && /^[a-z][a-z0-9+.-]*:\/\//i.test(found) ? new URL(found) : URL.canParse(`http://${found}`) ? new URL(`http://${found}`) : undefined;
  if (url?.protocol !== "http:") throw badProxy();
  return url;
}

/** `NO_PROXY=example.org,.internal,host:8080,*`. */
function isExempt(target: URL, rules: string): boolean {
  const host = target.hostname.toLowerCase();
  const port = target.port || (target.protocol === "https:" ? "443" : "80");
  return rules
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((rule) => {
      if (rule === "*") return true;
      const [name = "", at] = rule
        .toLowerCase()
        .replace(/^\*?\./, "")
        .split(":");
      return (at === undefined || at === port) && (host === name || host.endsWith(`.${name}`));
    });
}
