import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

export default defineConfig({
  define: { LAYERSCOPE_VERSION: JSON.stringify(version) },
  test: {
    include: ["test/**/*.test.ts"],
    // ONNX Runtime must not be loaded in several worker threads of one process.
    pool: "forks",
    // A test sees what it computes, not what an earlier one left in the user's cache.
    env: { LAYERSCOPE_STORE: "off" },
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
});
