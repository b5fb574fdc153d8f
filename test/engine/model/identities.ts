import type { TapState } from "../../../src/engine/model/index.js";
import type { WeightReader } from "../../../src/engine/model/weights/index.js";
import type { TapEntry } from "../../../src/protocol/index.js";

/** Taps of a batch with every token read alone: [rows, tokens, width]. */
export interface Reads {
  readonly taps: ReadonlyMap<string, TapState>;
  readonly entries: readonly TapEntry[];
  /** Real tokens of each row. */
  readonly lengths: readonly number[];
  readonly blocks: number;
  readonly causal?: boolean;
}

/** What must hold between the taps and weights of any transformer: the largest relative error found, by identity. */
export function identitiesOf({ taps, entries, lengths, blocks, causal }: Reads, weights: WeightReader, epsilon: number): Map<string, number> {
  const worst = new Map<string, number>();
  const say = (name: string, error: number) => {
    worst.set(name, Math.max(worst.get(name) ?? 0, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error));
  };
  const known = new Map(weights.entries.map((entry) => [entry.name, entry]));
  const has = (name: string) => known.get(name) !== undefined && known.get(name)!.missing === undefined;
  const read = (name: string): Float32Array | undefined => (has(name) ? weights.read(name) : undefined);
  const noteOf = (name: string) => entries.find((entry) => entry.name === name)?.note ?? "";
  /** Real tokens only, one after the other. */
  const tokens = (name: string): Float32Array | undefined => {
    const tap = taps.get(name);
    if (!tap) return undefined;
    const [, K = 1, W = 1] = tap.shape;
    const all = lengths.flatMap((length, b) => Array.from({ length }, (_, t) => tap.data.subarray((b * K + t) * W, (b * K + t + 1) * W)));
    const out = new Float32Array(all.length * W);
    for (const [i, vector] of all.entries()) out.set(vector, i * W);
    return out;
  };
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const linear = (x: Float32Array, name: string): Float32Array | undefined => {
    const w = read(name);
    if (!w) return undefined;
    const [out = 0, inside = 0] = known.get(name)!.shape ?? [];
    const bias = read(`${name}.bias`);
    const y = new Float32Array(count * out);
    for (let t = 0; t < count; t++)
      for (let o = 0; o < out; o++) {
        let sum = bias?.[o] ?? 0;
        for (let i = 0; i < inside; i++) sum += x[t * inside + i]! * w[o * inside + i]!;
        y[t * out + o] = sum;
      }
    return y;
  };
  /** A norm with a shift takes the mean out, one without is taken for an RMS norm. */
  const norm = (x: Float32Array, name: string): Float32Array => {
    const [weight, bias] = [read(name), read(`${name}.bias`)];
    return weight ? normalised(x, weight, bias, bias === undefined, epsilon) : x;
  };
  const closer = (wanted: Float32Array, ...candidates: (Float32Array | undefined)[]): number =>
    Math.min(...candidates.filter((one) => one !== undefined).map((one) => distance(one, wanted)));

  for (let i = 0; i < blocks; i++) {
    const of = (tap: string) => tokens(`blocks.${i}.${tap}`);
    const role = (name: string) => `blocks.${i}.${name}`;
    const [pre, mid, post, attn, mlp, mixer] = ["resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out", "mixer_out"].map(of);
    const postNorm = noteOf(role("resid_mid")).includes("post-norm");
    if (attn && mid) say("mid = pre + attn", distance(postNorm ? norm(plus(pre!, attn), role("norm1")) : plus(pre!, attn), mid));
    if (mlp && mid) say("post = mid + mlp", distance(postNorm ? norm(plus(mid, mlp), role("norm2")) : plus(mid, mlp), post!));
    if (attn && mlp && !mid) say("post = pre + attn + mlp", distance(plus(plus(pre!, attn), mlp), post!));
    if (mixer && !mlp) say("post = pre + mixer", distance(plus(pre!, mixer), post!));
    const [head, act] = [of("attn_head"), of("mlp_act")];
    const sandwiched = (x: Float32Array | undefined, name: string) => x && (has(name) ? norm(x, name) : x);
    if (head && attn && has(role("o"))) say("attn = head · o", distance(sandwiched(linear(head, role("o")), role("norm1_post"))!, attn));
    if (act && mlp && has(role("down"))) say("mlp = act · down", distance(sandwiched(linear(act, role("down")), role("norm2_post"))!, mlp));
    const pattern = taps.get(role("attn_pattern"));
    if (pattern) patternIdentities(i, pattern, pre!, head);
  }
  const final = tokens("final_norm");
  const last = tokens(`blocks.${blocks - 1}.resid_post`);
  if (final && last && has("final_norm")) {
    const [w, b] = [read("final_norm")!, read("final_norm.bias")];
    say("final = norm(last)", closer(final, normalised(last, w, b, true, epsilon), normalised(last, w, b, false, epsilon)));
  }
  const logits = tokens("logits");
  if (logits && (final ?? last)) {
    const wanted = linear((final ?? last)!, "unembedding");
    // Soft-capped logits (Gemma 2): cap * tanh(x / cap).
    if (wanted)
      say(
        "logits = final · unembedding",
        closer(
          logits,
          wanted,
          wanted.map((x) => 30 * Math.tanh(x / 30)),
        ),
      );
  }
  return worst;

  function patternIdentities(i: number, { shape, data }: TapState, pre: Float32Array, head: Float32Array | undefined): void {
    const [, K = 0, H = 0, S = 0] = shape;
    const p = (b: number, t: number, h: number, s: number) => data[((b * K + t) * H + h) * S + s]!;
    lengths.forEach((length, b) => {
      for (let t = 0; t < length; t++)
        for (let h = 0; h < H; h++) {
          let sum = 0;
          let later = 0;
          for (let s = 0; s < S; s++) {
            sum += p(b, t, h, s);
            if (s > t) later += Math.abs(p(b, t, h, s));
          }
          say("pattern sums to 1", Math.abs(sum - 1));
          if (causal) say("pattern is causal", later);
        }
    });
    const role = (name: string) => `blocks.${i}.${name}`;
    const prefixNorm = noteOf(role("resid_mid")).includes("post-norm");
    const inputs =
      prefixNorm || !has(role("norm1")) ? [pre] : [norm(pre, role("norm1")), normalised(pre, read(role("norm1"))!, read(role("norm1.bias")), false, epsilon)];
    if (!head || !has(role("v"))) return;
    const width = head.length / count;
    const size = width / H;
    const mixed = inputs.map((x) => {
      const v = linear(x, role("v"))!;
      const shared = v.length / count / size;
      const out = new Float32Array(head.length);
      let at = 0;
      lengths.forEach((length, b) => {
        for (let t = 0; t < length; t++)
          for (let h = 0; h < H; h++)
            for (let d = 0; d < size; d++) {
              let sum = 0;
              const group = Math.floor(h / (H / shared));
              for (let s = 0; s < length; s++) sum += p(b, t, h, s) * v[(at + s) * shared * size + group * size + d]!;
              out[(at + t) * width + h * size + d] = sum;
            }
        at += length;
      });
      return out;
    });
    say("head = pattern · v", closer(head, ...mixed));
  }
}

const plus = (a: Float32Array, b: Float32Array): Float32Array => a.map((x, i) => x + b[i]!);

/** Layer or RMS norm of vectors as long as the weight. */
function normalised(x: Float32Array, weight: Float32Array, bias: Float32Array | undefined, rms: boolean, epsilon: number): Float32Array {
  const width = weight.length;
  const out = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    let mean = 0;
    if (!rms) for (let i = 0; i < width; i++) mean += x[start + i]! / width;
    let square = 0;
    for (let i = 0; i < width; i++) square += (x[start + i]! - mean) ** 2 / width;
    for (let i = 0; i < width; i++) out[start + i] = ((x[start + i]! - mean) / Math.sqrt(square + epsilon)) * weight[i]! + (bias?.[i] ?? 0);
  }
  return out;
}

export function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference / (norm || 1));
}
