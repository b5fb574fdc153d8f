import { ProblemError } from "../protocol/index.js";

/** Hosts that are not this machine, in one order. The engine reads the addresses again, and more strictly. */
export function hostsBeyond(endpoints: readonly string[]): string[] {
  const hosts = endpoints.map((text) => {
    if (!URL.canParse(text))
      throw new ProblemError({
        code: "remote/address",
        message: "An address in layerscope.engine cannot be read.",
        hint: "For example http://localhost:8000/v2/models/NAME.",
      });
    return new URL(text);
  });
  const beyond = hosts.filter(({ hostname }) => !/^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname)).map(({ host }) => host);
  return [...new Set(beyond)].sort();
}
