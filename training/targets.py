"""The teacher's hidden states for the training text: what the student learns besides the next token.

    python targets.py --teacher WORK/teacher --texts WORK/texts.jsonl --out WORK/targets.pt --seconds 600

Stored for each text: the states of two layers at every token but the first (principal components, half
whitened), where each of the teacher's tokens ends in the text, and the mean state of two layers without
the first token (the first token is an attention sink whose state drowns all others). Only the first 16
of the teacher's 30 blocks are run.
"""
import argparse
import json
import time

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ORDER = {'prompt': 0, 'frame': 0, 'reply': 0, 'example': 1, 'gloss': 1}   # a time limit cuts the dictionary first


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--teacher', required=True)
    ap.add_argument('--texts', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--low', type=int, default=8, help='layer whose token states are kept as 128 components')
    ap.add_argument('--high', type=int, default=16, help='layer whose token states are kept as 256 components; last block run')
    ap.add_argument('--pooled', type=int, nargs=2, default=[14, 16], help='layers whose mean states are kept whole')
    ap.add_argument('--length', type=int, default=56)
    ap.add_argument('--tokens', type=int, default=6144, help='tokens a batch')
    ap.add_argument('--seconds', type=float, default=600)
    ap.add_argument('--threads', type=int, default=2)
    ap.add_argument('--seed', type=int, default=24)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    rng = np.random.default_rng(a.seed)
    tok = AutoTokenizer.from_pretrained(a.teacher)
    with open(a.texts, encoding='utf-8') as f:
        rows = [(i, r) for i, r in enumerate(map(json.loads, f)) if r['kind'] in ORDER]
    model = AutoModelForCausalLM.from_pretrained(a.teacher, dtype=torch.bfloat16).eval().model
    model.layers = model.layers[:a.high]
    model.norm = torch.nn.Identity()
    grab = {}
    for layer in {a.low, *a.pooled}:
        model.layers[layer - 1].register_forward_hook(lambda m, i, o, layer=layer: grab.__setitem__(layer, (o[0] if isinstance(o, tuple) else o)))
    enc = tok([r['text'] for _, r in rows], return_offsets_mapping=True, truncation=True, max_length=a.length)
    lens = np.array([len(x) for x in enc['input_ids']])
    print('texts', len(rows), 'tokens', lens.sum(), flush=True)

    def batches(idx):
        out, cur = [], []
        for i in sorted(idx, key=lambda i: lens[i]):
            if cur and lens[i] * (len(cur) + 1) > a.tokens:
                out.append(cur)
                cur = []
            cur.append(i)
        out += [cur] if cur else []
        rng.shuffle(out)
        return out

    def states(b):
        n = max(lens[i] for i in b)
        ids, mask = torch.zeros(len(b), n, dtype=torch.long), torch.zeros(len(b), n, dtype=torch.long)
        for j, i in enumerate(b):
            ids[j, :lens[i]] = torch.tensor(enc['input_ids'][i])
            mask[j, :lens[i]] = 1
        with torch.inference_mode():
            model(input_ids=ids, attention_mask=mask, use_cache=False)
        return {k: v.float() for k, v in grab.items()}

    usable = [i for i in range(len(rows)) if lens[i] >= 3]
    first = [i for i in usable if ORDER[rows[i][1]['kind']] == 0]
    last = [i for i in usable if ORDER[rows[i][1]['kind']] == 1]
    sample = {a.low: [], a.high: []}
    for b in batches(list(rng.choice(first, min(1000, len(first)), replace=False)) + list(rng.choice(last, min(300, len(last)), replace=False))):
        h = states(b)
        for k in sample:
            sample[k] += [h[k][j, 1:lens[i]] for j, i in enumerate(b)]
    basis = {}
    for k, dims in ((a.low, 128), (a.high, 256)):
        s = torch.cat(sample[k])
        lo, hi = torch.quantile(s[:15000], .02, 0), torch.quantile(s[:15000], .98, 0)
        c = s.clamp(lo, hi)                        # robust scale: a few dimensions carry massive activations
        mean, std = c.mean(0), c.std(0)
        z = ((s - mean) / std).clamp(-4, 4)
        mu = z.mean(0)
        _, S, V = torch.linalg.svd(z - mu, full_matrices=False)
        var = S ** 2 / len(z)
        print(f'layer {k}: {dims} components keep {(var[:dims].sum() / var.sum()).item():.3f} of the variance', flush=True)
        basis[k] = (mean, std, mu, V[:dims].T / var[:dims] ** .25)
    project = lambda h, p: (((h - p[0]) / p[1]).clamp(-4, 4) - p[2]) @ p[3]
    start, tokens, out = time.time(), 0, {}
    todo = batches(first) + batches(last)
    for done, b in enumerate(todo):
        if time.time() - start > a.seconds:
            print(f'time is up after {done} of {len(todo)} batches')
            break
        h = states(b)
        low, high = project(h[a.low], basis[a.low]).half(), project(h[a.high], basis[a.high]).half()
        pooled = torch.cat([h[k] for k in a.pooled], -1)
        for j, i in enumerate(b):
            n = lens[i]
            out[rows[i][0]] = dict(end=[e for _, e in enc['offset_mapping'][i]][1:], low=low[j, 1:n].clone(), high=high[j, 1:n].clone(), mean=pooled[j, 1:n].mean(0))
        tokens += int(sum(lens[i] for i in b))
        if done % 20 == 0:
            print(f'{done} of {len(todo)} batches, {tokens / (time.time() - start):.0f} tokens/s, {time.time() - start:.0f} s', flush=True)
    torch.save(out, a.out)
    print(f'saved {len(out)} texts, {tokens} tokens, {time.time() - start:.0f} s')


if __name__ == '__main__':
    main()
