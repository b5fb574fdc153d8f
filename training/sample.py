"""Sample prompts and answers from the teacher on the CPU, in bfloat16.

    python sample.py --teacher WORK/teacher --out WORK/sampled.jsonl --seconds 600 --seed 21

Three kinds of batch: "open" (the user turn starts with a hand-written opening and the teacher
ends it), "list" (two of our sentences stand as entries of a list and the teacher writes the
third), and "reply" (the teacher answers one of our sentences). Rows are appended, so several
runs with different seeds add up. Which opening is drawn is the only steering; nothing says
whether a text is safe.
"""
import argparse
import json
import random
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

import lexicon

USER, BOT = '<|im_start|>user\n', '<|im_end|>\n<|im_start|>assistant\n'


def list_prefix(r):
    head = r.choice(['Things people asked an assistant:', 'Messages typed into a chat window:', 'Questions and requests:', 'Tasks for a writing assistant:', 'Search box history:'])
    return f'{head}\n- {lexicon.sentence(r)}\n- {lexicon.sentence(r)}\n- '


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--teacher', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--seconds', type=float, default=600)
    ap.add_argument('--batch', type=int, default=256)
    ap.add_argument('--head', type=int, default=20000, help='only the first (most frequent) token ids can be drawn: the output layer is a quarter of the work otherwise')
    ap.add_argument('--seed', type=int, default=21)
    ap.add_argument('--threads', type=int, default=2)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    r = random.Random(a.seed)
    tok = AutoTokenizer.from_pretrained(a.teacher)
    tok.padding_side, tok.pad_token = 'left', '<|im_end|>'
    model = AutoModelForCausalLM.from_pretrained(a.teacher, dtype=torch.bfloat16).eval()
    head = model.lm_head.weight[:a.head].detach().clone()
    pieces = [tok.decode([i]) for i in range(a.head)]
    newline = torch.tensor(['\n' in p for p in pieces])
    question = torch.tensor([p.rstrip().endswith('?') for p in pieces])
    special = torch.tensor([p.startswith('<|') for p in pieces])
    start, rows, batch = time.time(), 0, 0
    with open(a.out, 'a', encoding='utf-8') as f:
        while time.time() - start < a.seconds:
            kind = ('open', 'list', 'open', 'open', 'list', 'open', 'reply', 'open')[batch % 8]
            batch += 1
            if kind == 'reply':
                heads = [lexicon.sentence(r) for _ in range(a.batch // 2)]
                text = [USER + h + BOT for h in heads]
            elif kind == 'list':
                heads = ['' for _ in range(a.batch)]
                text = [list_prefix(r) for _ in heads]
            else:
                heads = [lexicon.opening(r) for _ in range(a.batch)]
                text = [USER + h for h in heads]
            steps, heat = (48, 0.8) if kind == 'reply' else (30, 1.0 if kind == 'open' else 0.9)
            e = tok(text, return_tensors='pt', padding=True)
            ids, mask = e.input_ids, e.attention_mask
            live = torch.arange(len(text))          # rows still being written
            out = [[] for _ in text]
            ended = [False] * len(text)
            with torch.inference_mode():
                cache = DynamicCache(config=model.config)
                pos = (mask.cumsum(1) - 1).clamp(min=0)
                for step in range(steps):
                    h = model.model(input_ids=ids, attention_mask=mask, position_ids=pos, past_key_values=cache, use_cache=True).last_hidden_state[:, -1]
                    v, i = torch.nn.functional.linear(h, head).float().topk(60)
                    ids = i.gather(1, torch.multinomial((v / heat).softmax(-1), 1))
                    t = ids[:, 0]
                    stop = special[t]
                    if kind != 'reply':             # a prompt ends with its line, and mostly with its question
                        stop = stop | newline[t] | (question[t] & (torch.rand(len(t)) < 0.8))
                    for j, k in enumerate(live.tolist()):
                        out[k].append(int(t[j]))
                        ended[k] = ended[k] or bool(stop[j])
                    mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
                    pos = pos[:, -1:] + 1
                    keep = [j for j, k in enumerate(live.tolist()) if not ended[k]]
                    if not keep:
                        break
                    if len(keep) < 0.8 * len(live):  # drop finished rows from the batch
                        keep = torch.tensor(keep)
                        cache.batch_select_indices(keep)
                        live, ids, mask, pos = live[keep], ids[keep], mask[keep], pos[keep]
            for h, o, done in zip(heads, out, ended):
                s = tok.decode(o)
                # rows that ended early may have run on until the batch was compacted
                s = s.split('<|')[0] if kind == 'reply' else s.split('<|')[0].split('\n')[0]
                if kind != 'reply' and done and '?' in s:
                    s = s[:s.index('?') + 1]
                row = dict(kind='reply', prompt=h, text=s.strip(), done=done) if kind == 'reply' else dict(kind='prompt', text=(h + s).strip(), done=done)
                f.write(json.dumps(row, ensure_ascii=False) + '\n')
                rows += 1
            f.flush()
            print(f'batch {batch} ({kind}): {rows} rows, {rows / (time.time() - start):.1f} rows/s, {time.time() - start:.0f} s', flush=True)


if __name__ == '__main__':
    main()
