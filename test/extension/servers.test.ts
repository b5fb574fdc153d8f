import { beforeEach, describe, expect, it, vi } from "vitest";
import type { EngineClient } from "../../src/extension/engineClient.js";

const shown: { message: string; options: { modal: boolean; detail: string } }[] = [];
let answer: string | undefined;
vi.mock("vscode", () => ({
  window: {
    showWarningMessage: async (message: string, options: { modal: boolean; detail: string }) => {
      shown.push({ message, options });
      return answer;
    },
  },
}));

const { Servers } = await import("../../src/extension/servers.js");
const { hostsBeyond } = await import("../../src/extension/serverHosts.js");

function fixture(secret?: string) {
  const memory = new Map<string, unknown>();
  const asked: unknown[][] = [];
  const context = {
    workspaceState: {
      get: (key: string, otherwise: unknown) => memory.get(key) ?? otherwise,
      update: async (key: string, value: unknown) => void memory.set(key, value),
    },
    secrets: { get: async () => secret },
  };
  const engine = { ask: async (...args: unknown[]) => void asked.push(args) };
  return { servers: new Servers(context as never, engine as unknown as EngineClient), asked, memory };
}

describe("before a text's ids leave the machine", () => {
  beforeEach(() => {
    shown.length = 0;
    answer = "Send Token Ids";
  });

  it("the user says yes to a set of hosts, once", async () => {
    const { servers, asked, memory } = fixture("canary-token");
    await servers.ready(["https://gpu.example.test/v2/models/a", "https://other.example.test:8443/v2/models/a"]);
    await servers.ready(["https://other.example.test:8443/v2/models/b", "https://gpu.example.test/v2/models/a"]);
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatchObject({ message: expect.stringContaining("gpu.example.test, other.example.test:8443"), options: { modal: true } });
    await servers.ready(["https://gpu.example.test/v2/models/a"]);
    expect(shown).toHaveLength(2);
    expect(asked).toEqual(Array(3).fill(["remote.token", { token: "canary-token" }]));
    expect(JSON.stringify([...memory])).not.toContain("canary");
  });

  it("a no ends the audit, and is asked again", async () => {
    const { servers, asked } = fixture();
    answer = undefined;
    await expect(servers.ready(["https://gpu.example.test/v2/models/a"])).rejects.toThrow();
    await expect(servers.ready(["https://gpu.example.test/v2/models/a"])).rejects.toThrow();
    expect(shown).toHaveLength(2);
    expect(asked).toEqual([]);
  });

  it("this machine is not asked about, nor is anything without servers", async () => {
    const { servers, asked } = fixture();
    await servers.ready(["http://localhost:8000/v2/models/a", "http://127.0.0.1:1/v2/models/a", "http://[::1]:1/v2/models/a"]);
    await servers.ready([]);
    await servers.ready(undefined);
    expect(shown).toEqual([]);
    expect(asked).toEqual([["remote.token", { token: null }]]);
    expect(hostsBeyond(["http://127.0.0.1.example.test/v2/models/a"])).toEqual(["127.0.0.1.example.test"]);
    expect(() => hostsBeyond(["nonsense"])).toThrow(/cannot be read/);
  });
});
