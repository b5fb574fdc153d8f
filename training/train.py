"""Train the student: next token, the teacher's states at word ends, and the teacher's sentence embedding.

    python train.py --texts WORK/texts.jsonl --targets WORK/targets.pt --tokenizer MODEL/tokenizer.json \\
        --init MODEL/onnx/model.onnx --out WORK/student.pt --seconds 3600

Losses (the linear heads are dropped afterwards):
  next   cross-entropy of the next token
  low    linear regression of the teacher's layer-8 components at block 3
  high   the same for layer 16 at block 6
  pool   regression of the teacher's mean state (its leading whitened components) from the mean state after block 7
  kernel the similarities of the batch's texts to each other, computed from standardised mean states as a
         standardised probe sees them (1 - centred kernel alignment), at blocks 5, 6 and 7
No label of any kind is read. The learning rate follows the clock, so a run ends in time on a busy
machine: the seed fixes the order of the data, the number of steps depends on the machine.
"""
import argparse
import json
import math
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from model import CONFIG, LM, load_onnx_weights

BLOCK = 256                     # packed text
LOW, HIGH, POOL, KERNEL = 3, 6, 7, (5, 6, 7)


def load_examples(rows, enc, targets):
    """Align the student's tokens to the teacher's: where both end at the same character, the states are compared."""
    out = []
    for i, r in enumerate(rows):
        t = targets.get(i)
        if t is None:
            continue
        ids = enc[i].ids[:89]
        at = {e: j for j, e in enumerate(t['end'])}
        align = [-1] + [at.get(o[1], -1) for o in enc[i].offsets[1:len(ids)]]
        if max(align) < 0:
            continue
        whole = enc[i].offsets[len(ids) - 1][1] <= t['end'][-1] + 8   # both saw the whole text
        out.append((ids, align, t['low'], t['high'], r['kind'], t['mean'], whole))
    return out


def packed(rows, enc, tok, r):
    mark, end, newline = 1, 2, tok.encode('\n', add_special_tokens=False).ids
    body = lambda s: tok.encode(s, add_special_tokens=False).ids
    items = []
    for i, x in enumerate(rows):
        if x['kind'] == 'reply':
            chat = [mark] + body('user\n' + x['prompt']) + [end] + newline + [mark] + body('assistant\n' + x['text']) + [end] + newline
            items += [chat, body(x['prompt'] + '\n' + x['text'])]
        elif x['kind'] == 'entry' and i % 3 == 0 or x['kind'] in ('prompt', 'example'):
            items.append(enc[i].ids[1:])
    r.shuffle(items)
    stream = [t for x in items for t in [0] + x]
    return torch.tensor(stream[:len(stream) // BLOCK * BLOCK]).view(-1, BLOCK)


def teacher_table(teacher, tok):
    """Start for the token table of a new model: the teacher's rows of the same pieces of text, projected on their leading directions."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    t = AutoTokenizer.from_pretrained(teacher)
    E = AutoModelForCausalLM.from_pretrained(teacher, dtype=torch.float32).get_input_embeddings().weight.detach()
    text = [tok.decode([i], skip_special_tokens=False) for i in range(CONFIG['vocab_size'])]
    D = torch.stack([E[t(s, add_special_tokens=False).input_ids or [0]].mean(0) if s else E[0] for s in text])
    D = D - D.mean(0)
    Z = D @ torch.linalg.svd(D, full_matrices=False)[2][:CONFIG['hidden_size']].T
    return Z / Z.std() * 0.04 + 0.004 * torch.randn_like(Z)


class Threads:
    """On a busy machine two threads can be slower than one (each operation waits for the thread that got no core):
    every 12 steps the other number is tried for two steps, and the faster one is used."""

    def __init__(self, most):
        self.most, self.speed, self.best, self.now = most, {}, most, most
        torch.set_num_threads(most)

    def step(self, count, tokens, seconds):
        old = self.speed.get(self.now)
        self.speed[self.now] = tokens / seconds if old is None else .5 * old + .5 * tokens / seconds
        self.best = max(self.speed, key=self.speed.get)
        want = self.best
        if self.most > 1 and count % 12 < 2:
            want = 1 if self.best > 1 else self.most
            if count % 12 == 0:
                self.speed.pop(want, None)
        if want != self.now:
            self.now = want
            torch.set_num_threads(want)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--texts', required=True)
    ap.add_argument('--targets', required=True)
    ap.add_argument('--tokenizer', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--init', default='', help='weights to go on from: an exported model.onnx, or a checkpoint of this script')
    ap.add_argument('--teacher', default='', help='for a new model: teacher folder whose token table is projected as a start')
    ap.add_argument('--seconds', type=float, default=3600)
    ap.add_argument('--tokens', type=int, default=4096, help='tokens a batch')
    ap.add_argument('--lr', type=float, default=4e-3)
    ap.add_argument('--warm', type=int, default=60)
    ap.add_argument('--pack', type=float, default=.12, help='share of batches that are packed text, for the next-token loss only')
    ap.add_argument('--shares', default='gloss=.3', help='kind=share,...: share of a kind of text that an epoch shows')
    ap.add_argument('--weights', type=float, nargs=5, default=[.7, 1, 3, 2, 5], help='next, low, high, pool, kernel')
    ap.add_argument('--seed', type=int, default=25)
    ap.add_argument('--threads', type=int, default=2)
    ap.add_argument('--save', type=float, default=300, help='seconds between checkpoints')
    ap.add_argument('--steps', type=int, default=0, help='stop after so many steps (for trials)')
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    r = random.Random(a.seed)
    shares = {k: float(v) for k, v in (x.split('=') for x in a.shares.split(','))}
    weight = dict(zip(('next', 'low', 'high', 'pool', 'kernel'), a.weights))

    # text and targets
    tok = Tokenizer.from_file(a.tokenizer)
    with open(a.texts, encoding='utf-8') as f:
        rows = [json.loads(line) for line in f]
    enc = tok.encode_batch([x['text'] for x in rows])
    ex = load_examples(rows, enc, torch.load(a.targets))
    blocks = packed(rows, enc, tok, r)
    val, ex, vblocks, blocks = ex[:400], ex[400:], blocks[:12], blocks[12:]
    print('examples', len(ex), 'tokens', sum(len(e[0]) for e in ex), 'packed blocks', len(blocks), flush=True)
    low_mean, high_mean = [torch.cat([e[k] for e in ex[:4000]]).float().mean(0) for k in (2, 3)]
    low_var, high_var = [torch.cat([e[k] for e in ex[:4000]]).float().var(0).mean() for k in (2, 3)]
    M = torch.stack([e[5] for e in ex])
    mean_mu, mean_sd = M.mean(0), M.std(0)
    standard = lambda m: ((m - mean_mu) / mean_sd).clamp(-4, 4)
    M = standard(M)
    pick = torch.randperm(len(M), generator=torch.Generator().manual_seed(25))[:12000]   # fixed, so that the heads of a checkpoint fit when a run goes on
    _, S, V = torch.linalg.svd(M[pick], full_matrices=False)
    var = S ** 2 / 12000
    W = V[:192].T / var[:192] ** .5 * (var[:192] / var[0]) ** .15     # mostly whitened, the leading components a little stronger
    pool_var = (M[:12000] @ W).var(0).mean()
    print(f'pooled: 192 components keep {(var[:192].sum() / var.sum()).item():.3f} of the variance', flush=True)
    del M

    def collate(b):
        n = max(len(e[0]) for e in b)
        ids, y, pool = torch.zeros(len(b), n, dtype=torch.long), torch.full((len(b), n), -100), torch.zeros(len(b), n)
        at, low, high = [], [], []
        for j, e in enumerate(b):
            k = len(e[0])
            ids[j, :k] = torch.tensor(e[0])
            y[j, :k - 1] = torch.tensor(e[0][1:])
            y[j, k - 1] = 0
            pool[j, 1:k] = 1 / (k - 1)          # the mean without the first token
            al = torch.tensor(e[1])
            w = (al >= 0).nonzero()[:, 0]
            at.append(j * n + w)
            low.append(e[2][al[w]])
            high.append(e[3][al[w]])
        whole = torch.tensor([e[6] for e in b])
        return dict(ids=ids, y=y, at=torch.cat(at), low=torch.cat(low).float() - low_mean, high=torch.cat(high).float() - high_mean, pool=pool,
                    mean=standard(torch.stack([e[5] for e in b])), whole=whole)

    def epoch():
        ii = [i for i in range(len(ex)) if r.random() < shares.get(ex[i][4], 1)]
        r.shuffle(ii)
        ii = [i for c in range(0, len(ii), 4000) for i in sorted(ii[c:c + 4000], key=lambda i: len(ex[i][0]))]
        out, cur, longest = [], [], 0
        for i in ii:
            n = len(ex[i][0])
            if cur and max(longest, n) * (len(cur) + 1) > a.tokens:
                out.append(cur)
                cur, longest = [], 0
            cur.append(i)
            longest = max(longest, n)
        out += [cur] if cur else []
        r.shuffle(out)
        return out

    # model, heads, optimisers
    model, H = LM(), CONFIG['hidden_size']
    heads = torch.nn.ModuleDict(dict(low=torch.nn.Linear(H, 128), high=torch.nn.Linear(H, 256), pool=torch.nn.Linear(H, 192)))
    if a.init.endswith('.onnx'):
        load_onnx_weights(model, a.init)
    elif a.init:
        c = torch.load(a.init)
        model.load_state_dict(c['model'])
        heads.load_state_dict(c['heads'])
    elif a.teacher:
        model.model.embed_tokens.weight.data = teacher_table(a.teacher, tok)
        model.lm_head.weight = model.model.embed_tokens.weight
    print('parameters', sum(p.numel() for p in model.parameters()), flush=True)
    mats = [p for n, p in model.named_parameters() if p.ndim == 2 and 'embed' not in n and 'lm_head' not in n]
    norms = [p for p in model.parameters() if p.ndim == 1]
    opts = [torch.optim.Muon(mats, lr=a.lr, weight_decay=0.05, momentum=0.95, adjust_lr_fn='match_rms_adamw'),
            torch.optim.AdamW([dict(params=[model.model.embed_tokens.weight], lr=a.lr / 2), dict(params=norms, lr=a.lr / 2), dict(params=heads.parameters(), lr=3e-3, warm=1)],
                              betas=(.9, .95), weight_decay=0.01)]
    base = [[g['lr'] for g in o.param_groups] for o in opts]

    def kernel(x):
        k = x @ x.T
        off = 1 - torch.eye(len(x))
        return (k - (k * off).sum() / off.sum()) * off      # a text's similarity to itself says nothing

    def losses(batch):
        with torch.autocast('cpu', dtype=torch.bfloat16):
            h, states = model.model(batch['ids'])
            y = batch['y'].reshape(-1)
            k = y != -100
            if 'at' in batch and model.training:
                k &= torch.rand(len(k)) < .3                # the output layer is a third of the work
            logits = model.lm_head(h.reshape(-1, H)[k])
        out = dict(next=F.cross_entropy(logits.float(), y[k]))
        if 'at' in batch:
            at = batch['at']
            out['low'] = F.mse_loss(heads['low'](states[LOW].float().reshape(-1, H)[at]), batch['low']) / low_var
            out['high'] = F.mse_loss(heads['high'](states[HIGH].float().reshape(-1, H)[at]), batch['high']) / high_var
            whole = batch['whole']
            if whole.sum() > 8:
                mean = lambda layer: (states[layer].float() * batch['pool'][:, :, None]).sum(1)[whole]
                goal = batch['mean'][whole]
                out['pool'] = F.mse_loss(heads['pool'](mean(POOL)), goal @ W) / pool_var
                J = kernel(goal - goal.mean(0))
                total = 0
                for layer in KERNEL:
                    s = mean(layer)
                    K = kernel((s - s.mean(0)) / (s.std(0) + 1e-4))
                    total = total + 1 - (K * J).sum() / (K.norm() * J.norm() + 1e-6)
                out['kernel'] = total / len(KERNEL)
        return out

    def save():
        torch.save(dict(model=model.state_dict(), heads=heads.state_dict(), step=step, tokens=tokens), a.out + '.tmp')
        os.replace(a.out + '.tmp', a.out)

    def validate():
        model.eval()
        out = {}
        with torch.no_grad():
            for q in range(0, 400, 100):
                for k, v in losses(collate(val[q:q + 100])).items():
                    out[k] = out.get(k, 0) + v.item() / 4
            out['packed'] = losses(dict(ids=vblocks[:, :-1], y=vblocks[:, 1:]))['next'].item()
        model.train()
        return ' '.join(f'{k} {v:.3f}' for k, v in out.items())

    step = tokens = cursor = 0
    order, queue, average = torch.randperm(len(blocks)).tolist(), iter(()), {}
    print('start: validation', validate(), flush=True)
    start = last = time.time()
    threads = Threads(a.threads)
    while (done := (time.time() - start) / a.seconds) < 1 and not (a.steps and step >= a.steps):
        begun = time.time()
        if r.random() < a.pack:
            n = a.tokens // BLOCK
            if cursor + n > len(order):
                order, cursor = torch.randperm(len(blocks)).tolist(), 0
            b = blocks[order[cursor:cursor + n]]
            cursor += n
            batch = dict(ids=b[:, :-1], y=b[:, 1:].contiguous())
        else:
            ii = next(queue, None)
            if ii is None:
                queue = iter(epoch())
                ii = next(queue)
            batch = collate([ex[i] for i in ii])
        scale = 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * done))
        for o, rates in zip(opts, base):
            for g, rate in zip(o.param_groups, rates):
                g['lr'] = rate * scale * min(1, (step + 1) / g.get('warm', a.warm))   # the heads, which are new, need no warm-up
        out = losses(batch)
        sum(weight[k] * v for k, v in out.items()).backward()
        torch.nn.utils.clip_grad_norm_(list(model.parameters()) + list(heads.parameters()), 2.0)
        for o in opts:
            o.step()
            o.zero_grad(set_to_none=True)
        step += 1
        tokens += batch['ids'].numel()
        threads.step(step, batch['ids'].numel(), time.time() - begun)
        for k, v in out.items():
            average[k] = .95 * average.get(k, v.item()) + .05 * v.item()
        if step % 50 == 0 or a.steps and step % 5 == 0:
            print(f'step {step} {time.time() - start:.0f} s {tokens / (time.time() - start):.0f} tokens/s ' + ' '.join(f'{k} {v:.3f}' for k, v in average.items()) + f' ({threads.best} threads)', flush=True)
        if time.time() - last > a.save:
            last = time.time()
            save()
            print('  saved; validation', validate(), flush=True)
    save()
    print(f'done: {step} steps, {tokens} tokens (padding included); validation', validate(), flush=True)


if __name__ == '__main__':
    main()
