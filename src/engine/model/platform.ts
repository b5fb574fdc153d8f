import { release } from "node:os";
import type { Problem } from "../../protocol/index.js";

/** What decides whether ONNX Runtime's binaries run. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** glibc's version on Linux; `musl` where there is none; undefined elsewhere. */
  readonly libc?: string;
}

/** What onnxruntime-node 1.30 brings binaries for; a test compares this with the package. */
export const BINARIES = ["darwin/arm64", "linux/arm64", "linux/x64", "win32/arm64", "win32/x64"] as const;
/** Oldest glibc that they run with. */
const OLDEST_GLIBC = [2, 28] as const;

export function thisMachine(): Machine {
  const { platform, arch } = process;
  if (platform !== "linux") return { platform, arch };
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return { platform, arch, libc: report?.header?.glibcVersionRuntime ?? "musl" };
}

/** Why ONNX Runtime cannot run on a machine, in one sentence; undefined where it can. */
export function noRuntimeFor({ platform, arch, libc }: Machine): Problem | undefined {
  const say = (message: string, hint: string): Problem => ({ code: "engine/no-runtime", message, hint });
  const elsewhere = "Open the folder on a machine that has it: Remote - SSH, a dev container or a tunnel works from here.";
  if (platform === "darwin" && arch === "x64") return say("ONNX Runtime has no build for Macs with an Intel processor, so no model can run here.", elsewhere);
  if (platform === "linux" && libc === "musl")
    return say(
      "ONNX Runtime's builds need glibc; this Linux has musl (Alpine), so no model can run here.",
      "Use a system or a container with glibc 2.28 or newer: Debian, Ubuntu, Fedora and their relatives.",
    );
  if (!(BINARIES as readonly string[]).includes(`${platform}/${arch}`))
    return say(`ONNX Runtime has no build for ${platform} on ${arch}, so no model can run here.`, elsewhere);
  if (platform === "linux" && libc !== undefined && isOlder(libc))
    return say(
      `ONNX Runtime's builds need glibc ${OLDEST_GLIBC.join(".")} or newer; this system has ${libc}, so no model can run here.`,
      "Use a newer system, or a container with one.",
    );
  return undefined;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor < OLDEST_GLIBC[1]);
}

export const describeMachine = ({ platform, arch, libc }: Machine): string =>
  `${platform} ${release()} ${arch}${libc === undefined ? "" : libc === "musl" ? ", musl" : `, glibc ${libc}`}`;
