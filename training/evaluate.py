"""AUROC of a linear probe on every layer of a model, on labelled data that took no part in training.

    python evaluate.py --model MODEL_FOLDER --data DATA/curated --out results.json

The protocol is that of data/golden/make_golden.py: states pooled over the tokens, StandardScaler
fitted on the training folds, LogisticRegression(C=1), StratifiedKFold(5, shuffle, seed 0), decision
values of the held-out folds pooled, one AUROC over all rows. "nested": in every outer fold the layer
is chosen by the same procedure inside the training rows, so the choice never sees the rows that are
scored. Sets with a `pair` column keep pairs in one fold.
"""
import argparse
import json
import os
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings('ignore')
LENGTH = 256


def onnx_states(folder, threads):
    """The residual stream: what every block's first norm reads, and what the last norm reads."""
    import onnx
    import onnxruntime as ort
    from tokenizers import Tokenizer
    tok = Tokenizer.from_file(os.path.join(folder, 'tokenizer.json'))
    model = onnx.load(os.path.join(folder, 'onnx', 'model.onnx'))
    reads = {n.name.rsplit('/', 1)[0]: n.input[0] for n in model.graph.node if n.op_type == 'Pow'}
    layers = sum('/input_layernorm' in n for n in reads)
    names = [reads[f'/model/layers.{i}/input_layernorm'] for i in range(layers)] + [reads['/model/norm']]
    for n in names:
        model.graph.output.append(onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None))
    opt = ort.SessionOptions()
    opt.intra_op_num_threads = threads
    session = ort.InferenceSession(model.SerializeToString(), opt, providers=['CPUExecutionProvider'])

    def states(text):
        ids = tok.encode(text).ids[:LENGTH]
        feed = dict(input_ids=np.array([ids], dtype=np.int64), attention_mask=np.ones((1, len(ids)), dtype=np.int64))
        return np.stack([h[0] for h in session.run(names, feed)])
    return states


def transformers_states(folder, threads):
    import torch
    from transformers import AutoModel, AutoTokenizer
    torch.set_num_threads(threads)
    tok, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder, dtype=torch.float32).eval()

    def states(text):
        with torch.inference_mode():
            out = model(input_ids=torch.tensor([tok(text).input_ids[:LENGTH]]), output_hidden_states=True)
        return np.stack([h[0].numpy() for h in out.hidden_states])
    return states


def probe(x, y, fit, test):
    m = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=5000, tol=1e-6)).fit(x[fit], y[fit])
    return m.decision_function(x[test])


def folds(y, groups):
    if groups is None:
        return list(StratifiedKFold(5, shuffle=True, random_state=0).split(y, y))
    return list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(y, y, groups))


def layer_scores(X, y, groups):
    cv = folds(y, groups)
    out = np.zeros((len(X), len(y)))
    for layer, x in enumerate(X):
        for fit, test in cv:
            out[layer, test] = probe(x, y, fit, test)
    return out


def evaluate(X, y, groups, nested=True):
    outer = layer_scores(X, y, groups)
    layers = [float(roc_auc_score(y, s)) for s in outer]
    if not nested:
        return dict(layers=layers)
    score, chosen = np.zeros(len(y)), []
    for fit, test in folds(y, groups):
        inner = layer_scores([x[fit] for x in X], y[fit], None if groups is None else groups[fit])
        best = int(np.argmax([roc_auc_score(y[fit], s) for s in inner]))
        chosen.append(best)
        score[test] = outer[best, test]
    return dict(layers=layers, nested=float(roc_auc_score(y, score)), chosen=chosen)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--model', required=True, help='folder with tokenizer.json and onnx/model.onnx, or a transformers folder with --transformers')
    ap.add_argument('--transformers', action='store_true')
    ap.add_argument('--data', required=True)
    ap.add_argument('--sets', default='audit-small,audit-matched,litmus-like,concept-emotion')
    ap.add_argument('--poolings', default='mean-skip-first,mean')
    ap.add_argument('--nested', default='audit-small', help='sets for which the layer is also chosen by inner folds')
    ap.add_argument('--name', default='model')
    ap.add_argument('--out', default='', help='JSON file; a result under another name in it is kept')
    ap.add_argument('--threads', type=int, default=2)
    a = ap.parse_args()
    states = (transformers_states if a.transformers else onnx_states)(a.model, a.threads)
    result = {}
    for name in a.sets.split(','):
        with open(os.path.join(a.data, name + '.jsonl'), encoding='utf-8') as f:
            rows = [json.loads(line) for line in f]
        label = np.array([r.get('label') or r.get('safety_label') for r in rows])
        y = (label == sorted(set(label))[-1]).astype(int)  # alphabetical: unsafe after safe, sadness after happiness
        groups = np.array([r['pair'] for r in rows]) if 'pair' in rows[0] else None
        H = [states(r.get('text') or r.get('input')) for r in rows]
        for pooling in a.poolings.split(','):
            skip = pooling == 'mean-skip-first'
            X = np.stack([h[:, 1 if skip and h.shape[1] > 1 else 0:].mean(1) for h in H], 1).astype(np.float64)
            r = evaluate(X, y, groups, name in a.nested.split(','))
            result[f'{name} {pooling}'] = r
            print(f'{name} {pooling}:', ' '.join(f'{v:.3f}' for v in r['layers']), f"nested {r['nested']:.3f} (layers {r['chosen']})" if 'nested' in r else '', flush=True)
    if a.out:
        old = {}
        if os.path.exists(a.out):
            with open(a.out, encoding='utf-8') as f:
                old = json.load(f)
        old[a.name] = result
        with open(a.out, 'w', encoding='utf-8') as f:
            json.dump(old, f, indent=1)
            f.write('\n')


if __name__ == '__main__':
    main()
