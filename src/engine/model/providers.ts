import { ProblemError, type Provider } from "../../protocol/index.js";

export type RealProvider = Exclude<Provider, "auto">;

interface ProviderRow {
  readonly id: RealProvider;
  readonly name: string;
  /** Where it is tried by `auto`, and how early: the first number goes first. */
  readonly auto: Readonly<Partial<Record<NodeJS.Platform, number>>>;
  /** What is missing when it does not load. */
  readonly hint: string;
}

/** A new provider is one row. */
export const PROVIDER_TABLE: readonly ProviderRow[] = [
  { id: "cuda", name: "CUDA", auto: { linux: 1, win32: 1 }, hint: "it needs an NVIDIA card, its driver, CUDA 12 and cuDNN 9" },
  { id: "dml", name: "DirectML", auto: { win32: 2 }, hint: "it needs Windows with a DirectX 12 card" },
  { id: "coreml", name: "Core ML", auto: { darwin: 1 }, hint: "it needs macOS" },
  { id: "webgpu", name: "WebGPU", auto: { linux: 2, win32: 3, darwin: 2 }, hint: "it needs a graphics card with a Vulkan, Metal or DirectX 12 driver" },
  { id: "cpu", name: "the CPU", auto: {}, hint: "" },
];

export const providerName = (id: RealProvider): string => PROVIDER_TABLE.find((row) => row.id === id)!.name;

/** What to try, in order (the CPU always last), and why what was asked for is not among it. */
export function providersToTry(
  asked: Provider,
  supported: readonly string[],
  platform: NodeJS.Platform = process.platform,
): { order: RealProvider[]; notes: string[] } {
  const notes: string[] = [];
  const rows = PROVIDER_TABLE.filter(({ id }) => id !== "cpu");
  const wanted =
    asked === "auto"
      ? rows.filter(({ id, auto }) => auto[platform] !== undefined && supported.includes(id)).sort((a, b) => a.auto[platform]! - b.auto[platform]!)
      : rows.filter(({ id }) => id === asked);
  const order = wanted.flatMap((row) => {
    if (supported.includes(row.id)) return [row.id];
    notes.push(`${row.name} is not part of the installed ONNX Runtime (it has ${supported.join(", ") || "none"}), so the CPU computes.`);
    return [];
  });
  return { order: [...order, "cpu"], notes };
}

/** Largest distance of a provider's first batch from the CPU's, relative to the layer's largest value; float16 arithmetic of a GPU stays below. */
export const AGREEMENT = 0.02;

/** One way to compute, open. */
export interface Candidate {
  /** @returns distance of its first batch from the CPU's; throws when it cannot run */
  distance(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens providers in order until one computes what the CPU computes.
 * @param probe tells beforehand, outside this process, why a provider does not work
 * @returns undefined when the CPU is to compute; the notes say why, one sentence a provider
 */
export async function chooseProvider<C extends Candidate>(
  asked: Provider,
  supported: readonly string[],
  open: (provider: RealProvider) => Promise<C>,
  probe: (provider: RealProvider) => Promise<string | undefined> = () => Promise.resolve(undefined),
  platform: NodeJS.Platform = process.platform,
): Promise<{ provider: RealProvider; candidate: C; notes: string[] } | { provider: "cpu"; candidate?: undefined; notes: string[] }> {
  const { order, notes } = providersToTry(asked, supported, platform);
  const absent: string[] = [];
  for (const provider of order.slice(0, -1)) {
    let candidate: C | undefined;
    try {
      if ((await probe(provider)) !== undefined) throw new Error("the probe failed");
      candidate = await open(provider);
      const distance = await candidate.distance();
      if (distance <= AGREEMENT) return { provider, candidate, notes };
      const far = Number.isFinite(distance) ? `by ${(distance * 100).toPrecision(2)}%` : "and holds numbers that are none";
      notes.push(`${providerName(provider)} is not used: its first batch differs from the CPU's ${far}.`);
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === "run/cancelled") throw error;
      if (asked === "auto") absent.push(providerName(provider));
      else notes.push(`${providerName(provider)} could not be used (${PROVIDER_TABLE.find((row) => row.id === provider)!.hint}), so the CPU computes.`);
    }
    // A provider that is given up must not take the run with it.
    await candidate?.close().catch(() => {});
  }
  if (absent.length > 0) notes.push(`No accelerator is at hand (${absent.join(" and ")} did not load), so the CPU computes.`);
  else if (notes.some((note) => note.includes("is not used"))) notes.push("The CPU computes.");
  return { provider: "cpu", notes };
}
