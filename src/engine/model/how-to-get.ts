import type { Machine } from "./platform.js";
import type { RealProvider } from "./providers.js";

/** Version of the package that the extension carries; libraries of another one do not fit. */
export const RUNTIME = "1.30.0";

export interface HowTo {
  /** Why it is not part of the runtime here. */
  readonly absent: string;
  /** What it lacks when it is part, and does not start. */
  readonly fails: string;
  readonly steps: readonly string[];
}

const LIBRARIES = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"];

/** What an accelerator needs on a machine, step by step. */
export function howToGet(provider: RealProvider, { platform, arch }: Machine): HowTo {
  const here = `${platform} on ${arch}`;
  switch (provider) {
    case "cuda":
      if (platform === "linux" && arch === "x64")
        return {
          absent: "This runtime was built without CUDA.",
          fails: "CUDA's libraries or an NVIDIA driver are missing.",
          steps: [
            "Have an NVIDIA card with its driver (nvidia-smi shows it), CUDA 12 and cuDNN 9 in the library path.",
            `In an empty folder: npm init -y && npm install onnxruntime-node@${RUNTIME} --onnxruntime-node-install=cuda12 (its own install script fetches more than 300 MB).`,
            `Copy ${LIBRARIES.join(" and ")} from its node_modules/onnxruntime-node/bin/napi-v6/linux/x64 into the folder of the same name under Layerscope's dist/node_modules.`,
            "Restart the engine and check again.",
          ],
        };
      return {
        absent: `onnxruntime-node has CUDA for Linux on x64 only; this is ${here}.`,
        fails: "CUDA does not start.",
        steps: platform === "win32" ? ["DirectML and WebGPU use the same card; both come inside."] : [],
      };
    case "dml":
      return platform === "win32"
        ? {
            absent: "This runtime was built without DirectML.",
            fails: "DirectML found no DirectX 12 card.",
            steps: ["It comes inside: update Windows and the graphics driver, then check again."],
          }
        : { absent: `DirectML is Windows' own; this is ${here}.`, fails: "DirectML does not start.", steps: [] };
    case "coreml":
      return platform === "darwin"
        ? { absent: "This runtime was built without Core ML.", fails: "Core ML does not start.", steps: ["It comes inside: update macOS, then check again."] }
        : { absent: `Core ML is macOS' own; this is ${here}.`, fails: "Core ML does not start.", steps: [] };
    case "webgpu":
      return {
        absent: `This runtime has no WebGPU for ${here}.`,
        fails: "WebGPU found no graphics card that it can use.",
        steps:
          platform === "linux"
            ? [
                "It comes inside. It needs Vulkan: the loader (libvulkan1, vulkan-loader) and the card's driver (mesa-vulkan-drivers, or NVIDIA's own); vulkaninfo shows them.",
                "In a container the card must be passed in (/dev/dri, or --gpus all).",
              ]
            : ["It comes inside: update the graphics driver, then check again."],
      };
    default:
      return { absent: "", fails: "", steps: [] };
  }
}
